import { setImmediate as breathe } from 'node:timers/promises';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Run } from '../../shared/runs.ts';
import type { SearchQuery } from '../../shared/search.ts';
import type { HistoryCursor } from '../history/cursor.ts';
import { decodeCursor, encodeCursor } from '../history/cursor.ts';
import type { HistoryQuery } from '../history/list-query.ts';
import { MIN_INDEXED_CHARS, type Names } from '../history/names.ts';
import type { Caller } from '../users/caller.ts';
import type { Pace } from './pace.ts';
import type { Position } from './position.ts';

/** The runs, each with what its asker may see of it and nothing else. */
export interface VisibleRuns {
  list(caller: Caller, query: HistoryQuery): List<Run>;
  /** @throws ToruError unknown_task, for a foreign run too. */
  get(caller: Caller, taskId: string): Run;
}

/** Who searches among which runs for what, and how fast. */
export interface Asked {
  runs: VisibleRuns;
  caller: Caller;
  query: SearchQuery;
  pace: Pick<Pace, 'turn'>;
}

/** Read at a time: about a millisecond. */
const PAGE = 100;
/** A common word is found among so many newest runs, without the index. */
const WALKED_FIRST = 1000;
/** Steps through the index between two breaths of everything else. */
const STEPS = 50;

export function cursorOf(run: Run): HistoryCursor {
  return { created_at: Date.parse(run.created_at), task_id: run.task_id };
}

/** Does the run pass the search's filters? */
export function passes(run: Run, query: SearchQuery): boolean {
  return (
    (query.status === undefined || query.status.includes(run.state)) &&
    (query.action === undefined || run.action === query.action) &&
    (query.user === undefined || run.user.toLowerCase() === query.user.toLowerCase())
  );
}

/** All runs that the caller may see, newest first, down to `since`. Each page in its turn; a pause, null, after it. */
export async function* walk(
  { runs, caller, query, pace }: Asked,
  from: Position,
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<Run | null, HistoryCursor | null, undefined> {
  const oldest = query.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(query.since);
  let cursor = typeof from === 'string' ? null : encodeCursor(from);
  for (let seen = 0; seen < most; seen += PAGE) {
    const wanted: HistoryQuery = {
      limit: PAGE,
      ...(cursor === null ? {} : { cursor }),
      // By index, where there is one: an admin's list of one action.
      ...(caller.role === 'admin' && query.action !== undefined ? { action: query.action } : {}),
    };
    const page = await pace.turn(() => runs.list(caller, wanted));
    for (const run of page.items) {
      if (Date.parse(run.created_at) < oldest) return null;
      yield run;
    }
    cursor = page.next_cursor;
    if (cursor === null) return null;
    await breathe();
    yield null;
  }
  return cursor === null ? null : decodeCursor(cursor);
}

/** Runs whose names or inputs may hold the text, newest first: every one that does is among them. */
export async function* named(asked: Asked, names: Names, from: Position): AsyncGenerator<Run | null, void, undefined> {
  const { runs, caller, query } = asked;
  // Of a pattern, the index knows nothing.
  const indexed = query.regex === 'false' && Array.from(query.q).length >= MIN_INDEXED_CHARS;
  const next = yield* walk(asked, from, indexed ? WALKED_FIRST : Number.POSITIVE_INFINITY);
  if (next === null) return;
  const owner = caller.role === 'admin' ? null : caller.user_id;
  const texts = names.texts(query.q, owner);
  if (texts === null) {
    yield* walk(asked, next);
    return;
  }
  const oldest = query.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(query.since);
  let steps = 0;
  for (const place of names.runs(texts, owner, next)) {
    steps += 1;
    if (steps % STEPS === 0) {
      await breathe();
      yield null;
    }
    if (place === null) continue;
    if (place.created_at < oldest) return;
    const run = visible(runs, caller, place.task_id);
    if (run !== null) yield run;
  }
}

/** Null when it was removed meanwhile. */
function visible(runs: VisibleRuns, caller: Caller, taskId: string): Run | null {
  try {
    return runs.get(caller, taskId);
  } catch (error) {
    if (error instanceof ToruError && error.code === 'unknown_task') return null;
    throw error;
  }
}
