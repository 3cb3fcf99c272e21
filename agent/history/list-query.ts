import { unreachable } from '../../shared/errors.ts';
import type { RunResult, RunState } from '../../shared/run-state.ts';
import { isFinal, resultOf } from '../../shared/run-state.ts';
import type { Place, Sort } from './cursor.ts';
import { decodePlace } from './cursor.ts';
import type { StoredRun, StoredState } from './run-row.ts';
import { stateOf } from './run-row.ts';

/** Which runs of the history are meant. */
export interface RunsFilter {
  status?: readonly RunState[] | undefined;
  /** As `status`, with `exited` told apart by its exit code. */
  result?: readonly RunResult[] | undefined;
  action?: string | undefined;
  /** A username. */
  user?: string | undefined;
  /** Text to find in label, script, username, arguments, inputs and note. */
  q?: string | undefined;
  /** Made at this time or later, ms since 1970 … */
  since?: number | undefined;
  /** … and before this one. */
  until?: number | undefined;
}

/** A list of runs: its filters, its order, and which page of it. */
export interface HistoryQuery extends RunsFilter {
  limit?: number | undefined;
  cursor?: string | undefined;
  sort?: Sort | undefined;
}

/** The parameters that stand for the names in the SQL. */
export type Values = Record<string, string | number>;

/** How long a run took, as its index has it. */
const DURATION = 'max(ended_at - started_at, 0)';
/** The few that have not ended lie in an index of their own. */
const OPEN = `state IN ('queued', 'starting', 'running')`;
const OPEN_INDEX = 'task_history_open';
const FAILED = `state = 'exited' AND exit_code IS NOT 0`;

/** Does nothing but looking at run after run find them? */
export function scans(query: HistoryQuery, owner: string | null): boolean {
  const { status, action, user, result, sort } = query;
  if (user !== undefined || textOf(query) !== '') return true;
  // The few that failed lie in an index of their own.
  if (result !== undefined && (action !== undefined || result.length !== 1 || result[0] !== 'failed')) return true;
  const others = status !== undefined || action !== undefined;
  return sort === 'longest'
    ? others || owner !== null || result !== undefined || query.since !== undefined || query.until !== undefined
    : owner !== null && (others || result !== undefined);
}

/** The text to find; '' = any. */
export function textOf(query: RunsFilter): string {
  return (query.q ?? '').trim();
}

/** The filters that are not the text. */
export function passes(stored: StoredRun, { status, result, action, user, since, until }: RunsFilter): boolean {
  return (
    (status === undefined || status.length === 0 || status.some((state) => storedStates(state).includes(stored.state))) &&
    (result === undefined || result.includes(resultOf({ state: stateOf(stored.state), exit_code: stored.exit_code }))) &&
    (action === undefined || stored.action === action) &&
    (user === undefined || stored.username.toLowerCase() === user.toLowerCase()) &&
    (since === undefined || stored.created_at >= since) &&
    (until === undefined || stored.created_at < until)
  );
}

/** The place of a run in a list of that order. */
export function placeOf(run: Pick<StoredRun, 'task_id' | 'created_at' | 'started_at' | 'ended_at'>, sort: Sort): Place {
  const at = sort === 'newest' ? run.created_at : Math.max(0, (run.ended_at ?? 0) - (run.started_at ?? 0));
  return { at, task_id: run.task_id };
}

/** The query of a list, and its values. Exported for the test that asks SQLite for its plan. @param last where it ends, at the latest. */
export function listSql(
  query: HistoryQuery,
  owner: string | null,
  limit: number,
  last: Place | null = null,
  columns = '*',
): { sql: string; values: Values } {
  const where: string[] = [];
  const values: Values = { limit };
  const sort = query.sort ?? 'newest';
  const order = sort === 'longest' ? DURATION : 'created_at';
  const index = indexFor(query, owner);
  if (sort === 'longest') where.push(`${DURATION} IS NOT NULL`);
  if (index === OPEN_INDEX) where.push(OPEN);
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
  if (query.result !== undefined) where.push(`(${query.result.map(resultSql).join(' OR ')})`);
  if (query.action !== undefined) {
    where.push('action = @action');
    values['action'] = query.action;
  }
  if (query.user !== undefined) {
    where.push('username = @user COLLATE NOCASE');
    values['user'] = query.user;
  }
  if (query.since !== undefined) {
    where.push('created_at >= @since');
    values['since'] = query.since;
  }
  if (query.until !== undefined) {
    where.push('created_at < @until');
    values['until'] = query.until;
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
    const { at, task_id } = decodePlace(query.cursor, sort);
    where.push(`(${order}, task_id) < (@at, @task_id)`);
    Object.assign(values, { at, task_id });
  }
  if (last !== null) {
    where.push(`(${order}, task_id) >= (@last_at, @last_id)`);
    Object.assign(values, { last_at: last.at, last_id: last.task_id });
  }
  const condition = where.length === 0 ? '' : `WHERE ${where.join(' AND ')}`;
  return {
    sql: `SELECT ${columns} FROM task_history ${index === null ? '' : `INDEXED BY ${index}`} ${condition} ORDER BY ${order} DESC, task_id DESC LIMIT @limit`,
    values,
  };
}

/** The index that answers it, where the planner may think another one better: a user's, an action's, or that of all. */
function indexFor({ sort, status, result, action }: HistoryQuery, owner: string | null): string | null {
  if (sort === 'longest') return 'task_history_by_duration';
  if (status?.every((state) => !isFinal(state)) === true && status.length > 0) return OPEN_INDEX;
  return owner === null && action === undefined && result?.length === 1 && result[0] === 'failed' ? 'task_history_failed' : null;
}

function resultSql(result: RunResult): string {
  switch (result) {
    case 'succeeded':
      return `(state = 'exited' AND exit_code = 0)`;
    case 'failed':
      return `(${FAILED})`;
    case 'running':
    case 'queued':
    case 'cancelled':
    case 'timed_out':
    case 'interrupted':
    case 'refused':
      return `state IN (${storedStates(result)
        .map((state) => `'${state}'`)
        .join(', ')})`;
    default:
      return unreachable(result);
  }
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
