import { expect, it } from 'vitest';
import { joined } from './joined-lines.ts';

const line = (second: number) => ({
  timestamp: new Date(second * 1000).toISOString(),
  level: 'info' as const,
  plugin: 'weather',
  message: String(second),
  source: 'log' as const,
});
const lines = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, at) => line(from + at));
const told = (log: { message: string }[]) => log.map(({ message }) => Number(message));

it('begins with what the host has, and goes on with what came meanwhile, each line once', () => {
  expect(told(joined([], lines(1, 3), lines(3, 5)))).toEqual([1, 2, 3, 4, 5]);
  expect(told(joined([], [], lines(1, 2)))).toEqual([1, 2]);
});

it('fills in what was missed, behind what is shown already', () => {
  expect(told(joined([...lines(1, 4), line(8)], lines(3, 8), [line(9)]))).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

it('leaves no hole that nobody sees: after a long absence only what the host gave is shown', () => {
  expect(told(joined(lines(1, 4), lines(300, 302), []))).toEqual([300, 301, 302]);
});
