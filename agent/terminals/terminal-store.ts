import * as z from 'zod';
import type { List } from '../../shared/api.ts';
import type { ShareRight, Terminal, TerminalShare, TerminalsQuery } from '../../shared/terminals.ts';
import { terminalKind } from '../../shared/terminals.ts';
import { decodeCursor, encodeCursor } from '../history/cursor.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { TERMINAL_TABLES } from './terminals-tables.ts';

const flag = z.int().transform((value) => value === 1);
const number = z.int().nullable();
const text = z.string().nullable();
const json = <T extends z.ZodType>(schema: T) => z.string().transform((value) => schema.parse(JSON.parse(value)));

/** A row of `terminals`. */
const row = z.object({
  id: z.string(),
  name: z.string(),
  kind: terminalKind,
  folder: text,
  cwd: z.string(),
  command: json(z.array(z.string())).nullable(),
  shell: z.string(),
  env: json(z.record(z.string(), z.string())),
  state: z.enum(['starting', 'running', 'suspended', 'ended']),
  frozen: flag,
  exit_code: number,
  signal: text,
  reason: text,
  cols: z.int(),
  rows: z.int(),
  keep: flag,
  host: text,
  pid: number,
  start: text,
  boot: text,
  cgroup: text,
  user_id: z.string(),
  username: z.string(),
  request_id: text,
  created_at: z.int(),
  ended_at: number,
  last_output_at: number,
  last_input_at: number,
});
export type TerminalRow = z.infer<typeof row>;

const COLUMNS = row.keyof().options;

type Value = string | number | null;

/** The rows of terminals, and with whom they are shared. */
export class TerminalStore {
  readonly #db: Database;
  /** Rows of terminals that have not ended: each key that is typed looks at one. */
  readonly #known = new Map<string, TerminalRow>();

  constructor(db: Database) {
    ownTables(db, 'terminals', TERMINAL_TABLES);
    this.#db = db;
  }

  insert(made: TerminalRow): void {
    const values = written(made);
    this.#db.prepare(`INSERT INTO terminals (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((name) => `@${name}`).join(', ')})`).run(values);
  }

  /** @returns the row as it is then. */
  update(id: string, change: Partial<TerminalRow>): TerminalRow | null {
    const names = Object.keys(change);
    if (names.length > 0) {
      this.#known.delete(id);
      this.#db
        .prepare(`UPDATE terminals SET ${names.map((name) => `${name} = @${name}`).join(', ')} WHERE id = @id`)
        .run({ ...written(change), id });
    }
    return this.get(id);
  }

  get(id: string): TerminalRow | null {
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    const found = this.#db.prepare('SELECT * FROM terminals WHERE id = ?').get(id);
    if (found === undefined) return null;
    const read = Object.freeze(row.parse(found));
    if (read.state !== 'ended') this.#known.set(id, read);
    return read;
  }

  byRequest(userId: string, requestId: string): TerminalRow | null {
    const found = this.#db.prepare('SELECT * FROM terminals WHERE user_id = ? AND request_id = ?').get(userId, requestId);
    return found === undefined ? null : row.parse(found);
  }

  /** Those that have not ended. */
  open(): TerminalRow[] {
    return this.#db
      .prepare(`SELECT * FROM terminals WHERE state <> 'ended' ORDER BY created_at, id`)
      .all()
      .map((found) => row.parse(found));
  }

  /** Those that are in one of these folders, ended ones too. */
  inFolders(folders: readonly string[]): string[] {
    const marks = folders.map(() => '?').join(', ');
    return this.#db
      .prepare<string[], string>(`SELECT id FROM terminals WHERE folder IN (${marks})`)
      .pluck()
      .all(...folders);
  }

  /** Those that ended before. */
  endedBefore(time: number): string[] {
    return this.#db.prepare<[number], string>(`SELECT id FROM terminals WHERE state = 'ended' AND ended_at < ?`).pluck().all(time);
  }

