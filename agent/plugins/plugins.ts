import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { PluginDetails, PluginLogLine, PluginManifest, PluginSummary } from '../../shared/plugins.ts';
import type { PluginSettingsPatch } from '../../shared/plugins-api.ts';
import type { Caller } from '../users/caller.ts';
import { authorize } from '../users/permissions.ts';
import { mayAsk, sees } from './access.ts';
import type { Unit } from './catalog.ts';
import { detailsOf, stateOf, summaryForClient, summaryOf } from './catalog.ts';
import { LogService } from './log-service.ts';
import type { PluginsOptions } from './needs.ts';
import type { PluginPeer } from './peer.ts';
import type { AnyService } from './services.ts';
import { changedSettings, secretValues, settingsFor } from './setting-values.ts';
import { Units } from './units.ts';
import { watchFolder } from './watch.ts';

/** Of a plugin's history in its details. */
const SHOWN_EVENTS = 50;

const STARTED_AT_ONCE = 4;

type Listener = (plugin: PluginSummary) => void;

/** The plugins of this host: found, accepted, kept running, and reached. */
export class Plugins {
  readonly #o: PluginsOptions;
  readonly #units: Units;
  readonly #listeners = new Set<Listener>();
  /** What is done to one plugin is done in turn. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #stopWatching: () => void = () => undefined;
  #started: Promise<void> | null = null;
  #closed = false;

  constructor(options: PluginsOptions) {
    this.#o = options;
    this.#units = new Units(options, (id) => this.#changed(id));
    this.serve(new LogService((plugin) => this.#units.journal.logOf(plugin)));
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
    await this.#units.endOrphans();
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
    await Promise.all([...this.#turns.values()].map((turn) => turn.catch(() => undefined)));
    await Promise.all(this.#units.all().map(({ supervised }) => supervised.stop('agent_stopping')));
    this.#listeners.clear();
    this.#units.close();
  }

  /** Admins see all of them, others those that are there for everyone. */
  list(caller: Caller): PluginSummary[] {
    const units = this.#units.all();
    if (caller.role === 'admin') return units.map(summaryOf);
    return units.filter((unit) => unit.row.enabled && isVisible(caller, unit)).map(summaryForClient);
  }

  /** @throws ToruError unknown_plugin, also for one that the caller may not use. */
  view(caller: Caller, id: string): PluginSummary | PluginDetails {
    const unit = this.#visible(caller, id);
    return caller.role === 'admin' ? this.#details(unit) : summaryForClient(unit);
  }

  /** What was accepted of it, whatever its state. @throws ToruError unknown_plugin. */
  manifestFor(caller: Caller, id: string): PluginManifest {
    const { manifest } = this.#visible(caller, id).row;
    if (manifest === null) throw unknownPlugin();
    return manifest;
  }

