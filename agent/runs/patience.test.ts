import { expect, test } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import { Patience } from './patience.ts';

const slow = (): boolean => /^(?:\w+\s?)*$/.test(`${'a'.repeat(60)}!`);

function codeOf(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return error instanceof ToruError ? error.code : String(error);
  }
}

test('who used up the time waits ten seconds, for that action only', () => {
  let now = 0;
  const patience = new Patience(() => now);
  expect(codeOf(() => patience.spend('eve', 'a', slow))).toBe('input_invalid');
  now = 9_999;
  expect(codeOf(() => patience.spend('eve', 'a', () => 1))).toBe('busy');
  expect(patience.spend('eve', 'b', () => 1)).toBe(1);
  expect(patience.spend('ada', 'a', () => 2)).toBe(2);
  now = 10_000;
  expect(patience.spend('eve', 'a', () => 3)).toBe(3);
});

test('what the check itself says goes on, and nobody waits for it', () => {
  const patience = new Patience();
  const refuse = (): never => {
    throw new ToruError('input_required', 'Say who.');
  };
  for (let n = 0; n < 2; n += 1) expect(codeOf(() => patience.spend('eve', 'a', refuse))).toBe('input_required');
});
