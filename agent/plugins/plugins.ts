import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { PluginDetails, PluginLogLine, PluginManifest, PluginSummary } from '../../shared/plugins.ts';
import { PLUGIN_MAX_BUNDLE } from '../../shared/plugins.ts';
import type { Caller } from '../users/caller.ts';
import { admin, authorize } from '../users/permissions.ts';
import { mayAsk, sees } from './access.ts';
import { stateOf, summaryForClient, summaryOf } from './catalog.ts';
import { watchFolder } from './installed/plugins-folder.ts';
import { readKnown } from './installed/tree.ts';
import type { PluginsOptions } from './plugins-options.ts';
import type { AnyService, PluginPeer } from './protocol/peer.ts';
import type { Unit, Units } from './units.ts';
import { unknownPlugin } from './units.ts';

const STARTED_AT_ONCE = 4;

/** The plugins of this host: found, accepted, kept running, and reached. */
export class Plugins {
  readonly #o: Pick<PluginsOptions, 'log'>;
  readonly #units: Units;
  #stopWatching: () => void = () => undefined;
  #started: Promise<void> | null = null;
  #closed = false;

  constructor(options: Pick<PluginsOptions, 'log'>, units: Units) {
    this.#o = options;
    this.#units = units;
    this.serve({
      type: 'log',
      receive: ({ manifest: { id } }, { payload: { action: _, ...line } }) =>
        units.journal.logOf(id).write({ ...line, plugin: id, source: 'log' }),
    });
  }

  /** Says who answers the plugins' messages of one type. */
  serve(service: AnyService): void {
    this.#units.services.add(service);
  }

  /** Ends what a killed agent left, finds what there is, starts what is enabled. @returns when all of them are on their way. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async #start(): Promise<void> {
    await this.#units.cleanUp();
    await this.rescan();
    if (this.#closed) return;
    const rescan = (): void =>
      void this.rescan().catch((error: unknown) => this.#o.log.error({ err: error }, 'the plugins could not be looked at'));
    this.#stopWatching = watchFolder(this.#units.folder, this.#units.timing.watchMs, rescan, this.#o.log);
  }

  /** Stops all of them, each with its grace. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#units.rest();
    await this.#started?.catch(() => undefined);
    this.#stopWatching();
    await this.#units.acts.settled();
    await Promise.all(this.#units.all().map(({ supervised }) => supervised.stop('agent_stopping')));
    this.#units.close();
  }

  /** Admins see all of them, others those that are there for everyone. */
  list(caller: Caller): PluginSummary[] {
    const units = this.#units.all();
    if (caller.role === 'admin') return units.map(summaryOf);
    return units.filter((unit) => unit.row.enabled && isVisible(caller, unit)).map(summaryForClient);
  }

  /** The ids of those that show a card on the caller's home: also one that was given up, whose card says so. */
  withCards(caller: Caller): string[] {
    return this.list(caller).flatMap(({ id, enabled, state, page }) =>
      (enabled || state === 'failed') && page?.slots.includes('card') === true ? [id] : [],
    );
  }

  /** @throws ToruError unknown_plugin, also for one that the caller may not use. */
  view(caller: Caller, id: string): PluginSummary | PluginDetails {
    const unit = this.#visible(caller, id);
    return caller.role === 'admin' ? this.#units.details(id) : summaryForClient(unit);
  }

  /** What was accepted of it, while it is enabled, also when it does not run. @throws ToruError unknown_plugin, plugin_down. */
  manifestFor(caller: Caller, id: string): PluginManifest {
    const { manifest } = this.#enabled(caller, id).row;
    if (manifest === null) throw unknownPlugin();
    return manifest;
  }

  /** May clients have what it tells its pages, as it was accepted? */
  isForEveryone(id: string): boolean {
    return this.#units.get(id)?.row.manifest?.access === 'everyone';
  }

  /** Is it enabled, and does what was accepted of it name this quick action? */
  mayStart(id: string, action: string): boolean {
    const row = this.#units.get(id)?.row;
    return row?.enabled === true && row.manifest !== null && row.manifest.capabilities.run.includes(action);
  }

