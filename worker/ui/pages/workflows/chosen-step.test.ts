import { expect, test } from 'vitest';
import type { JobStepView } from '../../../../shared/workflows.ts';
import { chosenStep } from './chosen-step.ts';
import { stepView } from './jobs-harness.ts';

function step(name: string, state: JobStepView['state'], second: number | null, run = second !== null): JobStepView {
  return stepView(name, {
    state,
    task_id: run ? '00000000-0000-4000-8000-000000000000' : null,
    started_at: second === null ? null : new Date(second * 1000).toISOString(),
  });
}

const chosen = (steps: JobStepView[], name?: string): string | undefined => chosenStep(steps, name)?.name;

test('the step in the address is looked at, if there is one', () => {
  const steps = [step('a', 'completed', 1), step('b', 'failed', 2)];
  expect([chosen(steps, 'a'), chosen(steps, 'nobody'), chosen([])]).toEqual(['a', 'b', undefined]);
});

test('else what failed, what runs, what ran last, what comes first', () => {
  const waits = step('asks', 'suspended', 9, false);
  expect(chosen([step('loop', 'failed', 1, false), step('loop[1]', 'failed', 2), step('c', 'running', 3)])).toBe('loop[1]');
  expect(chosen([step('a', 'completed', 1), step('c', 'running', 3), step('b', 'running', 2), waits])).toBe('c');
  expect(chosen([step('a', 'completed', 1), step('b', 'completed', 2), waits])).toBe('b');
  expect(chosen([step('a', 'skipped', null), waits])).toBe('asks');
  expect(chosen([step('a', 'pending', null), step('b', 'pending', null)])).toBe('a');
});
