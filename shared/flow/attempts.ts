import { MAX_BACKOFF, type RetryPolicy } from './definition.ts';
import type { Draft, Place } from './draft.ts';
import { dropOutput, finalize, type Result, sizeOf } from './endings.ts';
import { type Json, MAX_DEPTH, MAX_JOB_SIZE, MAX_OUTPUT_SIZE, type Outcome } from './job.ts';

/** The attempts of a step or of an instance: begun, ended, and begun again. */

export const timeoutTimer = (draft: Draft, place: Place): string => `step:${draft.name(place)}:${draft.get(place).attempt}:timeout`;
export const unmatchedTimer = (draft: Draft, place: Place): string => `step:${draft.name(place)}:${draft.get(place).attempt}:unmatched`;
export const retryTimer = (draft: Draft, place: Place): string => `step:${draft.name(place)}:${draft.get(place).attempt}:retry`;

export function policyOf(draft: Draft, position: number): RetryPolicy | undefined {
  const action = draft.action(position);
  return action?.type === 'approval' ? undefined : (draft.flowStep(position).retry ?? action?.retry);
}

export const retriesOf = (draft: Draft, position: number): number => (policyOf(draft, position)?.max_attempts ?? 1) - 1;

/** Seconds that one attempt may take. */
export const timeoutOf = (draft: Draft, position: number): number | undefined =>
  draft.flowStep(position).timeout_s ?? draft.action(position)?.timeout_s;

/** Milliseconds before a retry. @param before how many there were. @param chance 0 to 1. */
export function delayOf(policy: RetryPolicy, before: number, chance: number): number {
  const factor = policy.backoff === 'exponential' ? Math.min(2 ** before, MAX_BACKOFF) : 1;
  return Math.round(policy.delay_s * 1000 * factor * (policy.jitter ? 0.75 + chance / 2 : 1));
}

/** The next attempt. */
export function begin(draft: Draft, place: Place): void {
  const { position } = place;
  const action = draft.action(position);
  if (action === undefined) return end(draft, place, 'failed', { error: `There is no action “${draft.flowStep(position).action}”.` });
  if (draft.job.host_lost && action.type !== 'approval') return draft.change(place, { state: 'ready', held: true, retry_at: undefined });
  const attempt = draft.get(place).attempt + 1;
  const fresh = {
    attempt,
    held: undefined,
    retry_at: undefined,
    started_at: undefined,
    ended_at: undefined,
    output: undefined,
    error: undefined,
    doomed: undefined,
    lacks: undefined,
  };
  switch (action.type) {
    case 'approval':
      draft.change(place, { ...fresh, state: 'suspended' });
      started(draft, place);
      draft.suspended = place;
      draft.effect({ type: 'ask', step: draft.name(place), attempt });
      return;
    case 'task':
      draft.change(place, { ...fresh, state: 'running' });
      if (draft.job.depth >= MAX_DEPTH)
        return finalize(draft, place, 'failed', {
          error: `Jobs start each other at most ${MAX_DEPTH} deep. Does “${action.task}” start itself?`,
        });
      started(draft, place);
      return askToStart(draft, place);
    default:
      draft.change(place, { ...fresh, state: 'ready' });
      askToStart(draft, place);
  }
}

export function askToStart(draft: Draft, place: Place): void {
  const action = draft.action(place.position);
  const which = { step: draft.name(place), attempt: draft.get(place).attempt };
  if (action?.type === 'task') draft.effect({ type: 'start_child', ...which, task: action.task });
  else draft.effect({ type: 'start_step', ...which });
}

/** A step that no host can take fails after so long. */
export const UNMATCHED_MS = 30_000;

/** No host can take an attempt now: the longest wait for one begins. @returns false where it has begun already. */
export function unmatched(draft: Draft, place: Place, { lacks, has }: { lacks: string[]; has: string[] }): boolean {
  const step = draft.get(place);
  if (step.state !== 'ready' || step.lacks !== undefined) return false;
  draft.change(place, { lacks, error: unmatchedSentence(lacks, has) });
  draft.effect({ type: 'set_timer', timer: unmatchedTimer(draft, place), due: draft.at + UNMATCHED_MS });
  return true;
}

