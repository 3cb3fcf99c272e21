import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planOf } from './fixtures.ts';
import { expectedJob, expectedStates } from './fixtures-model.ts';
import { type Fate, World } from './fixtures-world.ts';
import { type FlowEffect, isEnded, type Job, job as jobSchema, type Plan } from './job.ts';
import { reduce } from './reduce.ts';
import { allSteps, findStep } from './steps.ts';

const stepName = (at: number): string => `s${at}`;

/** A step that may depend on those before it. */
const stepAt = (at: number) =>
  fc
    .record(
      {
        action: fc.oneof({ weight: 6, arbitrary: fc.constant('a') }, fc.constantFrom('child', 'ask')),
        depends_on: fc.subarray(Array.from({ length: at }, (_, other) => stepName(other))),
        continue_on_failure: fc.boolean(),
        when: fc.constantFrom('yes', 'false', '{{ missing }}', `{{ ${stepName(Math.max(at - 1, 0))}.output.ok | default(value=false) }}`),
        for_each: fc.oneof({ weight: 5, arbitrary: fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }) }, fc.constant('"no list"')),
        sequential: fc.boolean(),
        timeout_s: fc.constant(5),
        retry: fc.record({
          max_attempts: fc.integer({ min: 1, max: 3 }),
          delay_s: fc.constantFrom(0, 1),
          backoff: fc.constantFrom('fixed', 'exponential'),
        }),
      },
      { requiredKeys: ['action', 'depends_on'] },
    )
    // A condition that reads a step waits for it.
    .map((step) =>
      step.when?.includes('.output') && at > 0
        ? { ...step, depends_on: [...new Set([...step.depends_on, stepName(at - 1)])] }
        : step.when?.includes('.output')
          ? { ...step, when: 'yes' }
          : step,
    );

const plans: fc.Arbitrary<Plan> = fc
  .integer({ min: 1, max: 7 })
  .chain((size) => fc.tuple(fc.tuple(...Array.from({ length: size }, (_, at) => stepAt(at))), fc.boolean()))
  .map(([steps, isReversed]) => {
    const flow = steps.map((step, at) => [stepName(at), step] as const);
    return planOf({ task: { timeout_s: 100, flow: Object.fromEntries(isReversed ? flow.toReversed() : flow) } });
  });

const fates: fc.Arbitrary<(step: string, attempt: number) => Fate> = fc
  .array(
    fc.record({
      outcome: fc.oneof(
        { weight: 3, arbitrary: fc.constant<'completed'>('completed') },
        fc.constantFrom<Fate['outcome']>('failed', 'late', 'cancelled', 'unmatched'),
      ),
      ok: fc.boolean(),
    }),
    { minLength: 1, maxLength: 20 },
  )
  .map((some) => (step, attempt) => {
    let at = attempt * 7;
    for (const char of step) at = (at * 31 + char.charCodeAt(0)) % 10_007;
    return some[at % some.length] ?? { outcome: 'completed', ok: true };
  });

const choices = fc.array(fc.nat(50), { maxLength: 60 });
const following = (list: number[]): (() => number) => {
  let at = 0;
  return () => list[at++] ?? 0;
};

/** More than a job of seven steps with four instances and three attempts needs. */
const ENOUGH = 1000;

function drain(world: World, choose: () => number): void {
  for (let count = 0; count < ENOUGH && !isEnded(world.job.state); count += 1) if (!world.step(choose)) return;
}

const statesOf = (job: Job): Record<string, string> => Object.fromEntries(job.steps.map(({ name, state }) => [name, state]));

function countsOf(job: Job): Job['counts'] {
  const all = [...allSteps(job)].map(([, step]) => step);
  const leaves = all.filter((step) => !('loop' in step) || step.loop === undefined);
  return {
    open: job.steps.filter(({ state }) => !isEnded(state)).length,
    active: leaves.filter(({ state }) => state === 'ready' || state === 'running').length,
    suspended: leaves.filter(({ state }) => state === 'suspended').length,
  };
}

/** What else may come, of people and lines: also twice, late, and about nothing. */
const noise = fc.constantFrom(
  { type: 'cancel', reason: 'no' },
  { type: 'host_lost' },
  { type: 'host_back' },
  { type: 'timer', timer: 'job:timeout' },
  { type: 'timer', timer: 'step:s0:1:timeout' },
  { type: 'timer', timer: 'step:s0[0]:1:retry' },
  { type: 'step_ended', step: 's0', attempt: 1, outcome: 'completed' },
  { type: 'step_ended', step: 's1[0]', attempt: 2, outcome: 'failed' },
  { type: 'step_ended', step: 'nothing', attempt: 1, outcome: 'failed' },
  { type: 'step_started', step: 's1', attempt: 0 },
  { type: 'output', step: 's0', attempt: 1, output: { ok: true } },
  { type: 'unmatched', step: 's0', attempt: 1, lacks: ['gpu'], has: ['local'] },
  { type: 'unmatched', step: 's1[0]', attempt: 2, lacks: ['gpu'], has: [] },
  { type: 'timer', timer: 'step:s0:1:unmatched' },
  { type: 'approved', step: 's1', by: 'bob' },
  { type: 'rejected', step: 's2', by: 'bob' },
  { type: 'rerun_from', step: null },
  { type: 'rerun_from', step: 's1' },
  { type: 'rerun_from', step: 'nothing' },
  { type: 'created', id: 'again', input: {}, source: 'api' },
);

