import { graphOf } from './graph.ts';
import type { Job, JobStep, Json, Plan } from './job.ts';
import { instanceAt, partsOfName } from './steps.ts';
import type { Lookup } from './template/evaluate.ts';

/**
 * What templates of a job may name: `input.*`, `state.*`, `<step>.output` and `<step>.error` of steps that have ended, and
 * `each.item`, `each.index` in an instance. Secrets and connections are the driver's to add.
 * @param name of the step or instance whose template it is.
 */
export function contextOf(plan: Plan, job: Job, name?: string): Lookup {
  const graph = graphOf(plan);
  const each = name === undefined ? undefined : eachOf(plan, job, name);
  return (asked) => {
    if (asked === 'input') return job.input;
    if (asked === 'state') return job.task_state;
    if (asked === 'each') return each;
    const at = graph.byTemplateName.get(asked);
    const step = at === undefined ? undefined : job.steps[at];
    return step && shownOf(step);
  };
}

function eachOf(plan: Plan, job: Job, name: string): Json | undefined {
  const { step, index } = partsOfName(name);
  const found = index === undefined ? undefined : job.steps[graphOf(plan).position.get(step) ?? -1];
  const instance = found && instanceAt(found, index ?? -1);
  return instance && { item: instance.item, index: index ?? 0 };
}

/** A step that did not end well has an output too, null: a condition may look at it. */
function shownOf({ state, output, error }: JobStep): Json | undefined {
  switch (state) {
    case 'completed':
      return output === undefined ? {} : { output };
    case 'failed':
      return error === undefined ? { output: null } : { output: null, error };
    case 'cancelled':
    case 'skipped':
    case 'suspended':
      return { output: null };
    default:
      return undefined;
  }
}

/** What a whole job gives: the outputs of the steps on which no other depends, by their names. */
export function outputOf(plan: Plan, job: Job): Record<string, Json> {
  const { dependents } = graphOf(plan);
  const last = job.steps.filter((_, at) => dependents[at]?.length === 0);
  return Object.fromEntries(
    last.flatMap(({ name, state, output }) => (state === 'completed' && output !== undefined ? [[name, output]] : [])),
  );
}
