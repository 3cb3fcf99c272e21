import type { Draft, Place } from './draft.ts';
import { isEnded, type Json, type Outcome } from './job.ts';
import { instanceAt } from './steps.ts';

/** The ends of steps and instances, and what follows from them. */

export interface Result {
  output?: Json | undefined;
  error?: string | undefined;
  /** Who answered. */
  by?: string;
}

/** Characters of JSON. */
export const sizeOf = (value: Json | undefined): number => (value === undefined ? 0 : JSON.stringify(value).length);

export function dropOutput(draft: Draft, place: Place): void {
  draft.job.size -= sizeOf(draft.get(place).output);
  draft.change(place, { output: undefined });
}

/** The end of a step or instance, after which it has no further attempt of itself. */
export function finalize(draft: Draft, place: Place, state: Outcome | 'skipped', result: Result): void {
  const { position, index } = place;
  if (isEnded(draft.get(place).state)) return;
  dropOutput(draft, place);
  const output = state === 'completed' ? result.output : undefined;
  draft.job.size += sizeOf(output);
  draft.change(place, {
    state,
    output,
    error: state === 'completed' ? undefined : result.error,
    ended_at: draft.at,
    retry_at: undefined,
    held: undefined,
    doomed: undefined,
    ...(result.by === undefined ? {} : { answered_by: result.by }),
  });
  if (index === null) release(draft, position);
  else instanceEnded(draft, position, index);
}

/** What depends on an ended step waits for one step less. */
function release(draft: Draft, position: number): void {
  for (const dependent of draft.graph.dependents[position] ?? []) {
    const step = draft.step(dependent);
    if (step.state !== 'pending') continue;
    const waits_for = step.waits_for - 1;
    const place = { position: dependent, index: null };
    draft.change(place, { waits_for });
    if (waits_for === 0) draft.due.push(place);
  }
}

/** One after the other: the next instance, or none after one that did not do its work. All ended: the step has. */
function instanceEnded(draft: Draft, position: number, index: number): void {
  const { sequential, continue_on_failure } = draft.flowStep(position);
  const next = { position, index: index + 1 };
  if (sequential && draft.job.cancelling === undefined && draft.find(next)?.state === 'pending') {
    const { state } = draft.get({ position, index });
    if (state === 'completed' || state === 'skipped' || continue_on_failure) draft.due.push(next);
    else skipFrom(draft, next);
  }
  if (draft.step(position).loop?.open === 0) gather(draft, position);
}

function skipFrom(draft: Draft, { position, index }: Place): void {
  const size = draft.step(position).loop?.size ?? 0;
  for (let at = index ?? 0; at < size; at += 1) {
    const place = { position, index: at };
    if (draft.get(place).state === 'pending') draft.change(place, { state: 'skipped', ended_at: draft.at });
  }
}

/** Named in the error of a step; of the others their number is enough. */
const NAMED = 5;

/** What the instances of a step come to, all of which have ended. */
function gather(draft: Draft, position: number): void {
  const instances = draft.step(position).loop?.pages.flat() ?? [];
  const place = { position, index: null };
  const those = (state: Outcome): number[] => instances.flatMap((each, index) => (each.state === state ? [index] : []));
  const [bad, cancelled] = [those('failed'), those('cancelled')];
  const { continue_on_failure } = draft.flowStep(position);
  if (bad.length > 0 && !continue_on_failure) {
    const first = bad.slice(0, NAMED).map((index) => `[${index}] ${instanceAt(draft.step(position), index)?.error ?? ''}`.trim());
    const more = bad.length > NAMED ? ' …' : '';
    finalize(draft, place, 'failed', { error: `${bad.length} of ${instances.length} instances failed: ${first.join('; ')}${more}` });
  } else if (cancelled.length > 0 && (!continue_on_failure || draft.job.cancelling !== undefined)) finalize(draft, place, 'cancelled', {});
  else finalize(draft, place, 'completed', { output: instances.map(({ output }) => output ?? null) });
}
