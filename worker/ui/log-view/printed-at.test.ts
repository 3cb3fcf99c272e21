import { expect, it } from 'vitest';
import { isOtherDay, printedAt } from './printed-at.ts';

const at = new Date(2026, 10, 3, 4, 5, 6, 789).getTime();

it('says when a line was printed, to the tenth of a second; with the day where lines are of other days', () => {
  expect(printedAt(at, false)).toBe('04:05:06.7');
  expect(printedAt(at, true)).toBe('11-03 04:05:06.7');
});

it('a day ends at midnight where the browser is', () => {
  expect(isOtherDay(at, new Date(2026, 10, 3, 23, 59, 59).getTime())).toBe(false);
  expect(isOtherDay(at, new Date(2026, 10, 4, 0, 0, 0).getTime())).toBe(true);
  expect(isOtherDay(at, new Date(2025, 10, 3, 4, 5, 6).getTime())).toBe(true);
});
