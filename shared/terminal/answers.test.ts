import { expect, test } from 'vitest';
import { answersApart, isAnswer } from './answers.ts';

test.each([
  '\u001b[?1;2c',
  '\u001b[>0;276;0c',
  '\u001b[24;80R',
  '\u001b[0n',
  '\u001b[?2026;2$y',
  '\u001b[I',
  '\u001b]11;rgb:1414/1313/1212\u001b\\',
  '\u001b]4;7;rgb:ff/ff/ff\u0007',
  '\u001bP1$r0m\u001b\\',
  '\u001b[?1;2c\u001b[1;1R',
])('%j is an answer', (data) => {
  expect(isAnswer(data)).toBe(true);
});

test.each([
  '',
  'y',
  '\r',
  '\u001b',
  '\u001b[A',
  '\u001b[200~rm -r\u001b[201~',
  '\u001b[?1;2c\r',
  '\u001b]11;rgb:1\r\u0007',
  'y\u001b[0n',
  '\u001b[15~',
])('%j is typed', (data) => {
  expect(isAnswer(data)).toBe(false);
});

test('what a terminal answers is told apart from what is typed beside it', () => {
  expect(answersApart('ls\u001b[?1;2c\u001b[5;1R\r')).toEqual([
    { data: 'ls', answer: false },
    { data: '\u001b[?1;2c\u001b[5;1R', answer: true },
    { data: '\r', answer: false },
  ]);
  expect(answersApart('\u001b[A')).toEqual([{ data: '\u001b[A', answer: false }]);
});