  /** Calls back with a plugin after each change that can be seen. @returns stops it. */
  onChange(listener: (plugin: PluginSummary) => void): () => void {
    return this.#units.onChange((id) => {
      const unit = this.#units.get(id);
      if (unit !== null) listener(summaryOf(unit));
    });
  }

  /** Looks at the folder of plugins, and starts what is enabled and could not be started before. @returns when it has looked. */
  async rescan(): Promise<void> {
    await this.#units.found.scan();
    if (this.#closed) return;
    const ready = this.#units.all().filter((unit) => unit.row.enabled && stateOf(unit).state === 'disabled');
    void this.#startInTurn(ready.map(({ row }) => row.id));
  }

  /** The page's JavaScript, as it was accepted. @throws ToruError unknown_plugin, not_found, plugin_down, plugin_changed. */
  async bundle(caller: Caller, id: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }> {
    const { row, inspected } = this.#enabled(caller, id);
    const { page } = row.manifest ?? {};
    if (page === undefined || row.bundle_sha256 === null) throw new ToruError('not_found', 'This plugin has no page.');
    const path = inspected === null ? null : join(inspected.folder, page.bundle);
    const bytes = path === null ? null : await readKnown(path, row.bundle_sha256, PLUGIN_MAX_BUNDLE).catch(() => null);
    if (bytes === null)
      throw new ToruError('plugin_changed', 'The page of this plugin is not the one that was accepted. An admin can accept it.');
    return { bytes: new Uint8Array(bytes), etag: `"${row.bundle_sha256.slice(0, 16)}"` };
  }

  /**
   * The running plugin, for one request.
   * @param path below its prefix, encoded as it came. @throws ToruError unknown_plugin, forbidden, plugin_down with the reason.
   */
  peer(caller: Caller, id: string, method: string, path: string): PluginPeer {
    const unit = this.#units.get(id);
    const manifest = unit?.row.manifest ?? null;
    if (unit === null || manifest === null) throw unknownPlugin();
    if (!mayAsk(caller, manifest, method, path)) {
      throw sees(caller, manifest) ? new ToruError('forbidden', 'Your user may not do this. An admin of this host can.') : unknownPlugin();
    }
    const { peer } = unit.supervised;
    if (peer === null) throw down(unit, manifest.name);
    return peer;
  }

  /** The last lines of its log, oldest first. @throws ToruError unknown_plugin, forbidden. */
  readLog(caller: Caller, id: string, query: { limit: number; before?: string | undefined }): Promise<PluginLogLine[]> {
    authorize(caller, admin);
    return this.#units.journal.logOf(this.#units.known(id).row.id).read(query);
  }

  /** Every line of its log from now on. @returns stops it. @throws ToruError unknown_plugin. */
  followLog(id: string, listener: (line: PluginLogLine) => void): () => void {
    const log = this.#units.journal.logOf(this.#units.known(id).row.id);
    return log.onLine((line) => {
      try {
        listener(line);
      } catch (error) {
        this.#o.log.error({ err: error, plugin: id }, 'somebody who follows the log of a plugin failed');
      }
    });
  }

  #visible(caller: Caller, id: string): Unit {
    const unit = this.#units.known(id);
    if (!isVisible(caller, unit)) throw unknownPlugin();
    return unit;
  }

  #enabled(caller: Caller, id: string): Unit {
    const unit = this.#visible(caller, id);
    if (!unit.row.enabled) throw new ToruError('plugin_down', 'This plugin is disabled. An admin can enable it.');
    return unit;
  }

  /** A few at a time: twenty that begin at once would take longer than any of them may. */
  async #startInTurn(ids: string[]): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        const unit = this.#units.get(id);
        // Its turn may come long after it was looked at: an admin may be at it, or have been.
        if (this.#closed || unit === null || !unit.row.enabled || unit.status.phase !== 'idle') continue;
        unit.supervised.start();
        await unit.supervised.settled(this.#units.timing.settleMs);
      }
    };
    await Promise.all(Array.from({ length: STARTED_AT_ONCE }, worker));
  }
}

function isVisible(caller: Caller, { row }: Unit): boolean {
  return caller.role === 'admin' || (row.manifest !== null && sees(caller, row.manifest));
}

function down(unit: Unit, name: string): ToruError {
  const { state, problem } = stateOf(unit);
  const next = state === 'starting' || state === 'waiting' ? 'Try again in a moment.' : 'See Plugins.';
  return new ToruError('plugin_down', `${name} does not run (${state}). ${problem ?? ''} ${next}`.replace('  ', ' '), { extra: { state } });
}
