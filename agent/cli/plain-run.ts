import type { Run } from '../../shared/runs.ts';
import { exitCodeOf } from './follow.ts';
import { duration } from './plain-text.ts';

/** How it stands with a run: “exit 3”, “running”. */
export function stateOf(run: Pick<Run, 'state' | 'exit_code' | 'signal'>): string {
  return run.state === 'exited' ? `exit ${exitCodeOf(run)}` : run.state;
}

/** How long it took, or takes; empty where it never began. */
export function tookOf(run: Pick<Run, 'started_at' | 'ended_at'>): string {
  if (run.started_at === null) return '';
  return duration((run.ended_at === null ? Date.now() : Date.parse(run.ended_at)) - Date.parse(run.started_at));
}
