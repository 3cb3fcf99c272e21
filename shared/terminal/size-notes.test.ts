import { expect, test } from 'vitest';
import { SizeNotes, sizeNote } from './size-notes.ts';

const viewer = '0b0a64c0-7a1f-4f3e-8d0c-2f6f9f1d8a11';

test('takes each size out of what was printed, however it is cut', () => {
  const text = `one\u001b[1mtwo${sizeNote({ cols: 120, rows: 40, viewer })}three${sizeNote({ cols: 80, rows: 24, viewer: null })}\u001b]0;title\u0007`;
  const expected = [
    'one\u001b[1mtwo',
    { cols: 120, rows: 40, viewer },
    'three',
    { cols: 80, rows: 24, viewer: null },
    '\u001b]0;title\u0007',
  ];
  expect(new SizeNotes().push(text)).toEqual(expected);
  for (let cut = 1; cut < text.length; cut += 1) {
    const notes = new SizeNotes();
    const joined: unknown[] = [];
    for (const part of [...notes.push(text.slice(0, cut)), ...notes.push(text.slice(cut))]) {
      const last = joined.at(-1);
      if (typeof part === 'string' && typeof last === 'string') joined[joined.length - 1] = last + part;
      else joined.push(part);
    }
    expect(joined, `cut at ${cut}`).toEqual(expected);
  }
});

test('holds back nothing that is no size, and makes none larger than a terminal is', () => {
  const notes = new SizeNotes();
  expect(notes.push('\u001b]5379;other\u0007')).toEqual(['\u001b]5379;other\u0007']);
  expect(notes.push('\u001b]5379;size;9999;0;\u0007')).toEqual([{ cols: 1000, rows: 1, viewer: null }]);
});
