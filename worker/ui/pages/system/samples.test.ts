import { expect, test } from 'vitest';
import type { SystemSample } from '../../../../shared/system.ts';
import { roundAbove, timelineOf, withSample } from './samples.ts';

const START = Date.parse('2026-11-21T09:00:00.000Z');
const at = (s: number): SystemSample => ({
  time: new Date(START + s * 1000).toISOString(),
  cpu: s,
  memory_used: 1,
  memory_total: 2,
  load_1m: 0,
  network_rx_per_s: 0,
  network_tx_per_s: 0,
});

test('a sample that is there already, or older, is not taken twice', () => {
  const two = [at(0), at(2)];
  expect(withSample(two, at(2))).toBe(two);
  expect(withSample(two, at(1))).toBe(two);
  expect(withSample(two, at(4))).toHaveLength(3);
});

test('no more than 150 samples are kept', () => {
  let all: readonly SystemSample[] = [];
  for (let i = 0; i < 200; i += 1) all = withSample(all, at(i * 2));
  expect(all).toHaveLength(150);
  expect(all.at(-1)?.cpu).toBe(398);
});

test('a silence breaks the line', () => {
  const line = timelineOf([at(0), at(2), at(60), at(62)]);
  expect(line.samples.map((sample) => sample?.cpu ?? null)).toEqual([0, 2, null, 60, 62]);
  expect(line.times.map((time) => time - START / 1000)).toEqual([0, 2, 3, 60, 62]);
});

test.each([
  [0, 1],
  [0.3, 0.5],
  [1, 1],
  [17, 20],
  [4_100_000, 5_000_000],
])('above %d stands %d', (value, above) => {
  expect(roundAbove(value)).toBeCloseTo(above);
});