function unmatchedSentence(lacks: string[], has: string[]): string {
  const names = lacks.map((tag) => `“${tag}”`).join(' and ');
  return `No host that is known can take this step: it needs ${names}, and there is ${has.join(', ') || 'nothing'}. Install what is missing, or add the tag in the settings.`;
}

/** It is taken, or over: nobody waits for a host any more. */
function matched(draft: Draft, place: Place): void {
  if (draft.get(place).lacks === undefined) return;
  draft.effect({ type: 'clear_timer', timer: unmatchedTimer(draft, place) });
  draft.change(place, { lacks: undefined, error: undefined });
}

/** An attempt runs, or waits for an answer, from now on: its timeout does too. */
export function started(draft: Draft, place: Place): void {
  matched(draft, place);
  draft.change(place, { started_at: draft.at });
  draft.job.started_at ??= draft.at;
  const seconds = timeoutOf(draft, place.position);
  if (seconds !== undefined) draft.effect({ type: 'set_timer', timer: timeoutTimer(draft, place), due: draft.at + seconds * 1000 });
}

/** An attempt ended, one way or another: perhaps there is another one. */
export function end(draft: Draft, place: Place, outcome: Outcome, result: Result): void {
  matched(draft, place);
  const step = draft.get(place);
  if (step.started_at !== undefined && timeoutOf(draft, place.position) !== undefined)
    draft.effect({ type: 'clear_timer', timer: timeoutTimer(draft, place) });
  const output = result.output === undefined ? step.output : result.output;
  const excess = outcome === 'completed' ? excessOf(draft, place, output) : null;
  const doomed = step.doomed ?? excess;
  if (doomed !== null && !(outcome === 'cancelled' && draft.job.cancelling !== undefined)) failed(draft, place, doomed);
  else if (outcome === 'failed') failed(draft, place, result.error ?? 'Failed.');
  else finalize(draft, place, outcome, { ...result, output });
}

function excessOf(draft: Draft, place: Place, output: Json | undefined): string | null {
  const size = sizeOf(output);
  if (size > MAX_OUTPUT_SIZE) return 'The output is larger than 256 KiB: keep it as an artifact, and put its name into the output.';
  const others = draft.job.size - sizeOf(draft.get(place).output);
  return others + size > MAX_JOB_SIZE ? 'All outputs of the job together are larger than 4 MiB: keep large ones as artifacts.' : null;
}

/** An output that came while the attempt runs. */
export function keepOutput(draft: Draft, place: Place, output: Json): void {
  const excess = excessOf(draft, place, output);
  if (excess !== null) return draft.change(place, { doomed: excess });
  draft.job.size += sizeOf(output) - sizeOf(draft.get(place).output);
  draft.change(place, { output });
}

/** State that a step wrote down. What would make the job too large is left out, and fails the attempt. */
export function keepState(draft: Draft, place: Place, state: Record<string, Json>): void {
  const { job } = draft;
  const task_state = { ...job.task_state, ...state };
  const size = job.size + sizeOf(task_state) - sizeOf(job.task_state);
  if (size > MAX_JOB_SIZE) return draft.change(place, { doomed: 'Its state makes the job larger than 4 MiB: keep large values in files.' });
  job.task_state = task_state;
  job.size = size;
}

function failed(draft: Draft, place: Place, error: string): void {
  const { retries_left, attempt } = draft.get(place);
  const policy = policyOf(draft, place.position);
  if (policy === undefined || retries_left === 0 || draft.job.cancelling !== undefined) return finalize(draft, place, 'failed', { error });
  const retry_at = draft.at + delayOf(policy, policy.max_attempts - 1 - retries_left, draft.chance);
  dropOutput(draft, place);
  draft.change(place, { state: 'ready', retry_at, retries_left: retries_left - 1, error, ended_at: draft.at, doomed: undefined });
  draft.effect({ type: 'set_timer', timer: `step:${draft.name(place)}:${attempt}:retry`, due: retry_at });
}
