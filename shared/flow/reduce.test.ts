import { describe, expect, it } from 'vitest';
import { planOf, Story } from './fixtures.ts';
import { hookContext } from './hook-context.ts';
import { MAX_INSTANCES } from './job.ts';
import { reduce } from './reduce.ts';

const chain = planOf({ task: { flow: { one: { action: 'a' }, two: { action: 'a', depends_on: ['one'] }, side: { action: 'a' } } } });

describe('a job', () => {
  it('begins what depends on nothing, then what depends on that, and ends', () => {
    const story = new Story(chain);
    expect(story.asked).toEqual(['start_step:one:1', 'start_step:side:1']);
    expect(story.job.state).toBe('pending');
    story.started('one');
    expect(story.job.state).toBe('running');
    story.ended('one', 'completed', { output: { ok: true } });
    expect(story.asked).toEqual(['start_step:two:1']);
    story.ended('side').started('two').ended('two');
    expect(story.job.state).toBe('completed');
    expect(story.asked).toEqual(['finish:0']);
    expect(story.states).toEqual({ one: 'completed', two: 'completed', side: 'completed' });
  });

  it('fails with a step, and skips what depends on it', () => {
    const story = new Story(chain).started('one').ended('one', 'failed', { error: 'exit status 1' });
    expect(story.states).toEqual({ one: 'failed', two: 'skipped', side: 'ready' });
    expect(story.job.state).toBe('running');
    story.ended('side');
    expect(story.job).toMatchObject({ state: 'failed', error: 'one: exit status 1' });
  });

  it('is cancelled when all that runs has ended', () => {
    const story = new Story(chain).started('one').on({ type: 'cancel', reason: 'Cancelled by ada.' });
    expect(story.asked).toEqual(['cancel_step:one:1', 'cancel_step:side:1']);
    expect(story.states['two']).toBe('cancelled');
    story.ended('one', 'cancelled');
    expect(story.job.state).toBe('running');
    story.ended('side', 'cancelled');
    expect(story.job).toMatchObject({ state: 'cancelled', error: 'Cancelled by ada.' });
    expect(story.asked).toEqual(['finish:0']);
  });
});

it('a cancel is told once, and what fails after it is not tried again', () => {
  const plan = planOf({ task: { flow: { one: { action: 'a', retry: { max_attempts: 3 } } } } });
  const story = new Story(plan).started('one').on({ type: 'cancel', reason: 'first' }).on({ type: 'cancel', reason: 'second' });
  expect(story.asked).toEqual([]);
  story.ended('one', 'failed');
  expect(story.job).toMatchObject({ state: 'cancelled', error: 'first', steps: [{ state: 'failed', attempt: 1 }] });
});

