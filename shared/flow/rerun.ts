import { retriesOf } from './attempts.ts';
import type { Draft } from './draft.ts';
import { sizeOf } from './endings.ts';
import type { JobInstance, JobStep } from './job.ts';
import { beginInstances } from './loop.ts';

/**
 * Takes an ended job up again: from a step on, with all that depend on it, or (null) with all that did not complete. Outputs of the
 * others stay. False when there is nothing to be done again.
 */
export function rerunFrom(draft: Draft, name: string | null): boolean {
  const again = name === null ? notCompleted(draft) : withDependents(draft, name);
  if (again.size === 0) return false;
  const { job } = draft;
  job.steps = job.steps.map((step, position) => {
    if (!again.has(position)) return step;
    const waits_for = new Set(draft.flowStep(position).depends_on.filter((each) => again.has(draft.graph.position.get(each) ?? -1))).size;
    return (name === null && waits_for === 0 ? partOf(draft, position) : null) ?? resetStep(draft, position, waits_for);
  });
  job.counts = { open: again.size, active: 0, suspended: 0 };
  job.size = sizeOf(job.input) + sizeOf(job.task_state) + job.steps.reduce((sum, step) => sum + sizeOfStep(step), 0);
  job.round += 1;
  job.state = 'running';
  job.ended_at = undefined;
  job.error = undefined;
  job.cancelling = undefined;
  const { timeout_s } = draft.plan.task;
  if (timeout_s !== undefined) draft.effect({ type: 'set_timer', timer: 'job:timeout', due: draft.at + timeout_s * 1000 });
  for (const position of again) {
    const step = draft.step(position);
    if (step.loop !== undefined) beginInstances(draft, position);
    else if (step.waits_for === 0) draft.due.push({ position, index: null });
  }
  return true;
}

function notCompleted({ job }: Draft): Set<number> {
  return new Set(job.steps.flatMap(({ state }, position) => (state === 'completed' ? [] : [position])));
}

function withDependents({ graph }: Draft, name: string): Set<number> {
  const first = graph.position.get(name);
  const found = new Set(first === undefined ? [] : [first]);
  // A set goes on to what is added while it is gone through.
  for (const position of found) for (const dependent of graph.dependents[position] ?? []) found.add(dependent);
  return found;
}

function resetStep(draft: Draft, position: number, waits_for: number): JobStep {
  const { name, attempt, loop } = draft.step(position);
  // New instances count on from where the old ones were.
  const used = Math.max(attempt, ...(loop?.pages ?? []).map((page) => Math.max(...page.map((instance) => instance.attempt))));
  return { name, state: 'pending', attempt: used, retries_left: retriesOf(draft, position), waits_for };
}

/** Of a step with `for_each` that was expanded, the instances that did not complete. */
function partOf(draft: Draft, position: number): JobStep | null {
  const { name, attempt, loop } = draft.step(position);
  if (loop === undefined) return null;
  const retries_left = retriesOf(draft, position);
  let open = 0;
  const again = (instance: JobInstance): JobInstance => {
    if (instance.state === 'completed') return instance;
    open += 1;
    return { state: 'pending', attempt: instance.attempt, retries_left, item: instance.item };
  };
  const pages = loop.pages.map((page) => page.map(again));
  if (open === 0) return null;
  return { name, state: 'running', attempt, retries_left, waits_for: 0, started_at: draft.at, loop: { size: loop.size, open, pages } };
}

const sizeOfStep = ({ output, loop }: JobStep): number =>
  sizeOf(output) + (loop?.pages.flat() ?? []).reduce((sum, instance) => sum + sizeOf(instance.item) + sizeOf(instance.output), 0);
