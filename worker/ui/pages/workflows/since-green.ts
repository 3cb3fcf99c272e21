import type { Job } from '../../../../shared/workflows.ts';
import { isOver, tookOf } from './job-words.ts';

/** What is other than it was in the last job of the task that succeeded: where somebody looks first when one fails. */
export type Change =
  | { what: 'revision'; before: string; now: string }
  | { what: 'input'; name: string; before: string | null; now: string | null }
  | { what: 'added' | 'removed'; step: string }
  | { what: 'state'; step: string; before: Job['steps'][number]['state']; now: Job['steps'][number]['state'] }
  | { what: 'slower'; step: string; before_ms: number; now_ms: number };

/** A step that took so many times as long, and so many milliseconds more, is told of. */
const SLOWER = { times: 3, by_ms: 2000 };

export function changesSince(green: Job, job: Job): Change[] {
  const changes: Change[] = [];
  if (green.revision !== job.revision) changes.push({ what: 'revision', before: green.revision, now: job.revision });
  for (const name of new Set([...Object.keys(green.input), ...Object.keys(job.input)])) {
    const [before, now] = [shownValue(green.input, name), shownValue(job.input, name)];
    if (before !== now) changes.push({ what: 'input', name, before, now });
  }
  const steps = ({ steps: all }: Job) => new Map(all.filter(({ each }) => each === null).map((step) => [step.name, step]));
  const [before, now] = [steps(green), steps(job)];
  for (const [step, own] of now) {
    const other = before.get(step);
    if (other === undefined) {
      changes.push({ what: 'added', step });
      continue;
    }
    // What was skipped follows from what went wrong.
    if (isOver(own) && own.state !== other.state && own.state !== 'skipped')
      changes.push({ what: 'state', step, before: other.state, now: own.state });
    const [before_ms, now_ms] = [other, own].map((one) => (one.ended_at === null ? null : tookOf(one, 0)));
    if (before_ms != null && now_ms != null && now_ms > before_ms * SLOWER.times && now_ms - before_ms > SLOWER.by_ms)
      changes.push({ what: 'slower', step, before_ms, now_ms });
  }
  for (const step of before.keys()) if (!now.has(step)) changes.push({ what: 'removed', step });
  return changes;
}

/** A value in so few letters that a line takes it; null where there is none. */
export function shownValue(values: Readonly<Record<string, unknown>>, name: string): string | null {
  if (!Object.hasOwn(values, name)) return null;
  const value = values[name];
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}
