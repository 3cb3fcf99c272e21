import { unreachable } from '../errors.ts';
import { askToStart, begin, end, keepOutput, keepState, retriesOf, retryTimer, started, timeoutOf, unmatched } from './attempts.ts';
import { askToEnd, cancelAll, places } from './cancel.ts';
import { Draft, type Place } from './draft.ts';
import { finalize, sizeOf } from './endings.ts';
import { concludeJob, failStuck } from './finish.ts';
import { graphOf } from './graph.ts';
import { type FlowEffect, type FlowEvent, isEnded, type Job, type Plan } from './job.ts';
import { rerunFrom } from './rerun.ts';
import { settle } from './settle.ts';

/**
 * The engine of workflows: what an event makes of a job, and what is to be done about it. A pure function: time, ids and chance come
 * in with the event, the job that is given stays as it is, and the same events in the same order give the same job and the same
 * effects, on a host as at the edge. An event of an attempt that is over, or of a step that there is not, changes nothing.
 *
 * The driver's part: it writes event, job and effects in one transaction before it does an effect, does an effect of a key once, and
 * reports the end of every attempt that it was told to start.
 * @param job null for `created`, which makes it.
 */
export function reduce(plan: Plan, job: Job | null, event: FlowEvent): { job: Job; effects: FlowEffect[] } {
  if (job === null) {
    if (event.type !== 'created') throw new Error(`A job begins with “created”, not with “${event.type}”.`);
    return concluded(created(plan, event));
  }
  const draft = new Draft(plan, job, event.at, 'chance' in event ? event.chance : undefined);
  return apply(draft, event) ? concluded(draft) : { job, effects: [] };
}

function concluded(draft: Draft): { job: Job; effects: FlowEffect[] } {
  settle(draft);
  failStuck(draft);
  concludeJob(draft);
  return { job: draft.job, effects: draft.effects };
}

function created(plan: Plan, { at, id, input, source, depth, retry, state }: FlowEvent & { type: 'created' }): Draft {
  const { position } = graphOf(plan);
  const flow = Object.entries(plan.task.flow);
  const draft = new Draft(
    plan,
    {
      id,
      state: 'pending',
      input,
      task_state: state,
      source,
      depth,
      retry,
      round: 0,
      created_at: at,
      steps: flow.map(([name, { depends_on }]) => ({
        name,
        state: 'pending',
        attempt: 0,
        retries_left: 0,
        waits_for: new Set(depends_on.filter((each) => position.has(each))).size,
      })),
      counts: { open: flow.length, active: 0, suspended: 0 },
      size: sizeOf(input) + sizeOf(state),
      host_lost: false,
    },
    at,
  );
  if (plan.task.timeout_s !== undefined) draft.effect({ type: 'set_timer', timer: 'job:timeout', due: at + plan.task.timeout_s * 1000 });
  for (const [at, { waits_for }] of draft.job.steps.entries()) {
    const place = { position: at, index: null };
    draft.change(place, { retries_left: retriesOf(draft, at) });
    if (waits_for === 0) draft.due.push(place);
  }
  return draft;
}

/** False when the event says nothing about this job any more. */
function apply(draft: Draft, event: FlowEvent): boolean {
  const { job } = draft;
  if (event.type === 'host_lost' || event.type === 'host_back') return hostIs(draft, event.type === 'host_lost');
  if (event.type === 'rerun_from') return isEnded(job.state) && rerunFrom(draft, event.step);
  if (isEnded(job.state)) return false;
  switch (event.type) {
    case 'created':
      return false;
    case 'step_started': {
      const place = running(draft, event.step, event.attempt);
      if (place === null || draft.get(place).state !== 'ready') return false;
      draft.change(place, { state: 'running' });
      started(draft, place);
      return true;
    }
    case 'unmatched': {
      const place = running(draft, event.step, event.attempt);
      return place !== null && unmatched(draft, place, event);
    }
    case 'output': {
      const place = running(draft, event.step, event.attempt);
      if (place === null) return false;
      keepOutput(draft, place, event.output);
      return true;
    }
    case 'step_ended':
    case 'child_ended': {
      // A question can fail to be asked; only a person answers it.
      const question = event.outcome === 'completed' ? null : openQuestion(draft, event.step, event.attempt);
      const place = running(draft, event.step, event.attempt) ?? question;
      if (place === null) return false;
      if ('state' in event && event.state !== undefined) keepState(draft, place, event.state);
      end(draft, place, event.outcome, event);
      return true;
    }
    case 'timer':
      return timerFired(draft, event.timer);
    case 'cancel':
      if (job.cancelling !== undefined) return false;
      cancelAll(draft, event.reason);
      return true;
    case 'approved':
    case 'rejected':
      return answered(draft, event);
    default:
      return unreachable(event);
  }
}

