import { expect, test } from 'vitest';
import { LineSplitter } from './line-splitter.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function cut(max: number, chunks: string[]): { lines: [string, boolean][]; reader: LineSplitter } {
  const lines: [string, boolean][] = [];
  const reader = new LineSplitter(max, (line, wasCut) => lines.push([new TextDecoder().decode(line), wasCut]));
  for (const chunk of chunks) reader.push(bytes(chunk));
  return { lines, reader };
}

test('lines come whole, however they were cut up on the way', () => {
  const text = 'one\n\ntwo and more\nthree\n';
  const whole = cut(100, [text]).lines;
  expect(whole).toEqual([
    ['one', false],
    ['', false],
    ['two and more', false],
    ['three', false],
  ]);
  expect(cut(100, [...text]).lines).toEqual(whole);
  for (let at = 1; at < text.length; at += 1) expect(cut(100, [text.slice(0, at), text.slice(at)]).lines).toEqual(whole);
});

test('of an overlong line no more than its beginning is kept, and the next one is whole', () => {
  const { lines, reader } = cut(10, ['0123456789\n', '0123456789A\nnext\n', ...'0123456789ABCDEF', '\nlast']);
  expect(lines).toEqual([
    ['0123456789', false],
    ['0123456789', true],
    ['next', false],
    ['0123456789', true],
  ]);
  reader.flush();
  expect(lines.at(-1)).toEqual(['last', false]);
});

test('an overlong line is told before it ends, and holds no more than it may', () => {
  const { lines, reader } = cut(1024, []);
  for (let i = 0; i < 256; i += 1) reader.push(new Uint8Array(64 * 1024).fill(120));
  expect(reader.overlong).toBe(true);
  expect(lines).toEqual([]);
  reader.forget();
  reader.push(bytes('after\n'));
  expect(lines).toEqual([['after', false]]);
});
