import { resultOf } from '../../shared/run-state.ts';
import type { RunsTrend } from '../../shared/runs.ts';
import type { History } from './history.ts';
import { stateOf } from './run-row.ts';

/** So many of the newest runs stand behind the figures … */
const COUNTED = 200;
/** … and so many are given one by one. */
const SHOWN = 60;

/** How the newest runs of an action went. @param owner only this user's; null = everybody's. */
export function trendOf(history: Pick<History, 'ended'>, action: string, owner: string | null): RunsTrend {
  const runs = history.ended(action, owner, COUNTED).map((run) => ({
    task_id: run.task_id,
    created_at: new Date(run.created_at).toISOString(),
    result: resultOf({ state: stateOf(run.state), exit_code: run.exit_code }),
    duration_ms: run.started_at === null || run.ended_at === null ? null : Math.max(0, run.ended_at - run.started_at),
  }));
  const took = runs.flatMap(({ duration_ms }) => duration_ms ?? []).toSorted((a, b) => a - b);
  return {
    runs: runs.length,
    succeeded: runs.filter(({ result }) => result === 'succeeded').length,
    p50_ms: percentile(took, 0.5),
    p95_ms: percentile(took, 0.95),
    items: runs.slice(0, SHOWN).toReversed(),
  };
}

/** The least value that at least this share of them does not exceed. @param sorted ascending. */
function percentile(sorted: readonly number[], share: number): number | null {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? null;
}