/** The place of an attempt that was begun and has not ended. */
function running(draft: Draft, name: string, attempt: number): Place | null {
  const place = draft.place(name);
  const step = place && draft.find(place);
  if (!step || step.attempt !== attempt || step.retry_at !== undefined || step.held || ('loop' in step && step.loop !== undefined))
    return null;
  return step.state === 'ready' || step.state === 'running' ? place : null;
}

/** The place of a question that waits for its answer. */
function openQuestion(draft: Draft, name: string, attempt?: number): Place | null {
  const place = draft.place(name);
  const step = place && draft.find(place);
  return step?.state === 'suspended' && (attempt === undefined || step.attempt === attempt) ? place : null;
}

function answered(draft: Draft, event: FlowEvent & { type: 'approved' | 'rejected' }): boolean {
  const place = openQuestion(draft, event.step);
  if (place === null) return false;
  const { by } = event;
  if (timeoutOf(draft, place.position) !== undefined) clearTimeoutOf(draft, event.step, place);
  if (event.type === 'approved') {
    const approved_at = new Date(draft.at).toISOString();
    const output = { approved: true, approved_by: by, approved_at, ...(event.input === undefined ? {} : { input: event.input }) };
    finalize(draft, place, 'completed', { output, by });
  } else finalize(draft, place, 'failed', { error: event.reason === '' ? `Rejected by ${by}.` : `Rejected by ${by}: ${event.reason}`, by });
  return true;
}

function clearTimeoutOf(draft: Draft, name: string, place: Place): void {
  draft.effect({ type: 'clear_timer', timer: `step:${name}:${draft.get(place).attempt}:timeout` });
}

function timerFired(draft: Draft, timer: string): boolean {
  const { job } = draft;
  if (timer === 'job:timeout') {
    if (job.cancelling !== undefined) return false;
    cancelAll(draft, `Timed out after ${draft.plan.task.timeout_s ?? 0} s.`);
    return true;
  }
  const [, name = '', attempt = '', kind] = /^step:(.+):(\d+):(timeout|retry|unmatched)$/.exec(timer) ?? [];
  if (kind === 'retry') {
    const place = draft.place(name);
    if (place === null || draft.get(place).retry_at === undefined || retryTimer(draft, place) !== timer) return false;
    begin(draft, place);
    return true;
  }
  if (kind === 'unmatched') {
    const place = running(draft, name, Number(attempt));
    const step = place === null ? null : draft.get(place);
    if (place === null || step?.lacks === undefined) return false;
    draft.change(place, { doomed: step.error ?? '' });
    askToEnd(draft, place);
    return true;
  }
  const seconds = (place: Place): number => timeoutOf(draft, place.position) ?? 0;
  const question = openQuestion(draft, name, Number(attempt));
  if (question !== null) {
    finalize(draft, question, 'failed', { error: `Nobody answered within ${seconds(question)} s.` });
    return true;
  }
  const place = running(draft, name, Number(attempt));
  if (place === null || draft.get(place).doomed !== undefined) return false;
  draft.change(place, { doomed: `Timed out after ${seconds(place)} s.` });
  askToEnd(draft, place);
  return true;
}

/** While the host is away nothing is begun. When it is back it is told again what it may not have heard. */
function hostIs(draft: Draft, lost: boolean): boolean {
  const { job } = draft;
  if (job.host_lost === lost) return false;
  job.host_lost = lost;
  if (isEnded(job.state)) return true;
  for (const place of lost ? [] : places(draft)) {
    const { state, held, retry_at, doomed } = draft.get(place);
    if (held) begin(draft, place);
    else if (retry_at === undefined && (state === 'ready' || state === 'running')) {
      if (state === 'ready' || draft.action(place.position)?.type === 'task') askToStart(draft, place);
      if (job.cancelling !== undefined || doomed !== undefined) askToEnd(draft, place);
    }
  }
  return true;
}
