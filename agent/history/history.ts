import type { Statement } from 'better-sqlite3';
import { unreachable } from '../../shared/errors.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../shared/limits.ts';
import type { List, RunState } from '../../shared/model.ts';
import type { Database } from '../store/database.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Ending, RunRow, StoredRun, StoredState } from './run-row.ts';
import { rowOf, storedOf } from './run-row.ts';

/** What a list of runs may be narrowed by. */
export interface HistoryQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
  status?: readonly RunState[] | undefined;
  action?: string | undefined;
  /** A username. */
  user?: string | undefined;
  /** Text to find in label, script, username, arguments and inputs. */
  q?: string | undefined;
}

const COLUMNS = [
  'task_id',
  'user_id',
  'username',
  'action',
  'action_revision',
  'label',
  'script',
  'args',
  'inputs',
  'source',
  'address',
  'state',
  'reason',
  'exit_code',
  'signal',
  'created_at',
  'started_at',
  'ended_at',
  'output_bytes',
  'stdin',
  'timeout_s',
  'cancel_requested_at',
  'request_id',
  'request_hash',
] as const satisfies readonly (keyof StoredRun)[];

const OPEN = `state IN ('queued', 'starting', 'running')`;

/** The table `task_history`: the journal of every run, before it starts until it is forgotten. */
export class History {
  readonly #db: Database;
  readonly #insert: Statement<[StoredRun]>;
  readonly #get: Statement<[string], StoredRun>;
  readonly #byRequest: Statement<[string, string], StoredRun>;
  readonly #start: Statement<[number, string]>;
  readonly #cancel: Statement<[number, string]>;
  readonly #end: Statement<[Ending & { task_id: string }]>;

  constructor(db: Database) {
    this.#db = db;
    this.#insert = db.prepare(`INSERT INTO task_history (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map((name) => `@${name}`).join(', ')})`);
    this.#get = db.prepare('SELECT * FROM task_history WHERE task_id = ?');
    this.#byRequest = db.prepare('SELECT * FROM task_history WHERE user_id = ? AND request_id = ?');
    this.#start = db.prepare(`UPDATE task_history SET state = 'starting', started_at = ? WHERE task_id = ? AND state = 'queued'`);
    this.#cancel = db.prepare(
      `UPDATE task_history SET cancel_requested_at = ? WHERE task_id = ? AND cancel_requested_at IS NULL AND ${OPEN}`,
    );
    this.#end = db.prepare(
      `UPDATE task_history SET state = @state, reason = @reason, exit_code = @exit_code, signal = @signal, ended_at = @ended_at,
         output_bytes = @output_bytes WHERE task_id = @task_id AND ${OPEN}`,
    );
  }

  /** @throws when (user_id, request_id) is taken. */
  insert(row: RunRow): void {
    this.#insert.run(storedOf(row));
  }

  /** A queued run is about to start. */
  start(taskId: string, at: number): void {
    this.#start.run(at, taskId);
  }

  /** Kept over a restart: whoever takes the run up again goes on stopping it. */
  requestCancel(taskId: string, at: number): void {
    this.#cancel.run(at, taskId);
  }

  /** Closes an open run. What is closed stays as it is. */
  end(taskId: string, ending: Ending): void {
    this.#end.run({ task_id: taskId, ...ending });
  }

  get(taskId: string): RunRow | null {
    const stored = this.#get.get(taskId);
    return stored === undefined ? null : rowOf(stored);
  }

  byRequest(userId: string, requestId: string): RunRow | null {
    const stored = this.#byRequest.get(userId, requestId);
    return stored === undefined ? null : rowOf(stored);
  }

  /** Runs that have not ended, oldest first: what a restart looks at. */
  open(): RunRow[] {
    return this.#db.prepare<[], StoredRun>(`SELECT * FROM task_history WHERE ${OPEN} ORDER BY created_at, rowid`).all().map(rowOf);
  }

  /**
   * Newest first.
   * @param owner only this user's runs; null = everybody's. It stands in the SQL itself, beside the search and the cursor.
   * @throws ToruError bad_cursor
   */
  list(query: HistoryQuery, owner: string | null): List<RunRow> {
    const limit = Math.min(query.limit ?? DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE);
    const { sql, values } = listSql(query, owner, limit + 1);
    const rows = this.#db.prepare<[Record<string, string | number>], StoredRun>(sql).all(values).map(rowOf);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    return { items, next_cursor: rows.length > limit && last !== undefined ? encodeCursor(last) : null };
  }

  /** Ended runs that began before a time, oldest first. */
  endedBefore(time: number, limit: number): string[] {
    return this.#db
      .prepare<[number, number], string>(
        `SELECT task_id FROM task_history WHERE created_at < ? AND NOT (${OPEN}) ORDER BY created_at, task_id LIMIT ?`,
      )
      .pluck()
      .all(time, limit);
  }

  remove(taskIds: readonly string[]): void {
    const remove = this.#db.prepare('DELETE FROM task_history WHERE task_id = ?');
    this.#db.transaction(() => {
      for (const id of taskIds) remove.run(id);
    })();
  }
}

/** The query of a list, and its values. Exported for the test that asks SQLite for its plan. */
export function listSql(
  query: HistoryQuery,
  owner: string | null,
  limit: number,
): { sql: string; values: Record<string, string | number> } {
  const where: string[] = [];
  const values: Record<string, string | number> = { limit };
  if (owner !== null) {
    where.push('user_id = @owner');
    values['owner'] = owner;
  }
  if (query.status !== undefined && query.status.length > 0) {
    const states = [...new Set(query.status.flatMap(storedStates))];
    where.push(`state IN (${states.map((_, i) => `@state${i}`).join(', ')})`);
    states.forEach((state, i) => {
      values[`state${i}`] = state;
    });
  }
  if (query.action !== undefined) {
    where.push('action = @action');
    values['action'] = query.action;
  }
  if (query.user !== undefined) {
    where.push('username = @user COLLATE NOCASE');
    values['user'] = query.user;
  }
  if (query.q !== undefined && query.q.trim() !== '') {
    const like = (column: string): string => `${column} LIKE @q ESCAPE '\\'`;
    // A client's search must not tell by what it finds what a client may not see.
    const columns = owner === null ? ['label', 'script', 'username', 'args', 'inputs'] : ['label', 'username', 'inputs'];
    where.push(`(${columns.map(like).join(' OR ')})`);
    values['q'] = `%${query.q.trim().replace(/[\\%_]/g, '\\$&')}%`;
  }
  if (query.cursor !== undefined) {
    const cursor = decodeCursor(query.cursor);
    where.push('(created_at, task_id) < (@created_at, @task_id)');
    values['created_at'] = cursor.created_at;
    values['task_id'] = cursor.task_id;
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  return { sql: `SELECT * FROM task_history ${condition} ORDER BY created_at DESC, task_id DESC LIMIT @limit`, values };
}

function storedStates(state: RunState): StoredState[] {
  switch (state) {
    case 'running':
      return ['starting', 'running'];
    case 'queued':
    case 'exited':
    case 'cancelled':
    case 'timed_out':
    case 'interrupted':
    case 'refused':
      return [state];
    default:
      return unreachable(state);
  }
}
