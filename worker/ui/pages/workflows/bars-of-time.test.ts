import fc from 'fast-check';
import { expect, test } from 'vitest';
import { timelineOf } from './bars-of-time.ts';

const at = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

test('a bar stands where its step ran, one that runs goes up to now, one that has not begun has none', () => {
  const steps = [
    { name: 'a', started_at: at(0), ended_at: at(2500) },
    { name: 'b', started_at: at(2500), ended_at: null },
    { name: 'c', started_at: null, ended_at: null },
  ];
  expect(timelineOf(0, null, steps, 10_000)).toEqual({
    bars: [
      { name: 'a', from: 0, length: 25 },
      { name: 'b', from: 25, length: 75 },
      { name: 'c', from: null, length: 0 },
    ],
    marks: [0, 2000, 4000, 6000, 8000, 10_000].map((ms) => ({ ms, at: ms / 100 })),
  });
});

test('whatever the times are, bars stay inside and can be seen, and marks are few', () => {
  const time = fc.integer({ min: 0, max: 8 * 86_400_000 });
  const some = fc.option(time);
  fc.assert(
    fc.property(time, some, time, fc.array(fc.tuple(some, some), { maxLength: 20 }), (began, ended, now, times) => {
      const steps = times.map(([started, over], i) => ({ name: `${i}`, started_at: at(started), ended_at: at(over) }));
      const { bars, marks } = timelineOf(began, ended, steps, now);
      for (const { from, length } of bars) {
        if (from === null) continue;
        expect(from).toBeGreaterThanOrEqual(0);
        expect(length).toBeGreaterThan(0.5);
        expect(from + length).toBeLessThanOrEqual(100.001);
      }
      expect(marks.length).toBeLessThanOrEqual(6);
    }),
  );
});