describe('a bound', () => {
  const one = planOf({ task: { flow: { one: { action: 'a' } } } });

  it('of an output is 256 KiB, at the end and before it', () => {
    const large = 'x'.repeat(256 * 1024 - 2);
    expect(new Story(one).ended('one', 'completed', { output: large }).job.state).toBe('completed');
    const story = new Story(one).ended('one', 'completed', { output: `${large}x` });
    expect(story.job).toMatchObject({ state: 'failed', error: expect.stringContaining('larger than 256 KiB') });
    const early = new Story(one).on({ type: 'output', step: 'one', attempt: 1, output: `${large}x` }).ended('one');
    expect(early.job).toMatchObject({ state: 'failed', error: expect.stringContaining('larger than 256 KiB') });
  });

  it('of all values of a job is 4 MiB', () => {
    const plan = planOf({ task: { flow: { each: { action: 'a', for_each: Array.from({ length: 20 }, (_, at) => at) } } } });
    const story = new Story(plan);
    for (let at = 0; at < 20; at += 1) story.ended(`each[${at}]`, 'completed', { output: 'x'.repeat(250_000) });
    const [step] = story.job.steps;
    expect(step?.loop?.pages[0]?.map(({ state }) => state)).toEqual([...Array(16).fill('completed'), ...Array(4).fill('failed')]);
    expect(story.job.error).toContain('larger than 4 MiB');
    const items = new Story(planOf({ task: { flow: { each: { action: 'a', for_each: '{{ input.list }}' } } } }), {
      input: { list: Array(9000).fill('x'.repeat(300)) },
    });
    expect(items.job.error).toContain('larger than 4 MiB');
    const state = new Story(one).on({
      type: 'step_ended',
      step: 'one',
      attempt: 1,
      outcome: 'completed',
      state: { a: 'x'.repeat(5_000_000) },
    });
    expect(state.job).toMatchObject({ state: 'failed', task_state: {} });
  });

  it('of instances is 10,000', () => {
    const plan = planOf({ task: { flow: { each: { action: 'a', for_each: '{{ input.list }}' } } } });
    const of = (count: number) => new Story(plan, { input: { list: Array(count).fill(0) } }).job;
    expect(of(MAX_INSTANCES).steps[0]?.loop).toMatchObject({ size: 10_000, open: 10_000 });
    expect(of(MAX_INSTANCES + 1).error).toContain('10001 items, and at most 10000');
  });

  it('of what an event copies is a page of instances, not all of them', () => {
    const plan = planOf({ task: { flow: { each: { action: 'a', for_each: '{{ input.list }}' } } } });
    const { job } = new Story(plan, { input: { list: Array(1000).fill(0) } });
    const after = reduce(plan, job, { type: 'step_started', at: 5000, step: 'each[777]', attempt: 1 }).job;
    const [before, now] = [job.steps[0]?.loop?.pages ?? [], after.steps[0]?.loop?.pages ?? []];
    expect(now.flatMap((page, at) => (page === before[at] ? [] : [at]))).toEqual([7]);
  });
});

it('steps that wait for each other fail, so that the job ends', () => {
  const plan = planOf({
    task: {
      flow: {
        one: { action: 'a', depends_on: ['two'] },
        two: { action: 'a', depends_on: ['one'] },
        three: { action: 'a', depends_on: ['gone'] },
      },
    },
  });
  const story = new Story(plan).ended('three');
  expect(story.states).toEqual({ one: 'failed', two: 'failed', three: 'completed' });
  expect(story.job.state).toBe('failed');
});

it('the state that a step writes down is that of steps after it', () => {
  const plan = planOf({
    task: { flow: { one: { action: 'a' }, two: { action: 'a', depends_on: ['one'], when: '{{ state.page == 2 and state.kept }}' } } },
  });
  const story = new Story(plan, { state: { page: 1, kept: true } }).on({
    type: 'step_ended',
    step: 'one',
    attempt: 1,
    outcome: 'completed',
    state: { page: 2 },
  });
  expect(story.states['two']).toBe('ready');
  expect(story.job.task_state).toEqual({ page: 2, kept: true });
});

it('a condition that asks for a secret says what to do', () => {
  const story = new Story(planOf({ task: { flow: { one: { action: 'a', when: '{{ secret.KEY }}' } } } }));
  expect(story.job.error).toContain('secret.KEY is not defined. Conditions are written down with the job and know no secrets');
});

it('a hook reads how its job ended', () => {
  const plan = planOf({ task: { flow: { one: { action: 'a' }, two: { action: 'a', continue_on_failure: true } } } });
  const story = new Story(plan, { source: 'trigger' }).started('one').ended('one', 'failed', { error: 'no' }).ended('two', 'failed');
  expect(hookContext(plan, story.job, 'on_error', 'nightly')).toEqual({
    workspace: 'w',
    task_name: 't',
    job_id: 'j',
    status: 'failed',
    is_success: false,
    error_message: 'one: no',
    source_type: 'trigger',
    source_id: 'nightly',
    started_at: '1970-01-01T00:00:01.002Z',
    completed_at: '1970-01-01T00:00:01.004Z',
    duration_secs: 0.002,
    failed_steps: [
      { step_name: 'one', action_name: 'a', error_message: 'no', continue_on_failure: false },
      { step_name: 'two', action_name: 'a', error_message: 'Failed.', continue_on_failure: true },
    ],
  });
});
