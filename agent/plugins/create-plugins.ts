import type { Runs } from '../runs/runs.ts';
import { PluginAdmin } from './admin.ts';
import { Plugins } from './plugins.ts';
import type { PluginsOptions } from './plugins-options.ts';
import { EventService } from './services/event-service.ts';
import { HttpService } from './services/http-service.ts';
import { KvService } from './services/kv-service.ts';
import { PluginKv } from './services/kv-store.ts';
import { RunService } from './services/run-service.ts';
import { Units } from './units.ts';

/** The plugins with everything that answers them. */
export interface PluginServices {
  readonly plugins: Plugins;
  readonly pluginAdmin: PluginAdmin;
  readonly pluginHttp: HttpService;
  readonly pluginKv: PluginKv;
  readonly pluginEvents: EventService;
  /** Stops all of them. */
  closePlugins(): Promise<void>;
}

/** Puts the plugins' parts together; nothing runs until `plugins.start()`. */
export function createPlugins({ runs, ...rest }: Omit<PluginsOptions, 'kv'> & { runs: Runs }): PluginServices {
  const pluginKv = new PluginKv(rest.db);
  const options = { ...rest, kv: pluginKv };
  const units = new Units(options);
  const plugins = new Plugins(options, units);
  const pluginHttp = new HttpService();
  const pluginEvents = new EventService();
  const runService = new RunService(runs);
  for (const service of [new KvService(pluginKv), pluginHttp, pluginEvents, runService]) plugins.serve(service);
  return {
    plugins,
    pluginAdmin: new PluginAdmin(options, units),
    pluginHttp,
    pluginKv,
    pluginEvents,
    closePlugins: async () => {
      await plugins.close();
      runService.close();
    },
  };
}
