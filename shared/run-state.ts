/** The states of a run. Without the schema library, for the page. */
export const RUN_STATES = ['queued', 'running', 'exited', 'cancelled', 'timed_out', 'interrupted', 'refused'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** `queued` and `running` change; the others are for ever. */
export function isFinal(state: RunState): boolean {
  return state !== 'queued' && state !== 'running';
}

export function isRunState(value: unknown): value is RunState {
  return RUN_STATES.some((state) => state === value);
}

/** How a run stands, in one word: a state, with `exited` told apart by its exit code. */
export const RUN_RESULTS = ['queued', 'running', 'succeeded', 'failed', 'timed_out', 'interrupted', 'cancelled', 'refused'] as const;
export type RunResult = (typeof RUN_RESULTS)[number];

/** @param run.exit_code null when a signal ended it: that has failed, too. */
export function resultOf(run: { state: RunState; exit_code: number | null }): RunResult {
  if (run.state !== 'exited') return run.state;
  return run.exit_code === 0 ? 'succeeded' : 'failed';
}

export function isRunResult(value: unknown): value is RunResult {
  return RUN_RESULTS.some((result) => result === value);
}
