import type { Connection } from './agent-connection.ts';
import type { Calls, RunHandle } from './calls.ts';
import type { Kv } from './kv.ts';
import { kvOf } from './kv.ts';
import type { Log } from './log.ts';
import { logOf } from './log.ts';
import type { Asker, FromPlugin, Init, Json, RunStart, Settings } from './protocol.ts';

/** What a plugin has to work with, from `init` to its end. */
export interface Context {
  /** The plugin's id. */
  readonly id: string;
  /** This Toru's lasting identity. */
  readonly instanceId: string;
  /** As they are now: read them again instead of keeping them. */
  readonly settings: Settings;
  readonly kv: Kv;
  readonly log: Log;
  /** Aborts when the plugin is to end: for timers and loops. */
  readonly signal: AbortSignal;
  /** To everybody who has this plugin's page or card open. At most 64 KiB. */
  publish(name: string, data?: Json): void;
  /**
   * Starts one of the quick actions that the manifest's `capabilities.run` names. Resolves when it is started.
   * @throws HostError `forbidden`, `not_found`, `busy`
   */
  run(action: string, inputs?: NonNullable<RunStart['inputs']>): Promise<RunHandle>;
}

/** The context during one request. */
export interface Call<P = Record<string, string>> extends Context {
  /** Who asks, as Toru knows them. */
  readonly user: Asker;
  /** The path's `:names`, decoded. */
  readonly params: P;
}

export function contextOf(
  init: Init,
  options: { calls: Calls; connection: Connection<FromPlugin>; signal: AbortSignal; settings(): Settings },
): Context {
  const { calls, connection, signal } = options;
  return {
    id: init.plugin,
    instanceId: init.instance_id,
    get settings() {
      return options.settings();
    },
    kv: kvOf(calls),
    log: logOf(connection),
    signal,
    publish: (name, data = null) => connection.send({ type: 'event', request_id: 'event', payload: { action: 'publish', name, data } }),
    run: (action, inputs) => calls.run({ action: 'start', run: action, ...(inputs === undefined ? {} : { inputs }) }),
  };
}
