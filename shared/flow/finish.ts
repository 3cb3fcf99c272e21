import { delayOf } from './attempts.ts';
import type { Hook } from './definition.ts';
import type { Draft } from './draft.ts';
import { finalize } from './endings.ts';
import { isEnded, type JobStep } from './job.ts';

/** The job as a whole, after every event: whether it runs, waits or is over. */

type End = 'completed' | 'failed' | 'cancelled' | 'skipped';

const MAX_ERROR = 2000;

/** What nothing can ever begin (steps that wait for each other) fails. */
export function failStuck(draft: Draft): void {
  const { open, active, suspended } = draft.job.counts;
  if (open === 0 || active > 0 || suspended > 0) return;
  for (const [position, step] of draft.job.steps.entries())
    if (!isEnded(step.state)) finalize(draft, { position, index: null }, 'failed', { error: 'It waits for steps that wait for it.' });
}

export function concludeJob(draft: Draft): void {
  const { job } = draft;
  if (isEnded(job.state)) return;
  if (draft.suspended !== null) fireHooks(draft, 'on_suspended', draft.plan.task.on_suspended);
  if (job.counts.open > 0) {
    if (job.counts.active === 0 && job.counts.suspended > 0) job.state = 'suspended';
    else job.state = job.started_at === undefined ? 'pending' : 'running';
    return;
  }
  const state = endOf(draft);
  job.state = state;
  job.ended_at = draft.at;
  job.error = errorOf(draft, state);
  if (draft.plan.task.timeout_s !== undefined) draft.effect({ type: 'clear_timer', timer: 'job:timeout' });
  if (!retried(draft, state)) hooksOf(draft, state);
  draft.effect({ type: 'finish', state });
}

function endOf(draft: Draft): End {
  const { job } = draft;
  if (job.cancelling !== undefined) return 'cancelled';
  if (hurts(draft, 'failed').length > 0) return 'failed';
  if (hurts(draft, 'cancelled').length > 0) return 'cancelled';
  return job.steps.length > 0 && job.steps.every(({ state }) => state === 'skipped') ? 'skipped' : 'completed';
}

/** Steps that ended so, and whose job does not put up with it. */
function hurts(draft: Draft, state: JobStep['state']): JobStep[] {
  return draft.job.steps.filter((step, at) => step.state === state && !draft.flowStep(at).continue_on_failure);
}

function errorOf(draft: Draft, state: End): string | undefined {
  if (state === 'cancelled' && draft.job.cancelling !== undefined) return draft.job.cancelling;
  if (state !== 'failed') return undefined;
  const text = hurts(draft, 'failed')
    .map(({ name, error }) => `${name}: ${error ?? 'failed'}`)
    .join('\n');
  return text.length > MAX_ERROR ? `${text.slice(0, MAX_ERROR)}…` : text;
}

/** The task's own retry, before which no hooks are fired. */
function retried(draft: Draft, state: End): boolean {
  const { retry: policy } = draft.plan.task;
  const { retry } = draft.job;
  if (state !== 'failed' || policy === undefined || retry + 1 >= policy.max_attempts) return false;
  draft.effect({ type: 'retry_job', due: draft.at + delayOf(policy, retry, draft.chance), retry: retry + 1 });
  return true;
}

function hooksOf(draft: Draft, state: End): void {
  const { task, workspace_hooks } = draft.plan;
  const isTop = draft.job.depth === 0;
  const of = (own: Hook[], workspace: Hook[]): Hook[] => (own.length > 0 || !isTop ? own : workspace);
  if (state === 'completed') fireHooks(draft, 'on_success', of(task.on_success, workspace_hooks.on_success));
  if (state === 'failed') fireHooks(draft, 'on_error', of(task.on_error, workspace_hooks.on_error));
  if (state === 'cancelled') fireHooks(draft, 'on_cancel', task.on_cancel);
}

/** A hook's job fires none. */
function fireHooks(draft: Draft, on: 'on_success' | 'on_error' | 'on_cancel' | 'on_suspended', hooks: Hook[]): void {
  if (hooks.length > 0 && draft.job.source !== 'hook') draft.effect({ type: 'fire_hooks', on, hooks });
}
