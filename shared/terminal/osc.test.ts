import { expect, test } from 'vitest';
import { Line } from './line.ts';
import type { Progress } from './osc.ts';
import { linkIn, progressIn } from './osc.ts';
import { Screen } from './screen.ts';

test.each([
  ['9;4;1;45', { state: 'going', percent: 45 }],
  ['9;4;2;100', { state: 'failed', percent: 100 }],
  ['9;4;3', { state: 'busy', percent: 0 }],
  ['9;4;4;', { state: 'paused', percent: 0 }],
  ['9;4;1;999', { state: 'going', percent: 100 }],
  ['9;4;0;0', null],
  ['9;4;7;1', null],
  ['9;a notification', undefined],
  ['0;a title', undefined],
])('reads the progress %s', (body, progress) => {
  expect(progressIn(body)).toEqual(progress);
});

test.each([
  ['8;;https://example.com/a?b#c', 'https://example.com/a?b#c'],
  ['8;id=1:x=y;http://example.com', 'http://example.com'],
  ['8;;', null],
  ['8;;javascript:alert(1)', null],
  ['8;;file:///etc/passwd', null],
  ['8;;https://', null],
  [`8;;https://example.com/${'x'.repeat(2000)}`, null],
  ['0;https://example.com', undefined],
])('reads the link %s', (body, link) => {
  expect(linkIn(body)).toEqual(link);
});

test('a link holds over colours and lines until it ends, and a progress is told', () => {
  const lines: Line[] = [];
  const told: (Progress | null)[] = [];
  const screen = new Screen<Line>({
    make: ({ ground }) => {
      const line = new Line(ground);
      lines.push(line);
      return line;
    },
    left: () => undefined,
    progress: (progress) => told.push(progress),
  });
  screen.feed('a \x1b]8;;https://example.com\x1b\\b\x1b[31mc\x1b[0md\ne\x1b]8;;\x07f\x1b]9;4;1;50\x07\x1b]9;4;0\x07');
  expect(lines.map((line) => line.spans.map(({ text, style }) => [text, style?.link ?? null, style?.fg ?? null]))).toEqual([
    [
      ['a ', null, null],
      ['b', 'https://example.com', null],
      ['c', 'https://example.com', 1],
      ['d', 'https://example.com', null],
    ],
    [
      ['e', 'https://example.com', null],
      ['f', null, null],
    ],
  ]);
  expect(told).toEqual([{ state: 'going', percent: 50 }, null]);
});
