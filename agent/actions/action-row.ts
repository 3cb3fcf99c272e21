import type * as z from 'zod';
import type { ActionFields, TileSize } from '../../shared/actions.ts';
import { action, actionFields } from '../../shared/actions.ts';
import type { Database } from '../store/database.ts';

/** An action as the host keeps it: what was set, and what became of it. Times in ms since 1970. */
export interface ActionRow extends ActionFields {
  id: string;
  position: number;
  size: TileSize;
  /** Raised by every change. */
  revision: number;
  created_at: number;
  updated_at: number;
}

interface StoredAction {
  id: string;
  label: string;
  script: string;
  icon: string;
  color: string;
  position: number;
  size: string;
  revision: number;
  definition: string;
  created_at: number;
  updated_at: number;
}

/** The columns apart, the rest as JSON: a field that a later version adds gets its default when an old row is read. */
const COLUMNS = { id: true, label: true, script: true, icon: true, color: true } as const;
const definition = actionFields.omit(COLUMNS);
const color = actionFields.shape.color.unwrap().catch('slate');
const size = action.shape.size.catch('normal');

/** The table `quick_actions`. */
export class ActionTable {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** In the order of their tiles. */
  all(): ActionRow[] {
    return this.#database.prepare<[], StoredAction>('SELECT * FROM quick_actions ORDER BY position, id').all().map(rowOf);
  }

  get(id: string): ActionRow | null {
    const stored = this.#database.prepare<[string], StoredAction>('SELECT * FROM quick_actions WHERE id = ?').get(id);
    return stored === undefined ? null : rowOf(stored);
  }

  has(id: string): boolean {
    return this.#database.prepare<[string], unknown>('SELECT 1 FROM quick_actions WHERE id = ?').get(id) !== undefined;
  }

  ids(): string[] {
    return this.#database.prepare<[], string>('SELECT id FROM quick_actions ORDER BY position, id').pluck().all();
  }

  nextPosition(): number {
    return this.#database.prepare<[], number>('SELECT coalesce(max(position) + 1, 0) FROM quick_actions').pluck().get() ?? 0;
  }

  insert(row: ActionRow): void {
    this.#database
      .prepare(
        `INSERT INTO quick_actions (id, label, script, icon, color, position, size, revision, definition, created_at, updated_at)
         VALUES (@id, @label, @script, @icon, @color, @position, @size, @revision, @definition, @created_at, @updated_at)`,
      )
      .run(stored(row));
  }

  update(row: ActionRow): void {
    this.#database
      .prepare(
        `UPDATE quick_actions SET label = @label, script = @script, icon = @icon, color = @color, revision = @revision,
           definition = @definition, updated_at = @updated_at WHERE id = @id`,
      )
      .run(stored(row));
  }

  remove(id: string): void {
    this.#database.prepare<[string]>('DELETE FROM quick_actions WHERE id = ?').run(id);
  }

  /** In one transaction: an order is whole, or it is the old one. @param sizes of those whose size changes, by id. */
  order(ids: readonly string[], sizes: Readonly<Record<string, TileSize>>): void {
    const place = this.#database.prepare<[number, string]>('UPDATE quick_actions SET position = ? WHERE id = ?');
    const resize = this.#database.prepare<[TileSize, string]>('UPDATE quick_actions SET size = ? WHERE id = ?');
    this.#database.transaction(() => {
      for (const [position, id] of ids.entries()) place.run(position, id);
      for (const [id, to] of Object.entries(sizes)) resize.run(to, id);
    })();
  }
}

function stored(row: ActionRow): StoredAction {
  const { id, label, script, icon, color, position, size, revision, created_at, updated_at, ...rest } = row;
  return { id, label, script, icon, color, position, size, revision, created_at, updated_at, definition: JSON.stringify(rest) };
}

function rowOf({ definition: json, ...columns }: StoredAction): ActionRow {
  const rest: z.infer<typeof definition> = definition.parse(JSON.parse(json));
  return { ...rest, ...columns, color: color.parse(columns.color), size: size.parse(columns.size) };
}
