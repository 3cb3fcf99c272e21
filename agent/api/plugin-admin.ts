import type { PluginDetails } from '../../shared/plugins.ts';
import { pluginInstall, pluginParams, pluginSettingsPatch, pluginUninstallQuery } from '../../shared/plugins-api.ts';
import { exported } from '../plugins/services/kv-export.ts';
import type { Services } from '../services.ts';
import { router } from './env.ts';
import { linesResponse } from './lines.ts';
import { body, params, query } from './validate.ts';

/** What an admin does with plugins beyond on and off. It has paths of its own: those below /api/plugins/:id are the plugin's. */
export function pluginAdminApi({ plugins, pluginKv, log }: Services) {
  return router()
    .post('/rescan', async (c) => {
      await plugins.rescan();
      return c.body(null, 204);
    })
    .post('/install', body(pluginInstall), async (c) =>
      c.json<PluginDetails>(await plugins.install(c.env.caller, c.req.valid('json').path)),
    )
    .delete('/:id', params(pluginParams), query(pluginUninstallQuery), async (c) => {
      await plugins.uninstall(c.env.caller, c.req.valid('param').id, c.req.valid('query'));
      return c.body(null, 204);
    })
    .put('/:id/settings', params(pluginParams), body(pluginSettingsPatch), async (c) =>
      c.json<PluginDetails>(await plugins.updateSettings(c.env.caller, c.req.valid('param').id, c.req.valid('json'))),
    )
    .get('/:id/kv', params(pluginParams), (c) => {
      const { id } = c.req.valid('param');
      plugins.view(c.env.caller, id);
      return linesResponse((signal) => exported(pluginKv, id, signal), c.req.raw.signal, log);
    });
}