  /** Calls back with a plugin after each change that can be seen. @returns stops it. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Starts it, now and with every agent, until it is disabled.
   * @param accepted.sha256 of the files that the admin looked at: needed where they are new or changed.
   * @returns when it is up, has failed once, or is taking its time.
   * @throws ToruError unknown_plugin, plugin_invalid, plugin_changed with `extra.sha256`, forbidden, reauth_required.
   */
  enable(caller: Caller, id: string, { sha256 }: { sha256?: string | undefined }): Promise<PluginDetails> {
    return this.#inTurn(id, async () => {
      authorize(caller, 'plugin.manage');
      const accepting = sha256 !== undefined && this.#mayAccept(caller, id, sha256) ? sha256 : null;
      const inspected = await this.#units.look(id, accepting);
      const { row, supervised } = this.#unit(id);
      if (inspected === null) throw new ToruError('plugin_invalid', 'Its files are gone. Install it again.');
      if (inspected.problem !== null || inspected.sha256 === null)
        throw new ToruError('plugin_invalid', inspected.problem ?? 'It can’t be read.');
      if (inspected.sha256 !== row.accepted_sha256) {
        if (inspected.sha256 !== sha256) throw mustAccept(inspected.sha256, sha256);
        if (inspected.manifest === null) throw new ToruError('plugin_invalid', 'It does not say what it is.');
        await supervised.stop('restart');
        const { manifest, bundle_sha256 } = inspected;
        this.#units.registry.set(id, { accepted_sha256: sha256, manifest, bundle_sha256 });
        this.#units.journal.note(id, 'accepted', `${caller.username} accepted its files.`, { sha256, version: manifest.version });
        this.#audit(caller, 'plugin.accept', id, { sha256, version: manifest.version });
      }
      this.#units.registry.set(id, { enabled: true, failed: null });
      if (!row.enabled) {
        this.#units.journal.note(id, 'enabled', `${caller.username} enabled it.`);
        this.#audit(caller, 'plugin.enable', id);
      }
      supervised.start();
      await this.#settled(id);
      return this.#details(this.#unit(id));
    });
  }

  /** Stops it, and does not start it again. @throws ToruError unknown_plugin, forbidden. */
  disable(caller: Caller, id: string): Promise<PluginDetails> {
    return this.#inTurn(id, async () => {
      authorize(caller, 'plugin.manage');
      const { row, supervised } = this.#unit(id);
      this.#units.registry.set(id, { enabled: false, failed: null });
      if (row.enabled || row.failed !== null) {
        this.#units.journal.note(id, 'disabled', `${caller.username} disabled it.`);
        this.#audit(caller, 'plugin.disable', id);
      }
      await supervised.stop('disabled');
      this.#changed(id);
      return this.#details(this.#unit(id));
    });
  }

  /** Changes what the patch names; a running plugin is told. @throws ToruError input_invalid, input_undeclared, unknown_plugin. */
  updateSettings(caller: Caller, id: string, patch: PluginSettingsPatch): Promise<PluginDetails> {
    return this.#inTurn(id, async () => {
      authorize(caller, 'plugin.manage');
      const { row, inspected, supervised } = this.#unit(id);
      const manifest = row.manifest ?? inspected?.manifest;
      if (manifest == null) throw new ToruError('plugin_invalid', 'It does not say which settings it has. Enable it first.');
      const settings = changedSettings(manifest, row.settings, patch);
      this.#units.registry.set(id, { settings });
      this.#audit(caller, 'plugin.settings', id, { changed: Object.keys(patch) });
      supervised.settings(settingsFor(manifest, settings), secretValues(manifest, settings));
      // It may have waited for just this.
      if (row.enabled && supervised.phase === 'idle') supervised.start();
      this.#changed(id);
      return this.#details(this.#unit(id));
    });
  }

  /** Looks at the folder of plugins, and starts what is enabled and could not be started before. @returns when it has looked. */
  async rescan(): Promise<void> {
    await this.#units.scan();
    if (this.#closed) return;
    const ready = this.#units.all().filter((unit) => unit.row.enabled && stateOf(unit).state === 'disabled');
    void this.#startInTurn(ready.map(({ row }) => row.id));
  }

  /**
   * Stops it and removes its files.
   * @param options.data what becomes of its storage, settings, history and log. @throws ToruError unknown_plugin, forbidden, reauth_required.
   */
  uninstall(caller: Caller, id: string, { data }: { data: 'keep' | 'remove' }): Promise<void> {
    return this.#inTurn(id, async () => {
      authorize(caller, 'plugin.accept');
      const { row, supervised } = this.#unit(id);
      this.#units.registry.set(id, { enabled: false, failed: null });
      await supervised.stop('uninstalled');
      await this.#units.removeFiles(id);
      this.#audit(caller, 'plugin.uninstall', id, { data, version: row.manifest?.version ?? null });
      if (data === 'keep') {
        this.#units.journal.note(id, 'uninstalled', `${caller.username} uninstalled it. What it keeps is still there.`);
        return;
      }
      this.#o.kv.removeAll(id);
      this.#units.forget(id);
    });
  }

  /** The page's JavaScript, as it was accepted. @throws ToruError unknown_plugin, not_found, plugin_down, plugin_changed. */
  async bundle(caller: Caller, id: string): Promise<{ bytes: Uint8Array<ArrayBuffer>; etag: string }> {
    const { row, inspected } = this.#visible(caller, id);
    if (!row.enabled) throw new ToruError('plugin_down', 'This plugin is disabled. An admin can enable it.');
    const { page } = row.manifest ?? {};
    if (page === undefined || row.bundle_sha256 === null) throw new ToruError('not_found', 'This plugin has no page.');
    const bytes = inspected === null ? null : await readFile(join(inspected.folder, page.bundle)).catch(() => null);
    if (bytes === null || createHash('sha256').update(bytes).digest('hex') !== row.bundle_sha256)
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
    if (peer === null) throw down(caller, unit, manifest.name);
    return peer;
  }

  /** The last lines of its log, oldest first. @throws ToruError unknown_plugin, forbidden. */
  readLog(caller: Caller, id: string, query: { limit: number; before?: string | undefined }): Promise<PluginLogLine[]> {
    authorize(caller, 'plugin.manage');
    return this.#units.journal.logOf(this.#unit(id).row.id).read(query);
  }

  /** Every line of its log from now on. @returns stops it. @throws ToruError unknown_plugin. */
  followLog(id: string, listener: (line: PluginLogLine) => void): () => void {
    const log = this.#units.journal.logOf(this.#unit(id).row.id);
    return log.onLine((line) => {
      try {
        listener(line);
      } catch (error) {
        this.#o.log.error({ err: error, plugin: id }, 'somebody who follows the log of a plugin failed');
      }
    });
  }

  #mayAccept(caller: Caller, id: string, sha256: string): boolean {
    if (this.#units.get(id)?.row.accepted_sha256 === sha256) return false;
    authorize(caller, 'plugin.accept');
    return true;
  }

  #details(unit: Unit): PluginDetails {
    const { id } = unit.row;
    return detailsOf(unit, this.#o.kv.usage(id), this.#units.journal.events.list(id, SHOWN_EVENTS));
  }

  /** @throws ToruError unknown_plugin. */
  #unit(id: string): Unit {
    const unit = this.#units.get(id);
    if (unit === null) throw unknownPlugin();
    return unit;
  }

  #visible(caller: Caller, id: string): Unit {
    const unit = this.#unit(id);
    if (!isVisible(caller, unit)) throw unknownPlugin();
    return unit;
  }

  #changed(id: string): void {
    const unit = this.#units.get(id);
    if (unit === null || this.#listeners.size === 0) return;
    const summary = summaryOf(unit);
    for (const listener of [...this.#listeners]) {
      try {
        listener(summary);
      } catch (error) {
        this.#o.log.error({ err: error, plugin: id }, 'somebody who follows the plugins failed');
      }
    }
  }

  /** A few at a time: twenty that begin at once would take longer than any of them may. */
  async #startInTurn(ids: string[]): Promise<void> {
    const worker = async (): Promise<void> => {
      for (let id = ids.shift(); id !== undefined; id = ids.shift()) {
        const unit = this.#units.get(id);
        if (this.#closed || unit === null || !unit.row.enabled) continue;
        unit.supervised.start();
        await this.#settled(id);
      }
    };
    await Promise.all(Array.from({ length: STARTED_AT_ONCE }, worker));
  }

  /** Until it is no longer just starting, or for a moment. */
  async #settled(id: string): Promise<void> {
    const until = performance.now() + this.#units.timing.settleMs;
    const starting = (): boolean => this.#units.get(id)?.supervised.phase === 'starting';
    while (starting() && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(work, work);
    this.#turns.set(id, turn);
    const done = (): void => void (this.#turns.get(id) === turn && this.#turns.delete(id));
    turn.then(done, done);
    return turn;
  }

  #audit(caller: Caller, event: string, target: string, detail: Record<string, unknown> = {}): void {
    this.#o.audit.record({ event, caller, target, outcome: 'ok', detail });
  }
}

function isVisible(caller: Caller, { row }: Unit): boolean {
  return caller.role === 'admin' || (row.manifest !== null && sees(caller, row.manifest));
}

function unknownPlugin(): ToruError {
  return new ToruError('unknown_plugin', 'There is no such plugin.');
}

function mustAccept(sha256: string, given: string | undefined): ToruError {
  const why = given === undefined ? 'Its files are new, or were changed.' : 'Its files were changed since you looked at them.';
  return new ToruError('plugin_changed', `${why} Look at them, and enable it with their sha256 to accept them.`, { extra: { sha256 } });
}

function down(caller: Caller, unit: Unit, name: string): ToruError {
  if (caller.role !== 'admin') return new ToruError('plugin_down', `${name} does not run now. An admin can see why.`);
  const { state, problem } = stateOf(unit);
  const next = state === 'starting' || state === 'waiting' ? 'Try again in a moment.' : 'See Plugins.';
  return new ToruError('plugin_down', `${name} does not run (${state}). ${problem ?? ''} ${next}`.replace('  ', ' '), { extra: { state } });
}
