import type { JobStepView } from '../../../../shared/workflows.ts';

/** The step that is looked at: the one in the address; else the one to look at first. */
export function chosenStep(steps: readonly JobStepView[], name: string | undefined): JobStepView | null {
  const named = steps.find((step) => step.name === name);
  if (named !== undefined) return named;
  const newest = (some: readonly JobStepView[]): JobStepView | undefined =>
    some.toSorted((a, b) => (a.started_at ?? '').localeCompare(b.started_at ?? '')).at(-1);
  const withRun = steps.filter(({ task_id }) => task_id !== null);
  const failed = (some: readonly JobStepView[]): JobStepView | undefined => some.find(({ state }) => state === 'failed');
  return (
    // Of a loop that failed, the instance that did says more than the loop.
    failed(withRun) ??
    failed(steps) ??
    newest(withRun.filter(({ state }) => state === 'running')) ??
    // What waits for an answer has its own place, and no output.
    newest(withRun) ??
    newest(steps.filter(({ started_at }) => started_at !== null)) ??
    steps[0] ??
    null
  );
}
