import { mkdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import type { PluginDetails } from '../../shared/plugins.ts';
import { PLUGIN_KV_MAX_KEY, PLUGIN_KV_MAX_VALUE, PLUGIN_KV_QUOTA } from '../../shared/plugins.ts';
import { VERSION } from '../../shared/version.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import { bootId } from '../process/process-identity.ts';
import type { KnownPlugin } from './catalog.ts';
import { detailsOf } from './catalog.ts';
import type { Inspected } from './installed/inspect.ts';
import { inspect } from './installed/inspect.ts';
import { sweepIncoming } from './installed/install.ts';
import type { Asking } from './installed/manifest.ts';
import type { Entry } from './installed/plugins-folder.ts';
import { findEntries } from './installed/plugins-folder.ts';
import { Registry } from './installed/registry.ts';
import { missingSetting, secretValues, settingsFor } from './installed/setting-values.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { endOrphans } from './launch/launch-record.ts';
import { PluginJournal } from './launch/plugin-journal.ts';
import { Session } from './launch/plugin-session.ts';
import { Supervised } from './launch/supervised.ts';
import type { PluginTiming } from './launch/timing.ts';
import { PLUGIN_TIMING } from './launch/timing.ts';
import type { PluginsOptions } from './plugins-options.ts';
import { Services } from './protocol/peer.ts';

/** Of a plugin's history in its details. */
const SHOWN_EVENTS = 50;

/** What is known of a plugin, and who keeps it running. */
export interface Unit extends KnownPlugin {
  supervised: Supervised;
}

/** The plugins of this host, by id: what was found in their folder, what is known of them, and who keeps them running. */
export class Units {
  readonly folder: string;
  readonly registry: Registry;
  readonly journal: PluginJournal;
  readonly services = new Services();
  readonly timing: PluginTiming;
  /** What admins do, by plugin: one act after the other. */
  readonly acts = new KeyedMutex();
  readonly #o: PluginsOptions;
  readonly #asking: Asking;
  readonly #launches: string;
  readonly #boot = bootId();
  readonly #cgroups: Cgroups;
  readonly #listeners = new Set<(id: string) => void>();
  readonly #inspected = new Map<string, Inspected>();
  readonly #supervised = new Map<string, Supervised>();
  readonly #looks = new KeyedMutex();
  readonly #closing = new AbortController();
  #scan: Promise<void> | null = null;
  #scanAgain = false;
  /** The folder was read once. */
  #looked = false;

  constructor(options: PluginsOptions) {
    this.#o = options;
    this.folder = join(options.home, 'plugins');
    this.#launches = join(options.home, 'run', 'plugins');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.timing = { ...PLUGIN_TIMING, ...options.timing };
    this.registry = new Registry(options.db);
    this.journal = new PluginJournal(options.db, options.logs_dir, options.log);
    this.#asking = { path: (options.environment ?? process.env)['PATH'], timeoutMs: this.timing.metadataMs, signal: this.#closing.signal };
    // A base of their own: the runs clear up what is left in theirs.
    this.#cgroups = new Cgroups(options.cgroups === false ? null : makeCgroupBase(join(options.home, 'plugins')));
  }

  get(id: string): Unit | null {
    const row = this.registry.get(id);
    if (row === null) return null;
    const supervised = this.#supervisedOf(id);
    return { row, inspected: this.#inspected.get(id) ?? null, looked: this.#looked, status: supervised.status, supervised };
  }

  /** @throws ToruError unknown_plugin. */
  known(id: string): Unit {
    const unit = this.get(id);
    if (unit === null) throw unknownPlugin();
    return unit;
  }

  /** For an admin. @throws ToruError unknown_plugin. */
  details(id: string): PluginDetails {
    return detailsOf(this.known(id), this.#o.kv.usage(id), this.journal.events(id, SHOWN_EVENTS));
  }

  all(): Unit[] {
    return this.registry.all().flatMap(({ id }) => this.get(id) ?? []);
  }

  /** Calls back with a plugin's id after each change that can be seen of it. @returns stops it. */
  onChange(listener: (id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Says that something of a plugin can be seen to be different. */
  changed(id: string): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(id);
      } catch (error) {
        this.#o.log.error({ err: error, plugin: id }, 'somebody who follows the plugins failed');
      }
    }
  }

  /** Ends what a killed agent left running, and takes away what it had half installed. */
  async cleanUp(): Promise<void> {
    for (const id of await endOrphans(this.#launches, this.#boot, this.timing.termMs)) {
      this.journal.note(id, 'orphan_ended', 'It had outlived the agent that started it, and was ended.');
    }
    this.#cgroups.releaseOld(new Set());
    await sweepIncoming(this.folder);
  }

  /** Looks at the whole folder. Asked for while it is looking, it looks once more. */
  scan(): Promise<void> {
    if (this.#scan !== null) {
      this.#scanAgain = true;
      return this.#scan;
    }
    this.#scan = this.#scanAll().finally(() => {
      this.#scan = null;
    });
    return this.#scan;
  }

  /** Looks at one plugin. @param accepting the files that an admin is accepting now. @returns null when it is not there. */
  async look(id: string, accepting: string | null = null): Promise<Inspected | null> {
    const { byId } = await findEntries(this.folder);
    return this.#look(id, byId.get(id) ?? [], accepting);
  }

  /** Removes whatever stands for this id in the folder of plugins. */
  async removeFiles(id: string): Promise<void> {
    const { byId } = await findEntries(this.folder);
    for (const { path } of byId.get(id) ?? []) await rm(path, { recursive: true, force: true });
    await this.#look(id, [], null);
  }

  /** Forgets one that is gone. */
  forget(id: string): void {
    this.registry.remove(id);
    this.journal.forget(id);
    this.#inspected.delete(id);
    this.#supervised.delete(id);
    this.changed(id);
  }

  /** Looks at nothing any more, and starts nothing. @returns when it has stopped looking. */
  async rest(): Promise<void> {
    this.#closing.abort();
    await this.#scan?.catch(() => undefined);
  }

  close(): void {
    this.#listeners.clear();
    this.journal.close();
    this.#cgroups.close();
  }

  async #scanAll(): Promise<void> {
    do {
      this.#scanAgain = false;
      const { byId, misnamed } = await findEntries(this.folder);
      for (const name of misnamed) this.#o.log.warn({ name }, 'no plugin can have this name: small letters, digits and hyphens');
      for (const [id, entries] of byId) if (!this.#closing.signal.aborted) await this.#look(id, entries, null);
      for (const { id, accepted_sha256 } of this.registry.all()) {
        if (byId.has(id) || this.#closing.signal.aborted) continue;
        // Looked for once more: it may have been installed since the folder was read.
        const inspected = await this.look(id);
        if (inspected === null && accepted_sha256 === null) this.forget(id);
      }
    } while (this.#scanAgain && !this.#closing.signal.aborted);
    if (this.#looked || this.#closing.signal.aborted) return;
    this.#looked = true;
    // Of those that are there it was told as each was found.
    for (const { id } of this.registry.all()) if (!this.#inspected.has(id)) this.changed(id);
  }

  /** The folder's watcher and an admin may look at the same moment: the second sees what the first has found. */
  #look(id: string, entries: readonly Entry[], accepting: string | null): Promise<Inspected | null> {
    return this.#looks.run(id, () => this.#lookNow(id, entries, accepting));
  }

  async #lookNow(id: string, entries: readonly Entry[], accepting: string | null): Promise<Inspected | null> {
    const before = this.#inspected.get(id) ?? null;
    const row = this.registry.get(id);
    if (entries.length === 0) {
      this.#inspected.delete(id);
      if (row !== null && before !== null) this.journal.note(id, 'missing', 'Its files are gone.');
      if (before !== null) this.changed(id);
      return null;
    }
    const inspected = await inspect(entries, row, this.#asking, before, accepting);
    if (this.#closing.signal.aborted) return inspected;
    this.#inspected.set(id, inspected);
    const { sha256, manifest, problem, asked: request } = inspected;
    if (row === null || request) this.registry.set(id, request ? { seen_sha256: sha256, seen_manifest: manifest } : {});
    if (row === null) {
      this.journal.note(id, 'found', problem === null ? 'It is new here.' : `It is new here, and can’t be used: ${problem}`);
    } else if (problem !== null && problem !== before?.problem) this.journal.note(id, 'broken', problem);
    else if (sha256 !== before?.sha256 && sha256 !== row.accepted_sha256 && row.accepted_sha256 !== null && accepting === null) {
      this.journal.note(id, 'changed', 'Its files are not those that were accepted.', { sha256 });
    }
    if (sha256 !== before?.sha256 || problem !== before?.problem) this.changed(id);
    return inspected;
  }

  #supervisedOf(id: string): Supervised {
    const known = this.#supervised.get(id);
    if (known !== undefined) return known;
    const supervised = new Supervised({
      timing: this.timing,
      open: (ready) => this.#open(id, ready),
      note: (...message) => this.journal.note(id, ...message),
      gaveUp: (reason) => {
        this.#quietly(() => this.registry.set(id, { enabled: false, failed: reason }));
        this.journal.note(id, 'disabled', reason, { by: 'supervisor' });
        this.#o.log.warn({ plugin: id }, 'a plugin crashed too often, and is not started any more');
      },
      changed: () => this.changed(id),
    });
    this.#supervised.set(id, supervised);
    return supervised;
  }

  /** On a full disk what was decided holds until the agent ends. */
  #quietly(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#o.log.error({ err: error }, 'what happened to a plugin could not be written down');
    }
  }

  /** Nothing but what was accepted is ever started: its files are read again each time. */
  async #open(id: string, ready: () => void): Promise<Session | null> {
    const inspected = await this.look(id);
    const row = this.registry.get(id);
    const { manifest } = row ?? {};
    if (this.#closing.signal.aborted || row === null || manifest == null || inspected === null || inspected.argv === null) return null;
    if (inspected.sha256 !== row.accepted_sha256 || missingSetting(manifest, row.settings) !== null) return null;
    const log = this.journal.logOf(id);
    return new Session({
      manifest,
      argv: inspected.argv,
      cwd: inspected.folder,
      host: this.#o.environment ?? process.env,
      init: {
        instance_id: this.#o.settings.instance_id,
        toru_version: VERSION,
        log_path: log.path,
        settings: settingsFor(manifest, row.settings),
        kv: { quota_bytes: PLUGIN_KV_QUOTA, max_value_bytes: PLUGIN_KV_MAX_VALUE, max_key_bytes: PLUGIN_KV_MAX_KEY },
      },
      secrets: secretValues(manifest, row.settings),
      folder: this.#launches,
      boot: this.#boot,
      cgroups: this.#cgroups,
      timing: this.timing,
      log,
      services: this.services,
      note: (...message) => this.journal.note(id, ...message),
      ready,
      failed: (error) => this.#o.log.error({ err: error, plugin: id }, 'a message of a plugin could not be answered'),
    });
  }
}

export function unknownPlugin(): ToruError {
  return new ToruError('unknown_plugin', 'There is no such plugin.');
}
