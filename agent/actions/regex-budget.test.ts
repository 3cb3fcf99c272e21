import { beforeEach, expect, test } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import { OutOfTime } from './interruptible.ts';
import { RegexBudget } from './regex-budget.ts';

function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof ToruError ? error.code : String(error);
  }
}

/** The clocks stand still but for what a test lets pass: a busy machine uses up nobody's budget. */
let [now, cpu] = [0, 0];
let budget: RegexBudget;
beforeEach(() => {
  [now, cpu] = [0, 0];
  budget = new RegexBudget(
    () => now,
    () => cpu,
    (work, ms) => {
      const before = cpu;
      const result = work();
      if (cpu <= before + ms) return result;
      cpu = before + ms;
      throw new OutOfTime('given up');
    },
  );
});

/** A check that takes so many ms. */
function taking<T>(ms: number, result: T): () => T {
  return () => {
    cpu += ms;
    return result;
  };
}

test('who used up the time of a check waits ten seconds, for that action only', () => {
  expect(codeOf(() => budget.spend('eve', 'a', taking(1000, 0)))).toBe('input_invalid');
  now = 9_999;
  expect(codeOf(() => budget.spend('eve', 'a', () => 1))).toBe('busy');
  expect(budget.spend('eve', 'b', () => 1)).toBe(1);
  expect(budget.spend('ada', 'a', () => 2)).toBe(2);
  now = 10_000;
  expect(budget.spend('eve', 'a', () => 3)).toBe(3);
});

test('checks that are each a little slow have a total for their user, over all actions', () => {
  let done = 0;
  // Four hundred a second, of an action each.
  for (let n = 0; n < 400; n += 1, now += 2.5) {
    if (codeOf(() => budget.spend('eve', `action-${n % 7}`, taking(3.8, 0))) === null) done += 1;
  }
  expect(done).toBeGreaterThan(20);
  expect(done * 3.8).toBeLessThan(150 + 15 + 5);
  // Nobody else waits for that, and what was used up comes back.
  expect(codeOf(() => budget.spend('ada', 'action-1', () => 1))).toBeNull();
  expect(codeOf(() => budget.spend('eve', 'action-1', () => 1))).toBe('busy');
  now += 10_000;
  expect(codeOf(() => budget.spend('eve', 'action-1', () => 1))).toBeNull();
});

test('with little left of the total, a check gets that, and its action does not wait for longer', () => {
  for (let n = 0; n < 10; n += 1) budget.spend('eve', 'a', taking(14, 0));
  expect(codeOf(() => budget.spend('eve', 'b', taking(1000, 0)))).toBe('busy');
  expect(cpu).toBe(150);
  now += 2000;
  expect(codeOf(() => budget.spend('eve', 'b', () => 1))).toBeNull();
});

test('what the check itself says goes on, and nobody waits for it', () => {
  const refuse = (): never => {
    throw new ToruError('input_required', 'Say who.');
  };
  for (let n = 0; n < 2; n += 1) expect(codeOf(() => budget.spend('eve', 'a', refuse))).toBe('input_required');
});

test('a pattern that would take for ever is given up, by the machine’s own clocks', () => {
  const real = new RegexBudget();
  const forever = (): boolean => /^(?:\w+\s?)*$/.test(`${'a'.repeat(60)}!`);
  expect(codeOf(() => real.spend('eve', 'a', forever))).toBe('input_invalid');
  expect(codeOf(() => real.spend('eve', 'a', forever))).toBe('busy');
});
