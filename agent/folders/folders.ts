import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { checkFixedVariables } from '../../shared/fixed-variables.ts';
import {
  type Folder,
  type FolderContext,
  type FolderPreferences,
  type folderCreate,
  type folderPatch,
  folderPreferences,
  MAX_FOLDER_DEPTH,
  MAX_FOLDERS,
} from '../../shared/folders.ts';
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import type { Caller } from '../users/caller.ts';
import { FOLDERS_TABLES } from './folders-tables.ts';

const row = z.object({
  id: z.string(),
  name: z.string(),
  parent: z.string().nullable(),
  position: z.number(),
  preferences: z.string().transform((text) => folderPreferences.parse(JSON.parse(text))),
  created_at: z.number(),
});
type Row = z.infer<typeof row>;

const PREFERENCES = folderPreferences.keyof().options;

/** The tree of folders that terminals are in. Terminals know their folder; a folder knows none of them. */
export class Folders {
  readonly #db: Database;
  readonly #audit: Pick<Audit, 'record'>;
  readonly #now: () => number;
  readonly #removed = new Set<(ids: readonly string[]) => void>();

  constructor(options: { db: Database; audit: Pick<Audit, 'record'>; now?: () => number }) {
    this.#db = options.db;
    this.#audit = options.audit;
    this.#now = options.now ?? Date.now;
    ownTables(this.#db, 'folders', FOLDERS_TABLES);
  }

  /** The listener hears of folders that are removed, before the request for it is answered. */
  onRemoved(listener: (ids: readonly string[]) => void): void {
    this.#removed.add(listener);
  }

  /** All of them, by position, then name. */
  list(): Folder[] {
    return this.#rows().map(shown);
  }

  /** @throws ToruError not_found */
  get(id: string): Folder {
    return shown(this.#row(id));
  }

  /** Those directly in it. @throws ToruError not_found */
  children(id: string): Folder[] {
    this.#row(id);
    return this.#rows()
      .filter(({ parent }) => parent === id)
      .map(shown);
  }

  /** What holds in it, with what it takes from the folders above. @throws ToruError not_found */
  context(id: string): FolderContext {
    const above = this.#above(this.#row(id));
    const preferences: FolderPreferences = {};
    const inherited: FolderContext['inherited'] = {};
    for (const each of above) {
      const { env, ...rest } = each.preferences;
      Object.assign(preferences, rest);
      if (env !== undefined) preferences.env = { ...preferences.env, ...env };
      for (const name of PREFERENCES) if (each.preferences[name] !== undefined) inherited[name] = each.id;
    }
    for (const name of PREFERENCES) if (inherited[name] === id) delete inherited[name];
    return { folder: this.get(id), path: above.map((each) => ({ id: each.id, name: each.name })), preferences, inherited };
  }

  /** It, and all below it. @throws ToruError not_found */
  within(id: string): string[] {
    this.#row(id);
    const rows = this.#rows();
    const found = [id];
    // Grows while it is walked: each folder's children are looked for in turn.
    for (const at of found) for (const each of rows) if (each.parent === at) found.push(each.id);
    return found;
  }

  /** @throws ToruError not_found for the parent; quota_exceeded, bad_request */
  create(caller: Caller, { name, parent, position, preferences }: z.infer<typeof folderCreate>): Folder {
    const made: Row = { id: randomUUID(), name, parent, position: 0, preferences, created_at: this.#now() };
    checkPreferences(preferences);
    this.#db
      .transaction(() => {
        const rows = this.#rows();
        if (rows.length >= MAX_FOLDERS)
          throw new ToruError('quota_exceeded', `A host has ${MAX_FOLDERS} folders at most. Remove one that is empty.`);
        this.#checkPlace(made, parent);
        made.position = position ?? Math.max(-1, ...rows.filter((each) => each.parent === parent).map((each) => each.position)) + 1;
        this.#put(made);
        this.#audit.record({ event: 'folder.create', caller, target: name, outcome: 'ok' });
      })
      .immediate();
    return shown(made);
  }

  /** @throws ToruError not_found; bad_request for a place within itself, or too deep. */
  update(caller: Caller, id: string, patch: z.infer<typeof folderPatch>): Folder {
    if (patch.preferences !== undefined) checkPreferences(patch.preferences);
    return this.#db
      .transaction(() => {
        const old = this.#row(id);
        const changed: Row = {
          ...old,
          name: patch.name ?? old.name,
          parent: patch.parent === undefined ? old.parent : patch.parent,
          position: patch.position ?? old.position,
          preferences: patch.preferences ?? old.preferences,
        };
        if (changed.parent !== old.parent) this.#checkPlace(old, changed.parent);
        this.#put(changed);
        this.#audit.record({
          event: 'folder.update',
          caller,
          target: changed.name,
          outcome: 'ok',
          detail: { changes: Object.keys(patch) },
        });
        return shown(changed);
      })
      .immediate();
  }

  /**
   * Removes a folder; its terminals stay, in none.
   * @param recursive with those in it. @throws ToruError not_found; conflict while there are others in it.
   */
  remove(caller: Caller, id: string, recursive: boolean): void {
    this.#db
      .transaction(() => {
        const { name } = this.#row(id);
        const all = this.within(id);
        if (all.length > 1 && !recursive)
          throw new ToruError(
            'conflict',
            `There ${all.length === 2 ? 'is a folder' : `are ${all.length - 1} folders`} in it. Remove with “recursive=true”, or move what is in it.`,
            {
              extra: { folders: all.length - 1 },
            },
          );
        for (const each of all.toReversed()) this.#db.prepare('DELETE FROM folders WHERE id = ?').run(each);
        this.#audit.record({ event: 'folder.remove', caller, target: name, outcome: 'ok', detail: { folders: all.length } });
        for (const listener of this.#removed) listener(all);
      })
      .immediate();
  }

  /** From the top to the folder itself. */
  #above(of: Row): Row[] {
    const found = [of];
    for (let at = of; at.parent !== null && found.length <= MAX_FOLDER_DEPTH; ) {
      at = this.#row(at.parent);
      found.unshift(at);
    }
    return found;
  }

  #checkPlace(moved: Row, parent: string | null): void {
    if (parent === null) return;
    const above = this.#above(this.#row(parent));
    if (above.some(({ id }) => id === moved.id))
      throw new ToruError('bad_request', 'A folder can’t be within itself.', { extra: { field: 'parent' } });
    if (above.length + this.#heightOf(moved.id) > MAX_FOLDER_DEPTH)
      throw new ToruError('bad_request', `Folders are at most ${MAX_FOLDER_DEPTH} deep.`, { extra: { field: 'parent' } });
  }

  /** Levels of the tree that begins with it; 1: nothing is in it. */
  #heightOf(id: string): number {
    const inside = this.#rows().filter(({ parent }) => parent === id);
    return 1 + Math.max(0, ...inside.map((each) => this.#heightOf(each.id)));
  }

  #put({ preferences, ...rest }: Row): void {
    this.#db
      .prepare(
        `INSERT INTO folders VALUES (@id, @name, @parent, @position, @preferences, @created_at) ON CONFLICT (id) DO UPDATE SET
           name = excluded.name, parent = excluded.parent, position = excluded.position, preferences = excluded.preferences`,
      )
      .run({ ...rest, preferences: JSON.stringify(preferences) });
  }

  #row(id: string): Row {
    const found = this.#db.prepare('SELECT * FROM folders WHERE id = ?').get(id);
    if (found === undefined) throw new ToruError('not_found', 'There is no such folder. It may have been removed.');
    return row.parse(found);
  }

  #rows(): Row[] {
    return z.array(row).parse(this.#db.prepare('SELECT * FROM folders ORDER BY position, name, id').all());
  }
}

function checkPreferences({ env }: FolderPreferences): void {
  const [problem] = checkFixedVariables(env ?? {}, []);
  if (problem !== undefined) throw new ToruError('bad_request', problem, { extra: { field: 'preferences.env' } });
}

function shown({ created_at, ...rest }: Row): Folder {
  return { ...rest, created_at: new Date(created_at).toISOString() };
}