const runs = { numRuns: 250 };

/** A world in which everything may happen, some of it several times; at last every attempt ends. */
const worlds = fc
  .tuple(plans, fates, choices, fc.array(fc.tuple(fc.nat(4), noise, fc.boolean()), { maxLength: 12 }))
  .map(([plan, fate, list, disturbances]) => {
    const world = new World(plan, fate);
    const choose = following(list);
    for (const [steps, event, isTwice] of disturbances) {
      for (let count = 0; count < steps; count += 1) world.step(choose);
      world.take(event);
      if (isTwice) world.take(event);
    }
    world.take({ type: 'host_back' });
    drain(world, choose);
    return world;
  });

describe('whatever happens', () => {
  it('each step comes to what the tables say, in any order of events', () => {
    fc.assert(
      fc.property(plans, fates, choices, (plan, fate, list) => {
        const world = new World(plan, fate);
        drain(world, following(list));
        const expected = expectedStates(plan, fate);
        expect(statesOf(world.job)).toEqual(expected);
        expect(world.job.state).toBe(expectedJob(plan, expected));
      }),
      { numRuns: 800 },
    );
  });

  it('every job ends once all attempts end, and says so once for each time that it was taken up', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        expect(isEnded(world.job.state)).toBe(true);
        expect(world.inFlight).toEqual([]);
        const ends = world.effects.filter(({ type }) => type === 'finish').map(({ key }) => key);
        expect(ends).toEqual(Array.from({ length: world.job.round + 1 }, (_, round) => `finish:${round}`));
        for (const [, step] of allSteps(world.job)) expect(isEnded(step.state)).toBe(true);
      }),
      runs,
    );
  });

  it('no step begins before its dependencies, and none twice for one attempt', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const begun = new Set<string>();
        let job: Job | null = null;
        for (const [at, event] of world.events.entries()) {
          const { effects, job: after }: { effects: FlowEffect[]; job: Job } = reduce(world.plan, job, event);
          for (const effect of effects) {
            if (effect.type !== 'start_step' && effect.type !== 'start_child' && effect.type !== 'ask') continue;
            if (event.type !== 'host_back') expect(begun).not.toContain(effect.key);
            begun.add(effect.key);
            expect(findStep(after, effect.step)?.attempt).toBe(effect.attempt);
            for (const dependency of world.plan.task.flow[effect.step.replace(/\[.*/, '')]?.depends_on ?? [])
              expect(isEnded(findStep(after, dependency)?.state ?? 'pending')).toBe(true);
          }
          job = after;
          expect(after).toEqual(world.jobs[at]);
        }
      }),
      runs,
    );
  });

  it('a cancel reaches everything that runs, and nothing begins after it', () => {
    fc.assert(
      fc.property(plans, fates, choices, fc.nat(15), (plan, fate, list, steps) => {
        const world = new World(plan, fate);
        const choose = following(list);
        for (let count = 0; count < steps; count += 1) world.step(choose);
        if (isEnded(world.job.state)) return;
        const inFlight = world.inFlight;
        const before = world.effects.length;
        world.take({ type: 'cancel', reason: 'no' });
        const told = world.effects
          .slice(before)
          .flatMap((effect) => (/^cancel_/.test(effect.type) && 'step' in effect ? [`${effect.step}:${effect.attempt}`] : []));
        expect(told.toSorted()).toEqual(inFlight.toSorted());
        drain(world, choose);
        expect(world.job.state).toBe('cancelled');
        expect(world.effects.slice(before).filter(({ type }) => /^(?:start_|ask)/.test(type))).toEqual([]);
      }),
      runs,
    );
  });

  it('the same events give the same job, also when it is written down between them', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        let job: Job | null = null;
        for (const [at, event] of world.events.entries()) {
          const written: Job | null = job === null ? null : jobSchema.parse(JSON.parse(JSON.stringify(job)));
          const before = JSON.stringify(written);
          const again: { job: Job } = reduce(world.plan, written, event);
          expect(JSON.stringify(written)).toBe(before);
          expect(JSON.parse(JSON.stringify(again.job))).toEqual(JSON.parse(JSON.stringify(world.jobs[at])));
          job = again.job;
        }
      }),
      runs,
    );
  });

  it('an effect of a key is always the same, and the counts are those of the steps', () => {
    fc.assert(
      fc.property(worlds, (world) => {
        const byKey = new Map<string, string>();
        for (const effect of world.effects) {
          const known = byKey.get(effect.key) ?? JSON.stringify(effect);
          expect(JSON.stringify(effect)).toBe(known);
          byKey.set(effect.key, known);
        }
        for (const job of world.jobs) expect(job.counts).toEqual(countsOf(job));
      }),
      runs,
    );
  });

  it('what completed stays as it is when the rest is run again', () => {
    fc.assert(
      fc.property(plans, fates, choices, (plan, fate, list) => {
        const world = new World(plan, fate);
        const choose = following(list);
        drain(world, choose);
        const first = world.job;
        world.take({ type: 'rerun_from', step: null });
        drain(world, choose);
        expect(isEnded(world.job.state)).toBe(true);
        // An instance goes with its step, when what that depends on is run again.
        for (const step of first.steps) {
          const again = findStep(world.job, step.name);
          if (step.state === 'completed') expect(again).toEqual(step);
          else expect(again?.attempt).toBeGreaterThanOrEqual(step.attempt);
        }
      }),
      runs,
    );
  });
});
