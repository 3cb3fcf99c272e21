import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffOf, hunksOf } from './diff.ts';

const signs = { same: ' ', gone: '-', new: '+' } as const;
const shown = (before: string, after: string): string[] => diffOf(before, after).map(({ kind, text }) => signs[kind] + text);

it('says what went and what came', () => {
  expect(shown('a\nb\nc', 'a\nx\nc\nd')).toEqual([' a', '-b', '+x', ' c', '+d']);
  expect(shown('a', 'a')).toEqual([' a']);
  expect(hunksOf(diffOf(`${'x\n'.repeat(9)}a`, `${'x\n'.repeat(9)}b`), 1).map((line) => line?.text ?? null)).toEqual([null, 'x', 'a', 'b']);
});

it('is both texts, whatever they are', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c', ''), { maxLength: 12 }).map((lines) => lines.join('\n'));
  void fc.assert(
    fc.property(text, text, (before, after) => {
      const lines = diffOf(before, after);
      const of = (leave: string): string =>
        lines
          .filter(({ kind }) => kind !== leave)
          .map((line) => line.text)
          .join('\n');
      expect([of('new'), of('gone')]).toEqual([before, after]);
    }),
    { seed: 7 },
  );
});
