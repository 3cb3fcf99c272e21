import type { PluginDetails } from '../../shared/plugins.ts';
import type { AuditRecord } from '../audit/audit.ts';
import type { Log } from '../logger.ts';
import type { Database } from '../store/database.ts';
import type { PluginTiming } from './launch/timing.ts';

/** What the plugins need of the rest of the agent. */
export interface PluginsOptions {
  db: Database;
  /** TORU_HOME: plugins are in `plugins/`, their sockets in `run/plugins/`. */
  home: string;
  /** Gets `plugins/<id>.log` and `plugin-supervisor.log`. */
  logs_dir: string;
  settings: { readonly instance_id: string };
  /** What plugins keep. */
  kv: { usage(plugin: string): PluginDetails['kv']; removeAll(plugin: string): void };
  audit: { record(record: AuditRecord): void };
  log: Log;
  /** The agent's own environment, out of which plugins get what they declare. */
  environment?: Readonly<Record<string, string | undefined>>;
  timing?: Partial<PluginTiming>;
  /** False: no cgroups, even where the host gives them. */
  cgroups?: boolean;
}
