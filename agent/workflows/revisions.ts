import type { Statement } from 'better-sqlite3';
import type { Definitions } from '../../shared/flow/definition.ts';
import type { Database } from '../store/database.ts';

/** A good revision of a workspace: what jobs are pinned to. */
export interface Revision {
  id: number;
  workspace: string;
  revision: string;
  /** Where its files lie, absolute. */
  folder: string;
  definitions: Definitions;
}

type Stored = Omit<Revision, 'definitions'> & { definitions: string };

/** Parsed definitions that are kept in memory. */
const KEPT = 16;

/** The revisions of workspaces that jobs were made by, or will be. */
export class Revisions {
  readonly #get: Statement<[number], Stored>;
  readonly #insert: Statement<[Omit<Stored, 'id'>], number>;
  readonly #unused: Statement<[], { id: number; folder: string }>;
  readonly #folders: Statement<[], string>;
  readonly #remove: Statement<[number]>;
  readonly #known = new Map<number, Revision>();

  constructor(db: Database) {
    this.#get = db.prepare('SELECT * FROM workspace_revisions WHERE id = ?');
    this.#insert = db
      .prepare<[Omit<Stored, 'id'>], number>(
        `INSERT INTO workspace_revisions (workspace, revision, folder, definitions) VALUES (@workspace, @revision, @folder, @definitions)
           ON CONFLICT (workspace, revision) DO UPDATE SET folder = excluded.folder, definitions = excluded.definitions RETURNING id`,
      )
      .pluck();
    this.#unused = db.prepare(
      `SELECT id, folder FROM workspace_revisions AS r WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE revision = r.id)
         AND NOT EXISTS (SELECT 1 FROM workspaces WHERE revision = r.id)`,
    );
    this.#folders = db
      .prepare<[], string>(
        `SELECT folder FROM workspace_revisions
         UNION SELECT json_extract(value, '$.folder') FROM workspace_revisions, json_each(definitions, '$.libraries')`,
      )
      .pluck();
    this.#remove = db.prepare('DELETE FROM workspace_revisions WHERE id = ?');
  }

  /** @throws when there is none: every job's is there. */
  get(id: number): Revision {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const stored = this.#get.get(id);
    if (stored === undefined) throw new Error(`no revision ${id} of a workspace`);
    // A text that `put` wrote.
    const revision: Revision = { ...stored, definitions: JSON.parse(stored.definitions) };
    this.#known.set(id, revision);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KEPT && oldest !== undefined) this.#known.delete(oldest);
    return revision;
  }

  /** Within the caller's transaction. @returns its id, the same for the same revision. */
  put({ definitions, ...rest }: Omit<Revision, 'id'>): number {
    const id = this.#insert.get({ ...rest, definitions: JSON.stringify(definitions) });
    if (id === undefined) throw new Error('a revision was not written');
    this.#known.delete(id);
    return id;
  }

  /** All folders that a revision has files in: its own, and those of its libraries. */
  folders(): Set<string> {
    return new Set(this.#folders.all());
  }

  /** Takes away those that no job and no workspace has any more. @returns their folders. */
  prune(): string[] {
    return this.#unused.all().map(({ id, folder }) => {
      this.#remove.run(id);
      this.#known.delete(id);
      return folder;
    });
  }
}
