import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { getOrInsert } from '../../shared/get-or-insert.ts';
import type { PluginDetails } from '../../shared/plugins.ts';
import { PLUGIN_KV_MAX_KEY, PLUGIN_KV_MAX_VALUE, PLUGIN_KV_QUOTA } from '../../shared/plugins.ts';
import { VERSION } from '../../shared/version.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import { bootId } from '../process/process-identity.ts';
import type { KnownPlugin } from './catalog.ts';
import { detailsOf } from './catalog.ts';
import { FoundPlugins } from './found-plugins.ts';
import { sweepIncoming } from './installed/install-plugin.ts';
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
  readonly found: FoundPlugins;
  readonly services = new Services();
  readonly timing: PluginTiming;
  /** What admins do, by plugin: one act after the other. */
  readonly acts = new KeyedMutex();
  readonly #o: PluginsOptions;
  readonly #launches: string;
  readonly #boot = bootId();
  readonly #cgroups: Cgroups;
  readonly #listeners = new Set<(id: string) => void>();
  readonly #supervised = new Map<string, Supervised>();
  readonly #closing = new AbortController();

  constructor(options: PluginsOptions) {
    this.#o = options;
    this.folder = join(options.home, 'plugins');
    this.#launches = join(options.home, 'run', 'plugins');
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    this.timing = { ...PLUGIN_TIMING, ...options.timing };
    this.registry = new Registry(options.db);
    this.journal = new PluginJournal(options.db, options.logs_dir, options.log);
    this.found = new FoundPlugins({
      folder: this.folder,
      registry: this.registry,
      asking: { path: (options.environment ?? process.env)['PATH'], timeoutMs: this.timing.metadataMs, signal: this.#closing.signal },
      log: options.log,
      note: (...message) => this.journal.note(...message),
      changed: (id) => this.changed(id),
      forget: (id) => this.forget(id),
    });
    // A base of their own: the runs clear up what is left in theirs.
    this.#cgroups = new Cgroups(options.cgroups === false ? null : makeCgroupBase(join(options.home, 'plugins')));
  }

  get(id: string): Unit | null {
    const row = this.registry.get(id);
    if (row === null) return null;
    const supervised = this.#supervisedOf(id);
    return { row, inspected: this.found.get(id), looked: this.found.looked, status: supervised.status, supervised };
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

  /** Forgets one that is gone. */
  forget(id: string): void {
    this.registry.remove(id);
    this.journal.forget(id);
    this.#supervised.delete(id);
    this.changed(id);
  }

  /** Looks at nothing any more, and starts nothing. @returns when it has stopped looking. */
  async rest(): Promise<void> {
    this.#closing.abort();
    await this.found.settled();
  }

  close(): void {
    this.#listeners.clear();
    this.journal.close();
    this.#cgroups.close();
  }

  #supervisedOf(id: string): Supervised {
    return getOrInsert(
      this.#supervised,
      id,
      () =>
        new Supervised({
          timing: this.timing,
          open: (ready) => this.#open(id, ready),
          note: (...message) => this.journal.note(id, ...message),
          gaveUp: (reason) => {
            this.#quietly(() => this.registry.set(id, { enabled: false, failed: reason }));
            this.journal.note(id, 'disabled', reason, { by: 'supervisor' });
            this.#o.log.warn({ plugin: id }, 'a plugin crashed too often, and is not started any more');
          },
          changed: () => this.changed(id),
        }),
    );
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
    const inspected = await this.found.look(id);
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
