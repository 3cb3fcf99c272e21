import { expect, test } from 'vitest';
import { moved, placed } from './tile-order.ts';

test('a tile goes to its place, and the others make room', () => {
  expect(moved(['a', 'b', 'c'], 'a', 2)).toEqual(['b', 'c', 'a']);
  expect(moved(['a', 'b', 'c'], 'c', 0)).toEqual(['c', 'a', 'b']);
  expect(moved(['a', 'b', 'c'], 'b', -4)).toEqual(['b', 'a', 'c']);
});

test('actions that came stand behind those that were placed, and those that went leave no hole', () => {
  expect(placed(['c', 'gone', 'a'], ['a', 'b', 'c', 'd'])).toEqual(['c', 'a', 'b', 'd']);
  expect(placed([], ['a', 'b'])).toEqual(['a', 'b']);
});
