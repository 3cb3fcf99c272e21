import { unreachable } from './errors.ts';
import type { RunState } from './run-state.ts';

/** How a run ended, in a word; null while it has not. Without anything that it printed or was given. */
export interface RunOutcome {
  word: 'Succeeded' | 'Failed' | 'Cancelled' | 'Timed out' | 'Interrupted' | 'Refused';
  /** Was it neither a success, nor stopped by a person? */
  failed: boolean;
}

export function runOutcome({ state, exit_code }: { state: RunState; exit_code: number | null }): RunOutcome | null {
  switch (state) {
    case 'queued':
    case 'running':
      return null;
    case 'exited':
      return exit_code === 0 ? { word: 'Succeeded', failed: false } : { word: 'Failed', failed: true };
    case 'cancelled':
      return { word: 'Cancelled', failed: false };
    case 'timed_out':
      return { word: 'Timed out', failed: true };
    case 'interrupted':
      return { word: 'Interrupted', failed: true };
    case 'refused':
      return { word: 'Refused', failed: true };
    default:
      return unreachable(state);
  }
}
