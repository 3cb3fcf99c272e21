import { ToruError } from '../../shared/errors.ts';
import type { Run } from '../../shared/runs.ts';
import type { RunSearchQuery, SearchLine, SearchQuery } from '../../shared/search.ts';
import { Names } from '../history/names.ts';
import { DamagedOutput } from '../logs/damaged.ts';
import { type LoopTurns, turns } from '../loop-turns.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import type { VisibleRuns } from './candidates.ts';
import { cursorOf, named, passes, walk } from './candidates.ts';
import { excerptOf } from './excerpt.ts';
import { fieldsOf } from './fields.ts';
import { type Matcher, matcherOf } from './needle.ts';
import { openSearches } from './open-searches.ts';
import { Pace } from './pace.ts';
import type { Positions } from './position.ts';
import { decodePositions, encodePositions } from './position.ts';
import type { ScannedLog } from './scan.ts';
import { scan } from './scan.ts';
import { Tally } from './tally.ts';

/** The runs, as a search needs them. `log` is asked only for runs that `list` or `get` gave to the caller. */
export interface SearchedRuns extends VisibleRuns {
  log(taskId: string): ScannedLog & { closeFiles(): void };
}

/** Matches of one run's output; the rest is told by `more`, and found by a search within the run. */
const MATCHES_PER_RUN = 10;

/** The state that one search carries through its parts. */
interface Quest<Q> {
  caller: Caller;
  query: Q;
  needle: Matcher;
  pace: Pace;
  tally: Tally;
  signal: AbortSignal;
}

/**
 * Search across the history and all output. Names come from an index; output is never indexed but read, newest run
 * first, in small steps. The lines come as somebody takes them, and nothing goes on when nobody does. Who may see what is
 * asked of the runs: nothing is looked at that the caller could not read.
 */
export class Search {
  readonly #runs: SearchedRuns;
  readonly #names: Names;
  readonly #open = openSearches();
  readonly #order: Pick<LoopTurns, 'lane'>;

  /** @param order the turns that searches take; in tests, another. */
  constructor(db: Database, runs: SearchedRuns, order: Pick<LoopTurns, 'lane'> = turns) {
    this.#order = order;
    this.#runs = runs;
    this.#names = new Names(db);
  }

