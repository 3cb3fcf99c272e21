import type { Services } from '../services.ts';
import { actionsApi } from './actions.ts';
import { auditApi } from './audit.ts';
import { router } from './env.ts';
import { failed, guard, inTime, noRoute, plainPath } from './guard.ts';
import { keyApi } from './key.ts';
import { loginLinksApi } from './login-links.ts';
import { pluginAdminApi } from './plugin-admin.ts';
import { pluginKvApi } from './plugin-kv.ts';
import { pluginsApi } from './plugins.ts';
import { runsApi } from './runs.ts';
import { scriptsApi } from './scripts.ts';
import { searchApi } from './search.ts';
import { settingsApi } from './settings.ts';
import { systemApi } from './system.ts';
import { usersApi } from './users.ts';
import { jsonUnlessPlugin } from './validate.ts';

/**
 * The host's HTTP API, defined once and reached through three transports: the edge's tunnel, the local socket, and in process.
 * The transport says who asks: `app.fetch(request, { caller })`.
 */
export function createApi(services: Services) {
  const api = router()
    .use(plainPath)
    .use(guard)
    .use(jsonUnlessPlugin)
    .use(inTime)
    .route('/api/scripts', scriptsApi(services))
    .route('/api/actions', actionsApi(services))
    .route('/api/runs', runsApi(services))
    .route('/api/search', searchApi(services))
    .route('/api/system', systemApi(services))
    .route('/api/settings', settingsApi(services))
    .route('/api/users', usersApi(services))
    .route('/api/login-links', loginLinksApi(services))
    .route('/api/key', keyApi(services))
    .route('/api/audit', auditApi(services))
    .route('/api/plugins', pluginsApi(services))
    .route('/api/plugin-admin', pluginAdminApi(services))
    .route('/api/plugin-kv', pluginKvApi(services));
  api.onError(failed(services));
  api.notFound(noRoute);
  return api;
}

/** For `hc<Api>`: every route with its body, query and answer. */
export type Api = ReturnType<typeof createApi>;
