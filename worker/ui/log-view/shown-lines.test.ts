import { expect, test } from 'vitest';
import { LineBuffer } from './line-buffer.ts';
import { ShownLines } from './shown-lines.ts';

function made(text: string, folded: boolean): { buffer: LineBuffer; shown: ShownLines; texts: () => string[] } {
  const buffer = new LineBuffer();
  buffer.append('stdout', text, 0, text.length);
  const shown = new ShownLines(buffer, folded);
  return { buffer, shown, texts: () => shown.lines.map((line) => line.text) };
}

const GROUPS = 'before\n::group::Build\none\n::group::Inner\ntwo\n::endgroup::\nthree\n::endgroup::\nafter\n::group::Open\nfour\n';

test('groups are folded and unfolded, one in another too, and their ends are not shown', () => {
  const { shown, texts } = made(GROUPS, true);
  expect(texts()).toEqual(['before', '::group::Build', 'after', '::group::Open']);
  const build = shown.lines[1];
  if (build === undefined) throw new Error('no group');
  expect(shown.foldOf(build)).toBe(true);
  shown.turn(build);
  expect(texts()).toEqual(['before', '::group::Build', 'one', '::group::Inner', 'three', 'after', '::group::Open']);
  shown.folded = false;
  expect(texts()).toEqual(['before', '::group::Build', 'one', '::group::Inner', 'two', 'three', 'after', '::group::Open', 'four']);
});

test('a line that is looked for comes into sight', () => {
  const { buffer, shown, texts } = made(GROUPS, true);
  buffer.append('stderr', 'five\n', GROUPS.length, GROUPS.length + 5);
  shown.changed();
  shown.only('stderr');
  expect(texts()).toEqual(['five']);
  const two = buffer.lines.find((line) => line.text === 'two');
  if (two === undefined) throw new Error('no line');
  expect(shown.reveal(two)).toBe(true);
  expect(texts()).toContain('two');
  expect(shown.reveal(two)).toBe(false);
});

test('an end without a beginning, as in a part of an output, hides nothing; without groups all lines stand as they are', () => {
  expect(made('one\n::endgroup::\ntwo\n', true).texts()).toEqual(['one', '::endgroup::', 'two']);
  expect(made('one\n::endgroup::\ntwo\n::group::A\n', true).texts()).toEqual(['one', 'two', '::group::A']);
});

test('a group whose beginning comes later, as a reader goes back, stays open', () => {
  const { buffer, shown, texts } = made('three\n::endgroup::\nafter\n', true);
  const earlier = new LineBuffer();
  const text = '::group::Closed\none\n::endgroup::\n::group::Open\ntwo\n';
  earlier.append('stdout', text, 0, text.length);
  buffer.prepend(earlier, 0);
  shown.keepOpen(earlier.lines);
  expect(texts()).toEqual(['::group::Closed', '::group::Open', 'two', 'three', 'after']);
});
