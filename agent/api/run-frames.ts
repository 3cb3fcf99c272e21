import type { ServerFrame } from '../../shared/browser-protocol.ts';
import { unreachable } from '../../shared/errors.ts';
import type { Run, RunSummary } from '../../shared/runs.ts';

/** A run, in the words of the browser's socket. */

/** For who watches a run that is removed from the history meanwhile. */
export function removedFrame(task_id: string): ServerFrame {
  return { type: 'error', code: 'unknown_task', data: 'This run was removed from the history.', task_id };
}

/** How a run ended, as the frames that its viewers get; null while it has not. */
export function endFrames(run: Run): ServerFrame[] | null {
  const { task_id } = run;
  const exit: ServerFrame = { type: 'exit', task_id, code: run.exit_code, signal: run.signal };
  switch (run.state) {
    case 'queued':
    case 'running':
      return null;
    case 'exited':
      return [exit];
    case 'cancelled':
      return [{ type: 'cancelled', task_id }];
    case 'timed_out':
      return [{ type: 'error', code: 'timed_out', data: run.reason ?? 'It took longer than its timeout, and was stopped.', task_id }, exit];
    case 'interrupted':
      return [
        { type: 'error', code: 'interrupted', data: run.reason ?? 'It did not end by itself, and how it ended is not known.', task_id },
      ];
    case 'refused':
      return [{ type: 'error', code: 'run_refused', data: run.reason ?? 'It was not started.', task_id }];
    default:
      return unreachable(run.state);
  }
}

/** A run as lists, tiles and the edge's ring keep it: nothing of its script, arguments, inputs or output. */
export function summaryOf(run: Run): RunSummary {
  return {
    task_id: run.task_id,
    user_id: run.user_id,
    action: run.action ?? null,
    label: run.label,
    state: run.state,
    exit_code: run.exit_code,
    created_at: run.created_at,
    started_at: run.started_at,
    ended_at: run.ended_at,
  };
}
