import { retryTimer, timeoutOf, timeoutTimer } from './attempts.ts';
import type { Draft, Place } from './draft.ts';
import { finalize } from './endings.ts';
import { isEnded } from './job.ts';

/** Ends all that has not begun, and asks all that runs to end. */
export function cancelAll(draft: Draft, reason: string): void {
  draft.job.cancelling = reason;
  // What would begin when another one ends goes first.
  for (const place of places(draft)) if (draft.get(place).state === 'pending') finalize(draft, place, 'cancelled', {});
  for (const place of places(draft)) cancelOne(draft, place);
}

/** Every step that is not expanded, and every instance. */
export function places({ job }: Draft): Place[] {
  return job.steps.flatMap(({ loop }, position): Place[] =>
    loop === undefined ? [{ position, index: null }] : Array.from({ length: loop.size }, (_, index) => ({ position, index })),
  );
}

function cancelOne(draft: Draft, place: Place): void {
  const { state, retry_at, held, error } = draft.get(place);
  if (isEnded(state)) return;
  if (retry_at !== undefined) draft.effect({ type: 'clear_timer', timer: retryTimer(draft, place) });
  if (state === 'suspended' && timeoutOf(draft, place.position) !== undefined)
    draft.effect({ type: 'clear_timer', timer: timeoutTimer(draft, place) });
  if (retry_at !== undefined || held || state === 'suspended') finalize(draft, place, 'cancelled', { error });
  else askToEnd(draft, place);
}

/** The attempt goes on until its end is reported. */
export function askToEnd(draft: Draft, place: Place): void {
  const isChild = draft.action(place.position)?.type === 'task';
  draft.effect({ type: isChild ? 'cancel_child' : 'cancel_step', step: draft.name(place), attempt: draft.get(place).attempt });
}
