import { shallowJson } from '../json.ts';
import { retriesOf } from './attempts.ts';
import { conditionError } from './condition-error.ts';
import { contextOf } from './context.ts';
import type { Draft } from './draft.ts';
import { finalize, sizeOf } from './endings.ts';
import { type JobInstance, type Json, MAX_INSTANCES, MAX_JOB_SIZE, PAGE } from './job.ts';
import { kindOf } from './template/values.ts';
import { evaluate, itemsOf, parseList, renderValue } from './template.ts';

/** Makes the instances of a step with `for_each`, and lets them begin: all, or the first of them. */
export function expandStep(draft: Draft, position: number, for_each: string | Json[]): void {
  const place = { position, index: null };
  const items = listed(draft, for_each);
  if (typeof items === 'string') return finalize(draft, place, 'failed', { error: `for_each: ${items}` });
  if (items.length === 0) return finalize(draft, place, 'skipped', {});
  draft.job.size += sizeOf(items);
  const used = draft.get(place).attempt;
  const retries_left = retriesOf(draft, position);
  const pages: JobInstance[][] = [];
  for (let from = 0; from < items.length; from += PAGE)
    pages.push(items.slice(from, from + PAGE).map((item) => ({ state: 'pending', attempt: used, retries_left, item })));
  draft.change(place, { state: 'running', started_at: draft.at, loop: { size: items.length, open: items.length, pages } });
  draft.job.started_at ??= draft.at;
  beginInstances(draft, position);
}

/** Of the instances that have not begun: all, or where they go one after the other the first. */
export function beginInstances(draft: Draft, position: number): void {
  const { sequential } = draft.flowStep(position);
  const size = draft.step(position).loop?.size ?? 0;
  for (let index = 0; index < size; index += 1) {
    const place = { position, index };
    if (draft.get(place).state !== 'pending') continue;
    draft.due.push(place);
    if (sequential) return;
  }
}

/** The items, or the sentence of why there are none. */
function listed(draft: Draft, for_each: string | Json[]): Json[] | string {
  try {
    const context = contextOf(draft.plan, draft.job);
    const value = typeof for_each === 'string' ? evaluate(parseList(for_each), context) : renderValue(for_each, context);
    const items = itemsOf(value);
    if (items === null) return `a list is expected, and this is ${kindOf(value)}.`;
    if (items.length > MAX_INSTANCES) return `it gives ${items.length} items, and at most ${MAX_INSTANCES} are run.`;
    if (!shallowJson.safeParse(items).success) return 'its items are nested too deep.';
    return draft.job.size + sizeOf(items) > MAX_JOB_SIZE
      ? 'its items are larger than 4 MiB together with what the job has already.'
      : items;
  } catch (thrown) {
    return conditionError(thrown);
  }
}
