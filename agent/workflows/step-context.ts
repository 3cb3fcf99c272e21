import type { Action, Step } from '../../shared/flow/definition.ts';
import type { Json, Plan } from '../../shared/flow/job.ts';
import { partsOfName } from '../../shared/flow/steps.ts';
import type { Lookup } from '../../shared/flow/template/evaluate.ts';
import { isObject } from '../../shared/flow/template/values.ts';

/** The step of the flow that a step or an instance of one is. @throws when there is none of that name. */
export function stepOfFlow(plan: Plan, name: string): Step {
  const step = plan.task.flow[partsOfName(name).step];
  if (step === undefined) throw new Error(`no step ${name} in ${plan.task_name}`);
  return step;
}

/** The action of a step, or of an instance of one. */
export function actionOf(plan: Plan, name: string): Action | undefined {
  return plan.actions[stepOfFlow(plan, name).action];
}

/** What templates of an action may name: `input` is what its step gives it. One that stands in its step may name the task's inputs, too. */
export function contextOfAction(plan: Plan, name: string, input: Record<string, Json>, lookup: Lookup): Lookup {
  const isInline = stepOfFlow(plan, name).action === `${plan.task_name}.${partsOfName(name).step}`;
  const ofTask = isInline ? (lookup('input') ?? null) : null;
  const given = isObject(ofTask) ? { ...ofTask, ...input } : input;
  return (asked) => (asked === 'input' ? given : lookup(asked));
}
