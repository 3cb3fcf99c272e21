import type { RunResult, RunState } from '../../shared/run-state.ts';
import { isFinal, resultOf } from '../../shared/run-state.ts';
import type { RunNews } from '../../shared/runs.ts';
import type { Database } from '../store/database.ts';

/** The runs of an action, as its tile shows them. */
export interface TileRuns {
  last_run: RunNews | null;
  running: number;
  queued: number;
  /** How the newest ended ones went, oldest first. */
  results: RunResult[];
  /** When the asker last started it; null = never. */
  last_used_at: string | null;
}

/** So many results make the strip of a tile. */
const RESULTS = 10;

interface LastRow {
  task_id: string;
  user_id: string;
  action: string;
  label: string;
  state: string;
  exit_code: number | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
}

interface OpenRow {
  action: string;
  state: string;
  runs: number;
}

/** The newest runs and the ones under way of each action: an index lookup each, however long the history is. */
export class LastRuns {
  readonly #database: Database;
  readonly #waitsForInput: (taskId: string) => boolean;

  /** @param waitsForInput whether a run waits for something that a viewer types. */
  constructor(database: Database, waitsForInput: (taskId: string) => boolean) {
    this.#database = database;
    this.#waitsForInput = waitsForInput;
  }

  /**
   * @param user_id whose runs count; null = everybody's. A client's tile shows nothing of others.
   * @param asker whose last use counts; null = nobody's.
   */
  of(actions: readonly string[], user_id: string | null, asker: string | null): (action: string) => TileRuns {
    const mine = user_id !== null;
    // One more than the strip has: the newest may be under way.
    const newest = this.#database.prepare<{ action: string; user_id: string | null; limit: number }, LastRow>(lastRunsSql(mine));
    const used = this.#database
      .prepare<[string, string], number | null>('SELECT max(created_at) FROM task_history WHERE user_id = ? AND action = ?')
      .pluck();
    const open = this.#database.prepare<{ user_id: string | null }, OpenRow>(openRunsSql(mine)).all({ user_id });
    const found = new Map(actions.map((action) => [action, newest.all({ action, user_id, limit: RESULTS + 1 })]));
    return (action) => {
      const rows = found.get(action) ?? [];
      const [row] = rows;
      const last_used = asker === null ? null : used.get(asker, action);
      const count = (queued: boolean): number =>
        open.reduce((sum, o) => (o.action === action && (o.state === 'queued') === queued ? sum + o.runs : sum), 0);
      return {
        last_run: row === undefined ? null : this.#news(row),
        running: count(false),
        queued: count(true),
        results: resultsOf(rows),
        last_used_at: last_used == null ? null : iso(last_used),
      };
    };
  }

  #news(row: LastRow): RunNews {
    return {
      task_id: row.task_id,
      user_id: row.user_id,
      action: row.action,
      label: row.label,
      state: STATES.get(row.state) ?? 'interrupted',
      exit_code: row.exit_code,
      created_at: iso(row.created_at),
      started_at: row.started_at === null ? null : iso(row.started_at),
      ended_at: row.ended_at === null ? null : iso(row.ended_at),
      ...(row.ended_at === null && this.#waitsForInput(row.task_id) ? { waiting_for_input: true } : {}),
    };
  }
}

/** Exported, as the next one, for the test that asks SQLite for its plan. */
export function lastRunsSql(mine: boolean): string {
  return `SELECT task_id, user_id, action, label, state, exit_code, created_at, started_at, ended_at FROM task_history
    WHERE action = @action ${mine ? 'AND user_id = @user_id' : ''} ORDER BY created_at DESC, task_id DESC LIMIT @limit`;
}

/** The few that are under way lie in an index of their own: it is named, because the planner may think a user's index better. */
export function openRunsSql(mine: boolean): string {
  return `SELECT action, state, count(*) AS runs FROM task_history INDEXED BY task_history_open
    WHERE state IN ('queued', 'starting', 'running') AND action IS NOT NULL ${mine ? 'AND user_id = @user_id' : ''} GROUP BY action, state`;
}

function resultsOf(rows: readonly LastRow[]): RunResult[] {
  return rows
    .map(({ state, exit_code }) => ({ state: STATES.get(state) ?? ('interrupted' satisfies RunState), exit_code }))
    .filter(({ state }) => isFinal(state))
    .slice(0, RESULTS)
    .map(resultOf)
    .toReversed();
}

const STATES: ReadonlyMap<string, RunState> = new Map<string, RunState>([
  ['queued', 'queued'],
  // The journal's word between commit and the first sign of the process.
  ['starting', 'running'],
  ['running', 'running'],
  ['exited', 'exited'],
  ['cancelled', 'cancelled'],
  ['timed_out', 'timed_out'],
  ['interrupted', 'interrupted'],
  ['refused', 'refused'],
]);

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
