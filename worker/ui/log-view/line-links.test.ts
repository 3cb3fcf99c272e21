import { expect, test } from 'vitest';
import { linesInHash } from './line-links.ts';
import { literal } from './matches.ts';

test.each([
  ['#L12', [12, 12]],
  ['#L12-L20', [12, 20]],
  ['#L20-12', [12, 20]],
  ['#L0', null],
  ['#L', null],
  ['#line-12', null],
  ['', null],
])('reads the lines of the address %s', (hash, lines) => {
  expect(linesInHash(hash)).toEqual(lines);
});

test('finds what was typed, and nothing that it could mean as a pattern', () => {
  const text = 'a.b*c (d) [e] {f} a+b ^$ \\ / - |';
  for (const part of text.split(' ')) expect(text.match(literal(part, true))).toContain(part);
  expect('axb'.match(literal('a.b', true))).toBeNull();
  expect('Error ERROR'.match(literal('error', false))).toHaveLength(2);
  expect('Error ERROR'.match(literal('ERROR', true))).toHaveLength(1);
});
