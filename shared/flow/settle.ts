import { begin } from './attempts.ts';
import { conditionError } from './condition-error.ts';
import { contextOf } from './context.ts';
import type { Draft } from './draft.ts';
import { finalize } from './endings.ts';
import { expandStep } from './loop.ts';
import { evaluate, isTruthy, parseCondition } from './template.ts';

/** Lets begin whatever may, and skips what can't, until nothing follows any more. */
export function settle(draft: Draft): void {
  for (let at = 0; at < draft.due.length; at += 1) {
    const next = draft.due[at];
    if (next === undefined || draft.get(next).state !== 'pending') continue;
    if (next.index === null) settleStep(draft, next.position);
    else begin(draft, next);
  }
}

/** A step whose dependencies have all ended. */
function settleStep(draft: Draft, position: number): void {
  const { depends_on, continue_on_failure, when, for_each } = draft.flowStep(position);
  const place = { position, index: null };
  const states = depends_on.flatMap((name) => draft.job.steps[draft.graph.position.get(name) ?? -1]?.state ?? []);
  const isBad = states.some((state) => state === 'failed' || state === 'cancelled');
  const noneRan = states.length > 0 && states.every((state) => state === 'skipped');
  if (!continue_on_failure && (isBad || noneRan)) return finalize(draft, place, 'skipped', {});
  const condition = when === undefined ? true : holds(draft, when);
  if (typeof condition === 'string') return finalize(draft, place, 'failed', { error: `when: ${condition}` });
  if (!condition) return finalize(draft, place, 'skipped', {});
  if (for_each === undefined) begin(draft, place);
  else expandStep(draft, position, for_each);
}

/** Whether the step runs, or the sentence of why this can't be told. */
function holds(draft: Draft, when: string): boolean | string {
  try {
    return isTruthy(evaluate(parseCondition(when), contextOf(draft.plan, draft.job)));
  } catch (thrown) {
    return conditionError(thrown);
  }
}
