import { expect, test } from 'vitest';
import { Crashes } from './crashes.ts';
import { PLUGIN_TIMING } from './timing.ts';

function delays(random: () => number): (number | null)[] {
  const crashes = new Crashes(PLUGIN_TIMING, random);
  return Array.from({ length: 10 }, () => crashes.add());
}

test('1, 2, 4, 8, 16 s and then 16 s again, each with jitter; the tenth crash is the last', () => {
  const middle = [1000, 2000, 4000, 8000, 16_000, 16_000, 16_000, 16_000, 16_000, null];
  expect(delays(() => 0.5)).toEqual(middle);
  expect(delays(() => 0)).toEqual(middle.map((ms) => (ms === null ? null : ms * 0.8)));
  for (const [at, ms] of delays(Math.random).entries()) {
    const base = middle[at] ?? null;
    if (base === null || ms === null) expect(ms).toBe(base);
    else expect(Math.abs(ms - base)).toBeLessThanOrEqual(base * 0.2);
  }
});

test('what was forgotten does not count', () => {
  const crashes = new Crashes(PLUGIN_TIMING, () => 0.5);
  for (let i = 0; i < 9; i += 1) crashes.add();
  crashes.reset();
  expect(crashes.count).toBe(0);
  expect(crashes.add()).toBe(1000);
});
