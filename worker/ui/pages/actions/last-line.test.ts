import { expect, it } from 'vitest';
import { lastLine } from './last-line.ts';

it('finds the newest line with something in it, without escapes', () => {
  expect(lastLine('one\ntwo\n\n')).toBe('two');
  expect(lastLine('10%\r\x1b[32m50%\x1b[0m\r')).toBe('50%');
  expect(lastLine('a\n\x1b[1')).toBe('a');
  expect(lastLine('\x1b]0;title\x07')).toBe('');
  expect(lastLine('')).toBe('');
});
