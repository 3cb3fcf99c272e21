import type { Database } from '../store/database.ts';

/** The newest runs of a task's steps that are looked at. */
const LOOKED_AT = 2000;

/** How long the steps of a task took, of their newest runs that succeeded, in ms: by the step's name, instances with their step. */
export function stepDurations(db: Database, workspace: string, task: string): Map<string, { p50_ms: number; p95_ms: number }> {
  const rows = db
    .prepare<[string, string, number], { step: string; ms: number }>(
      `SELECT r.step, h.ended_at - h.started_at AS ms FROM jobs AS j INDEXED BY jobs_by_task JOIN job_runs AS r USING (job_id)
         JOIN task_history AS h USING (task_id)
         WHERE j.workspace = ? AND j.task = ? AND h.state = 'exited' AND h.exit_code = 0 ORDER BY j.created_at DESC, j.job_id DESC LIMIT ?`,
    )
    .all(workspace, task, LOOKED_AT);
  const times = Map.groupBy(rows, ({ step }) => step.replace(/\[\d+\]$/, ''));
  return new Map(
    [...times].map(([step, found]) => {
      const sorted = found.map(({ ms }) => Math.max(0, ms)).sort((a, b) => a - b);
      const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
      return [step, { p50_ms: at(0.5), p95_ms: at(0.95) }];
    }),
  );
}
