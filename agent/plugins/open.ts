import type { Runs } from '../runs/runs.ts';
import { Plugins } from './plugins.ts';
import type { PluginsOptions } from './plugins-options.ts';
import { EventService } from './services/event-service.ts';
import { HttpService } from './services/http-service.ts';
import { KvService } from './services/kv-service.ts';
import { PluginKv } from './services/kv-store.ts';
import { RunService } from './services/run-service.ts';

/** The plugins with everything that answers them. */
export interface OpenPlugins {
  readonly plugins: Plugins;
  readonly pluginHttp: HttpService;
  readonly pluginKv: PluginKv;
  readonly pluginEvents: EventService;
  /** Stops all of them. */
  closePlugins(): Promise<void>;
}

/** Puts the plugins' parts together; nothing runs until `plugins.start()`. */
export function openPlugins({ runs, ...options }: Omit<PluginsOptions, 'kv'> & { runs: Runs }): OpenPlugins {
  const pluginKv = new PluginKv(options.db);
  const plugins = new Plugins({ ...options, kv: pluginKv });
  const pluginHttp = new HttpService();
  const pluginEvents = new EventService();
  const pressing = new RunService(runs);
  for (const service of [new KvService(pluginKv), pluginHttp, pluginEvents, pressing]) plugins.serve(service);
  return {
    plugins,
    pluginHttp,
    pluginKv,
    pluginEvents,
    closePlugins: async () => {
      await plugins.close();
      pressing.close();
    },
  };
}
