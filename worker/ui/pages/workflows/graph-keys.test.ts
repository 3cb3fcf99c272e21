import { expect, test } from 'vitest';
import { neighbour } from './graph-keys.ts';
import { layOut } from './layout.ts';

const layout = layOut([
  { name: 'begin', depends_on: [] },
  { name: 'left', depends_on: ['begin'] },
  { name: 'right', depends_on: ['begin'] },
  { name: 'end', depends_on: ['left', 'right'] },
]);
const go = (from: string, key: string, rightToLeft = false): string | null => neighbour(layout, from, key, rightToLeft);

test('arrows go along the edges, and among those beside each other', () => {
  expect([go('left', 'ArrowRight'), go('left', 'ArrowLeft'), go('left', 'ArrowDown'), go('right', 'ArrowUp')]).toEqual([
    'end',
    'begin',
    'right',
    'left',
  ]);
  expect([go('begin', 'ArrowLeft'), go('end', 'ArrowRight'), go('left', 'x'), go('nobody', 'ArrowUp')]).toEqual([null, null, null, null]);
});

test('onwards is to the left where one reads to the left', () => {
  expect([go('left', 'ArrowLeft', true), go('left', 'ArrowRight', true)]).toEqual(['end', 'begin']);
});

test('every step can be reached from the first one', () => {
  const reached = new Set(['begin']);
  for (const name of reached)
    for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowUp', 'ArrowDown']) {
      const next = go(name, key);
      if (next !== null) reached.add(next);
    }
  expect([...reached].toSorted()).toEqual(['begin', 'end', 'left', 'right']);
});
