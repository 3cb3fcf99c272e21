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
