import { actionsApi } from './actions.ts';
import { auditApi } from './audit.ts';
import { router } from './env.ts';
import { failed, guard, inTime, noRoute, plainPath } from './guard.ts';
import { keyApi } from './key.ts';
import { loginLinksApi } from './login-links.ts';
import { pluginAdminApi } from './plugin-admin.ts';
import { pluginKvApi } from './plugin-kv.ts';
import { pluginsApi } from './plugins.ts';
import type { Rooms } from './rooms.ts';
import { runsApi } from './runs.ts';
import { scriptsApi } from './scripts.ts';
import { searchApi } from './search.ts';
import { settingsApi } from './settings.ts';
import { systemApi } from './system.ts';
import { usersApi } from './users.ts';
import { jsonUnlessPlugin } from './validate.ts';

export type { Rooms } from './rooms.ts';

/**
 * The host's HTTP API, defined once and reached through three doors: the edge's tunnel, the local socket, and in process.
 * The door says who asks: `app.fetch(request, { caller })`.
 */
export function createApi(rooms: Rooms) {
  const api = router()
    .use(plainPath)
    .use(guard)
    .use(jsonUnlessPlugin)
    .use(inTime)
    .route('/api/scripts', scriptsApi(rooms))
    .route('/api/actions', actionsApi(rooms))
    .route('/api/runs', runsApi(rooms))
    .route('/api/search', searchApi(rooms))
    .route('/api/system', systemApi(rooms))
    .route('/api/settings', settingsApi(rooms))
    .route('/api/users', usersApi(rooms))
    .route('/api/login-links', loginLinksApi(rooms))
    .route('/api/key', keyApi(rooms))
    .route('/api/audit', auditApi(rooms))
    .route('/api/plugins', pluginsApi(rooms))
    .route('/api/plugin-admin', pluginAdminApi(rooms))
    .route('/api/plugin-kv', pluginKvApi(rooms));
  api.onError(failed(rooms));
  api.notFound(noRoute);
  return api;
}

/** For `hc<Api>`: every route with its body, query and answer. */
export type Api = ReturnType<typeof createApi>;