  /** @throws (with the first line) ToruError bad_cursor, bad_request, too_many_requests, busy. */
  async *all(caller: Caller, query: SearchQuery, signal: AbortSignal): AsyncGenerator<SearchLine, void, undefined> {
    const at: Positions = query.cursor === undefined ? { history: 'beginning', output: 'beginning' } : decodePositions(query.cursor);
    for (const part of ['history', 'output'] as const) if (!query.in.includes(part)) at[part] = 'done';
    const quest = questOf(caller, query, signal, this.#order);
    this.#open.take(caller.user_id);
    try {
      yield quest.tally.now();
      if (at.history !== 'done') yield* this.#history(quest, at);
      if (at.output !== 'done') yield* this.#output(quest, at);
      if (!signal.aborted) yield quest.tally.end(encodePositions(at));
    } finally {
      this.#open.release(caller.user_id);
    }
  }

  /** One run's output from a cursor on. @throws (with the first line) ToruError unknown_task, bad_cursor, bad_request, too_many_requests, busy. */
  async *within(caller: Caller, taskId: string, query: RunSearchQuery, signal: AbortSignal): AsyncGenerator<SearchLine, void, undefined> {
    const run = this.#runs.get(caller, taskId);
    const log = this.#runs.log(run.task_id);
    checkStart(log, query);
    const quest = questOf(caller, query, signal, this.#order);
    this.#open.take(caller.user_id);
    try {
      quest.tally.look(run);
      yield quest.tally.now();
      const next = yield* this.#matches(quest, log, run.task_id, query.from, query.limit);
      if (!signal.aborted) yield quest.tally.end(next === null ? null : String(next));
    } finally {
      log.closeFiles();
      this.#open.release(caller.user_id);
    }
  }

  /**
   * A log that is no run's, such as a terminal's, from a cursor on. Its lines name `id` as their `task_id`. Whether the caller may read
   * it is decided before. @throws (with the first line) ToruError bad_cursor, bad_request, too_many_requests, busy.
   */
  async *log(
    caller: Caller,
    id: string,
    log: ScannedLog,
    query: RunSearchQuery,
    signal: AbortSignal,
  ): AsyncGenerator<SearchLine, void, undefined> {
    checkStart(log, query);
    const quest = questOf(caller, query, signal, this.#order);
    this.#open.take(caller.user_id);
    try {
      yield quest.tally.now();
      const next = yield* this.#matches(quest, log, id, query.from, query.limit);
      if (!signal.aborted) yield quest.tally.end(next === null ? null : String(next));
    } finally {
      this.#open.release(caller.user_id);
    }
  }

  async *#history(quest: Quest<SearchQuery>, at: Positions): AsyncGenerator<SearchLine, void, undefined> {
    const { query, needle, tally, signal } = quest;
    let found = 0;
    for await (const run of named({ ...quest, runs: this.#runs }, this.#names, at.history)) {
      if (signal.aborted) return;
      if (run !== null && passes(run, query)) {
        const fields = fieldsOf(run, needle);
        if (fields.length > 0) {
          yield tally.said({ type: 'run', run, fields });
          found += 1;
          if (found >= query.limit) {
            at.history = cursorOf(run);
            return;
          }
        }
      }
      if (tally.due) yield tally.now();
    }
    at.history = 'done';
  }

  async *#output(quest: Quest<SearchQuery>, at: Positions): AsyncGenerator<SearchLine, void, undefined> {
    const { query, needle, tally, signal } = quest;
    let found = 0;
    for await (const run of walk({ ...quest, runs: this.#runs }, at.output)) {
      if (signal.aborted) return;
      if (run !== null && passes(run, query)) {
        tally.look(run);
        const log = run.output_bytes === 0 ? null : this.#logOf(run);
        if (log !== null) {
          try {
            let introduced = false;
            const matches = this.#matches(quest, log, run.task_id, 0, MATCHES_PER_RUN);
            for (;;) {
              const { value, done } = await matches.next();
              if (done === true) {
                if (value !== null) yield tally.said({ type: 'more', task_id: run.task_id, cursor: value });
                break;
              }
              if (value.type === 'match') {
                if (!introduced) yield tally.said({ type: 'run', run, fields: fieldsOf(run, needle) });
                introduced = true;
                found += 1;
              }
              yield value;
            }
          } catch (error) {
            // One run that can't be read at all, which who opens it is told, hides no other.
            if (!(error instanceof DamagedOutput)) throw error;
          } finally {
            log.closeFiles();
          }
        }
        if (found >= query.limit) {
          at.output = cursorOf(run);
          return;
        }
      }
      if (tally.due) yield tally.now();
    }
    at.output = 'done';
  }

  /** @returns the cursor of the first match past `most`; null when there is none. */
  async *#matches(
    { query, needle, pace, tally, signal }: Quest<SearchQuery | RunSearchQuery>,
    log: ScannedLog,
    taskId: string,
    from: number,
    most: number,
  ): AsyncGenerator<SearchLine, number | null, undefined> {
    let found = 0;
    const placesOnly = 'excerpt' in query && query.excerpt === 'no';
    for await (const step of scan(log, needle, from, most + 1, pace, signal)) {
      tally.bytes += step.bytes;
      for (const hit of step.hits) {
        if (found >= most) return hit.from;
        found += 1;
        const { stream, from: cursor, to } = hit;
        const place = placesOnly
          ? { stream, cursor, to, line: '', marks: [], cut: { start: false, end: false }, before: [], after: [] }
          : await excerptOf(log, needle, hit, query.context);
        yield tally.said({ type: 'match', task_id: taskId, ...place });
        if (signal.aborted) return null;
      }
      if (tally.due) yield tally.now();
    }
    return null;
  }

  /** Null when the run was removed meanwhile. */
  #logOf(run: Run): (ScannedLog & { closeFiles(): void }) | null {
    try {
      return this.#runs.log(run.task_id);
    } catch (error) {
      if (error instanceof ToruError && error.code === 'unknown_task') return null;
      throw error;
    }
  }
}

/** @throws ToruError bad_cursor */
function checkStart({ end }: Pick<ScannedLog, 'end'>, { from }: RunSearchQuery): void {
  if (from > end) throw new ToruError('bad_cursor', `“from” is a number of bytes, from 0 to ${end} now.`, { extra: { end } });
}

function questOf<Q extends SearchQuery | RunSearchQuery>(
  caller: Caller,
  query: Q,
  signal: AbortSignal,
  order: Pick<LoopTurns, 'lane'>,
): Quest<Q> {
  return { caller, query, needle: matcherOf(query), pace: new Pace(order), tally: new Tally(), signal };
}
