import { expect, it } from 'vitest';
import { LineBuffer } from './line-buffer.ts';
import { joinLines } from './selection.ts';

function linesOf(text: string): LineBuffer['lines'] {
  const buffer = new LineBuffer();
  buffer.append('stdout', text, 0, text.length);
  return buffer.lines;
}

it('copies lines as they were printed: without colours, a folded one without a break', () => {
  const long = 'x'.repeat(20_000);
  expect(joinLines(linesOf(`\x1b[31mone\x1b[0m\ttwo\n\n${long}\nend\n`))).toBe(`one\ttwo\n\n${long}\nend`);
});

it('copies from within the first line to within the last one', () => {
  const lines = linesOf('abcdef\nmiddle\nuvwxyz\n');
  expect(joinLines(lines, 3, 3)).toBe('def\nmiddle\nuvw');
  expect(joinLines(lines.slice(0, 1), 1, 4)).toBe('bcd');
  expect(joinLines([])).toBe('');
});
