import { expect, it } from 'vitest';
import { LastLine } from './last-line.ts';

function lastOf(...chunks: string[]): string {
  const last = new LastLine();
  for (const chunk of chunks) last.feed('stdout', chunk);
  last.end();
  return last.text;
}

it('finds the newest line with something in it, as a log shows it', () => {
  expect(lastOf('one\ntwo\n\n')).toBe('two');
  expect(lastOf('10%\r\x1b[32m50%\x1b[0m\r')).toBe('50%');
  expect(lastOf('a\n\x1b[1')).toBe('a');
  expect(lastOf('\x1b]0;title\x07')).toBe('');
  expect(lastOf('start\n\x1b]0;nightly backup\ncopying\nbackup failed: disk full\n')).toBe('backup failed: disk full');
  expect(lastOf('Downloading 100 percent\r\x1b[JDone\n')).toBe('Done');
  expect(lastOf('one 1%\ntwo 1%\n\x1b[2Aone 100%\ntwo 100%\n')).toBe('two 100%');
  expect(lastOf('x\x1b', '[3', '1my')).toBe('xy');
  expect(lastOf('')).toBe('');
});

it('takes the stream that printed last', () => {
  const last = new LastLine();
  last.feed('stderr', 'warning\n');
  last.feed('stdout', 'ready\n');
  expect(last.text).toBe('ready');
  last.feed('stderr', '\x1b[0m');
  expect(last.text).toBe('warning');
});
