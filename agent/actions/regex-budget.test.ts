import { expect, test } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import { RegexBudget } from './regex-budget.ts';

const slow = (): boolean => /^(?:\w+\s?)*$/.test(`${'a'.repeat(60)}!`);

function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof ToruError ? error.code : String(error);
  }
}

test('who used up the time of a check waits ten seconds, for that action only', () => {
  let now = 0;
  const budget = new RegexBudget(
    () => now,
    () => 0,
  );
  expect(codeOf(() => budget.spend('eve', 'a', slow))).toBe('input_invalid');
  now = 9_999;
  expect(codeOf(() => budget.spend('eve', 'a', () => 1))).toBe('busy');
  expect(budget.spend('eve', 'b', () => 1)).toBe(1);
  expect(budget.spend('ada', 'a', () => 2)).toBe(2);
  now = 10_000;
  expect(budget.spend('eve', 'a', () => 3)).toBe(3);
});

test('checks that are each a little slow have a total for their user, over all actions', () => {
  let [now, cpu, done] = [0, 0, 0];
  const budget = new RegexBudget(
    () => now,
    () => cpu,
  );
  const check = (): number => {
    cpu += 3.8;
    done += 1;
    return done;
  };
  // Four hundred a second, of an action each.
  for (let n = 0; n < 400; n += 1, now += 2.5) codeOf(() => budget.spend('eve', `action-${n % 7}`, check));
  expect(done).toBeGreaterThan(20);
  expect(done * 3.8).toBeLessThan(150 + 15 + 5);
  // Nobody else waits for that, and what was used up comes back.
  expect(codeOf(() => budget.spend('ada', 'action-1', () => 1))).toBeNull();
  expect(codeOf(() => budget.spend('eve', 'action-1', () => 1))).toBe('busy');
  now += 10_000;
  expect(codeOf(() => budget.spend('eve', 'action-1', () => 1))).toBeNull();
});

test('with little left of the total, a check gets that, and its action does not wait for longer', () => {
  let [now, cpu] = [0, 0];
  const budget = new RegexBudget(
    () => now,
    () => cpu,
  );
  // On a busy machine it is tried again, and has used no more then.
  const tenLeft = (): number => {
    cpu = 140;
    return cpu;
  };
  budget.spend('eve', 'a', tenLeft);
  expect(codeOf(() => budget.spend('eve', 'b', slow))).toBe('busy');
  now += 2000;
  expect(codeOf(() => budget.spend('eve', 'b', () => 1))).toBeNull();
});

test('what the check itself says goes on, and nobody waits for it', () => {
  const budget = new RegexBudget();
  const refuse = (): never => {
    throw new ToruError('input_required', 'Say who.');
  };
  for (let n = 0; n < 2; n += 1) expect(codeOf(() => budget.spend('eve', 'a', refuse))).toBe('input_required');
});
