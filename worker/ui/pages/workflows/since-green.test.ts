import { expect, test } from 'vitest';
import type { Job } from '../../../../shared/workflows.ts';
import { stepView as step } from './jobs-harness.ts';
import { changesSince } from './since-green.ts';

function job(of: Partial<Job>): Job {
  return {
    job_id: 'j',
    host: 'h',
    workspace: 'w',
    task: 't',
    revision: 'r1',
    state: 'failed',
    source: 'page',
    source_id: null,
    user: 'ada',
    user_id: 'u',
    created_at: '2026-11-29T12:00:00.000Z',
    started_at: null,
    ended_at: null,
    error: null,
    input: {},
    steps: [],
    stopping: false,
    ...of,
  };
}

test('two jobs that did the same differ in nothing', () => {
  expect(changesSince(job({ steps: [step('a')] }), job({ steps: [step('a')] }))).toEqual([]);
});

test('names the revision, inputs, steps that came, went, ended otherwise or took much longer', () => {
  const green = job({
    input: { env: 'staging', n: 1, gone: [1] },
    steps: [step('a'), step('b'), step('old'), step('slow'), step('behind')],
  });
  const now = job({
    revision: 'r2',
    input: { env: 'production', n: 1, fresh: '' },
    steps: [
      step('a'),
      step('b', { state: 'failed' }),
      step('behind', { state: 'skipped' }),
      step('new'),
      step('slow', { ended_at: '2026-11-29T12:00:09.000Z' }),
      // Of a loop its step alone is compared.
      step('a[0]', { state: 'failed', each: { step: 'a', item: 1, index: 0 } }),
    ],
  });
  expect(changesSince(green, now)).toEqual([
    { what: 'revision', before: 'r1', now: 'r2' },
    { what: 'input', name: 'env', before: 'staging', now: 'production' },
    { what: 'input', name: 'gone', before: '[1]', now: null },
    { what: 'input', name: 'fresh', before: null, now: '' },
    { what: 'state', step: 'b', before: 'completed', now: 'failed' },
    { what: 'added', step: 'new' },
    { what: 'slower', step: 'slow', before_ms: 1000, now_ms: 9000 },
    { what: 'removed', step: 'old' },
  ]);
});

test('of a job under way, what may still come is not told as a change', () => {
  expect(changesSince(job({ steps: [step('a')] }), job({ steps: [step('a', { state: 'running', ended_at: null })] }))).toEqual([]);
});

test('a long value is cut', () => {
  const [change] = changesSince(job({}), job({ input: { text: 'x'.repeat(5000) } }));
  expect(change).toMatchObject({ now: `${'x'.repeat(119)}…` });
});
