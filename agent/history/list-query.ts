import { unreachable } from '../../shared/errors.ts';
import type { RunState } from '../../shared/run-state.ts';
import type { HistoryCursor } from './cursor.ts';
import { decodeCursor } from './cursor.ts';
import type { StoredRun, StoredState } from './run-row.ts';

/** The filters of a list of runs. */
export interface HistoryQuery {
  limit?: number | undefined;
  cursor?: string | undefined;
  status?: readonly RunState[] | undefined;
  action?: string | undefined;
  /** A username. */
  user?: string | undefined;
  /** Text to find in label, script, username, arguments, inputs and note. */
  q?: string | undefined;
}

/** The parameters that stand for the names in the SQL. */
export type Values = Record<string, string | number>;

/** Does nothing but looking at run after run find them? */
export function scans(query: HistoryQuery, owner: string | null): boolean {
  return query.user !== undefined || textOf(query) !== '' || (owner !== null && (query.status !== undefined || query.action !== undefined));
}

/** The text to find; '' = any. */
export function textOf(query: HistoryQuery): string {
  return (query.q ?? '').trim();
}

/** The filters that are not the text. */
export function passes(stored: StoredRun, { status, action, user }: HistoryQuery): boolean {
  return (
    (status === undefined || status.length === 0 || status.some((state) => storedStates(state).includes(stored.state))) &&
    (action === undefined || stored.action === action) &&
    (user === undefined || stored.username.toLowerCase() === user.toLowerCase())
  );
}

/** The query of a list, and its values. Exported for the test that asks SQLite for its plan. */
export function listSql(
  query: HistoryQuery,
  owner: string | null,
  limit: number,
  until: HistoryCursor | null = null,
  columns = '*',
): { sql: string; values: Values } {
  const where: string[] = [];
  const values: Values = { limit };
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
  const q = textOf(query);
  if (q !== '') {
    // The same texts as the index has. A client's search must not tell by what it finds what a client may not see.
    const searched = ['label', 'username', 'action', 'inputs', 'note', ...(owner === null ? ['script', 'args'] : [])];
    const like = searched.map((column) => `${column} LIKE @q ESCAPE '\\'`).join(' OR ');
    where.push(`EXISTS (SELECT 1 FROM search_texts WHERE id = search_text AND (${like}))`);
    values['q'] = `%${q.replace(/[\\%_]/g, '\\$&')}%`;
  }
  if (query.cursor !== undefined) {
    const cursor = decodeCursor(query.cursor);
    where.push('(created_at, task_id) < (@created_at, @task_id)');
    values['created_at'] = cursor.created_at;
    values['task_id'] = cursor.task_id;
  }
  if (until !== null) {
    where.push('(created_at, task_id) >= (@until_at, @until_id)');
    values['until_at'] = until.created_at;
    values['until_id'] = until.task_id;
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  return { sql: `SELECT ${columns} FROM task_history ${condition} ORDER BY created_at DESC, task_id DESC LIMIT @limit`, values };
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
