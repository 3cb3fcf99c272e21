import { pluginInstall, pluginParams, pluginSettingsPatch, pluginUninstallQuery } from '../../../shared/plugin-schemas.ts';
import type { PluginDetails } from '../../../shared/plugins.ts';
import { linesResponse } from '../../http/json-lines.ts';
import { resource, router } from '../../http/router.ts';
import { body, params, query } from '../../http/validate.ts';
import type { Log } from '../../logger.ts';
import { admin, adminLately } from '../../users/permissions.ts';
import type { PluginAdmin } from '../admin.ts';
import type { Plugins } from '../plugins.ts';
import type { PluginKv } from '../services/kv-store.ts';

/** What an admin does with plugins beyond on and off. It has paths of its own: those below /api/plugins/:id are the plugin's. */
export const pluginAdminApi = resource(
  '/api/plugin-admin',
  {
    'POST /rescan': admin,
    'POST /install': adminLately,
    'DELETE /:id': adminLately,
    // For other values a password typed lately.
    'PUT /:id/settings': admin,
    'GET /:id/kv': admin,
  },
  ({ plugins, pluginAdmin, pluginKv, log }: { plugins: Plugins; pluginAdmin: PluginAdmin; pluginKv: PluginKv; log: Pick<Log, 'error'> }) =>
    router()
      .post('/rescan', async (c) => {
        await plugins.rescan();
        return c.body(null, 204);
      })
      .post('/install', body(pluginInstall), async (c) =>
        c.json<PluginDetails>(await pluginAdmin.install(c.env.caller, c.req.valid('json').path)),
      )
      .delete('/:id', params(pluginParams), query(pluginUninstallQuery), async (c) => {
        await pluginAdmin.uninstall(c.env.caller, c.req.valid('param').id, c.req.valid('query'));
        return c.body(null, 204);
      })
      .put('/:id/settings', params(pluginParams), body(pluginSettingsPatch), async (c) =>
        c.json<PluginDetails>(await pluginAdmin.updateSettings(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
      )
      .get('/:id/kv', params(pluginParams), (c) => {
        const { id } = c.req.valid('param');
        plugins.view(c.env.caller, id);
        return linesResponse((signal) => pluginKv.all(id, signal), c.req.raw.signal, log);
      }),
);
