import { rm } from 'node:fs/promises';
import type { Log } from '../logger.ts';
import type { Inspected } from './installed/inspect.ts';
import { inspect } from './installed/inspect.ts';
import type { Asking } from './installed/manifest.ts';
import type { Entry } from './installed/plugins-folder.ts';
import { findEntries } from './installed/plugins-folder.ts';
import type { Registry } from './installed/registry.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import type { PluginJournal } from './launch/plugin-journal.ts';

interface FoundPluginsOptions {
  /** Of plugins. */
  folder: string;
  registry: Registry;
  /** How executables are asked what they are; its signal ends all looking. */
  asking: Asking;
  log: Pick<Log, 'warn'>;
  note: PluginJournal['note'];
  /** Something of a plugin can be seen to be different. */
  changed(id: string): void;
  /** The files of a plugin are gone, and nobody ever accepted it. */
  forget(id: string): void;
}

/** The plugins' files as they were found in their folder, by id. */
export class FoundPlugins {
  readonly #o: FoundPluginsOptions;
  readonly #inspected = new Map<string, Inspected>();
  readonly #looks = new KeyedMutex();
  #scan: Promise<void> | null = null;
  #scanAgain = false;
  #looked = false;

  constructor(options: FoundPluginsOptions) {
    this.#o = options;
  }

  /** Was the whole folder read once? */
  get looked(): boolean {
    return this.#looked;
  }

  /** As they were found the last time; null: they were not. */
  get(id: string): Inspected | null {
    return this.#inspected.get(id) ?? null;
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
    const { byId } = await findEntries(this.#o.folder);
    return this.#look(id, byId.get(id) ?? [], accepting);
  }

  /** Removes whatever stands for this id in the folder of plugins. */
  async removeFiles(id: string): Promise<void> {
    const { byId } = await findEntries(this.#o.folder);
    for (const { path } of byId.get(id) ?? []) await rm(path, { recursive: true, force: true });
    await this.#look(id, [], null);
  }

  /** @returns when a scan that is under way is over. */
  async settled(): Promise<void> {
    await this.#scan?.catch(() => undefined);
  }

  async #scanAll(): Promise<void> {
    do {
      this.#scanAgain = false;
      const { byId, misnamed } = await findEntries(this.#o.folder);
      for (const name of misnamed) this.#o.log.warn({ name }, 'no plugin can have this name: small letters, digits and hyphens');
      for (const [id, entries] of byId) if (!this.#o.asking.signal.aborted) await this.#look(id, entries, null);
      for (const { id, accepted_sha256 } of this.#o.registry.all()) {
        if (byId.has(id) || this.#o.asking.signal.aborted) continue;
        // Looked for once more: it may have been installed since the folder was read.
        const inspected = await this.look(id);
        if (inspected === null && accepted_sha256 === null) this.#o.forget(id);
      }
    } while (this.#scanAgain && !this.#o.asking.signal.aborted);
    if (this.#looked || this.#o.asking.signal.aborted) return;
    this.#looked = true;
    // Of those that are there it was told as each was found.
    for (const { id } of this.#o.registry.all()) if (!this.#inspected.has(id)) this.#o.changed(id);
  }

  /** The folder's watcher and an admin may look at the same moment: the second sees what the first has found. */
  #look(id: string, entries: readonly Entry[], accepting: string | null): Promise<Inspected | null> {
    return this.#looks.run(id, () => this.#lookNow(id, entries, accepting));
  }

  async #lookNow(id: string, entries: readonly Entry[], accepting: string | null): Promise<Inspected | null> {
    const before = this.#inspected.get(id) ?? null;
    const row = this.#o.registry.get(id);
    if (entries.length === 0) {
      this.#inspected.delete(id);
      if (row !== null && before !== null) this.#o.note(id, 'missing', 'Its files are gone.');
      if (before !== null) this.#o.changed(id);
      return null;
    }
    const inspected = await inspect(entries, row, this.#o.asking, before, accepting);
    if (this.#o.asking.signal.aborted) return inspected;
    this.#inspected.set(id, inspected);
    const { sha256, manifest, problem, asked: request } = inspected;
    if (row === null || request) this.#o.registry.set(id, request ? { seen_sha256: sha256, seen_manifest: manifest } : {});
    if (row === null) {
      this.#o.note(id, 'found', problem === null ? 'It is new here.' : `It is new here, and can’t be used: ${problem}`);
    } else if (problem !== null && problem !== before?.problem) this.#o.note(id, 'broken', problem);
    else if (sha256 !== before?.sha256 && sha256 !== row.accepted_sha256 && row.accepted_sha256 !== null && accepting === null) {
      this.#o.note(id, 'changed', 'Its files are not those that were accepted.', { sha256 });
    }
    if (sha256 !== before?.sha256 || problem !== before?.problem) this.#o.changed(id);
    return inspected;
  }
}