  remove(id: string): void {
    this.#known.delete(id);
    this.#db.prepare('DELETE FROM terminals WHERE id = ?').run(id);
  }

  /** Newest first. @param sharedWith only those that are shared with this user; null: all. @throws ToruError bad_cursor */
  list(query: TerminalsQuery, sharedWith: string | null): List<TerminalRow> {
    const where: string[] = [`state <> 'starting'`];
    const values: Record<string, Value> = { limit: query.limit + 1 };
    if (sharedWith !== null) {
      where.push('id IN (SELECT terminal FROM terminal_shares WHERE user_id = @user)');
      values['user'] = sharedWith;
    }
    if (query.state !== undefined) {
      where.push('state = @state');
      values['state'] = query.state;
    }
    if (query.folder !== undefined) {
      where.push('folder = @folder');
      values['folder'] = query.folder;
    }
    if (query.cursor !== undefined) {
      const { created_at, task_id } = decodeCursor(query.cursor);
      where.push('(created_at, id) < (@before, @id)');
      Object.assign(values, { before: created_at, id: task_id });
    }
    const found = this.#db
      .prepare(`SELECT * FROM terminals WHERE ${where.join(' AND ')} ORDER BY created_at DESC, id DESC LIMIT @limit`)
      .all(values)
      .map((each) => row.parse(each));
    const items = found.slice(0, query.limit);
    const last = items.at(-1);
    const more = found.length > query.limit && last !== undefined;
    return { items, next_cursor: more ? encodeCursor({ created_at: last.created_at, task_id: last.id }) : null };
  }

  /** What a user may do with a terminal that is not theirs; null: nothing. */
  share(id: string, userId: string): ShareRight | null {
    const found = this.#db
      .prepare<[string, string], ShareRight>('SELECT granted FROM terminal_shares WHERE terminal = ? AND user_id = ?')
      .pluck()
      .get(id, userId);
    return found ?? null;
  }

  shares(id: string): Pick<TerminalShare, 'user_id' | 'right'>[] {
    return this.#db
      .prepare<[string], Pick<TerminalShare, 'user_id' | 'right'>>(
        'SELECT user_id, granted AS right FROM terminal_shares WHERE terminal = ? ORDER BY user_id',
      )
      .all(id);
  }

  /** @param right null: no longer. */
  setShare(id: string, userId: string, right: ShareRight | null): void {
    if (right === null) this.#db.prepare('DELETE FROM terminal_shares WHERE terminal = ? AND user_id = ?').run(id, userId);
    else
      this.#db
        .prepare(
          'INSERT INTO terminal_shares (terminal, user_id, granted) VALUES (?, ?, ?) ON CONFLICT (terminal, user_id) DO UPDATE SET granted = excluded.granted',
        )
        .run(id, userId, right);
  }
}

function written(values: Partial<TerminalRow>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? Number(value) : typeof value === 'object' && value !== null ? JSON.stringify(value) : (value ?? null),
    ]),
  );
}

/** A terminal as it is shown. @param extra what no row has. */
export function shownTerminal(
  { command, env, state, ...rest }: TerminalRow,
  extra: Pick<Terminal, 'viewers' | 'attention' | 'right'>,
): Terminal {
  const { id, name, kind, folder, cwd, shell, frozen, exit_code, signal, reason, cols, rows, keep } = rest;
  const at = (time: number | null): string | null => (time === null ? null : new Date(time).toISOString());
  return {
    id,
    name,
    kind,
    folder,
    cwd,
    command,
    shell,
    env_names: Object.keys(env).sort(),
    state: state === 'starting' ? 'running' : state,
    frozen,
    exit_code,
    signal,
    reason,
    cols,
    rows,
    keep,
    created_at: new Date(rest.created_at).toISOString(),
    ended_at: at(rest.ended_at),
    last_output_at: at(rest.last_output_at),
    last_input_at: at(rest.last_input_at),
    ...extra,
  };
}
