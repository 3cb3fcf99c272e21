import { expect, test } from 'vitest';
import { DetachKeys } from './detach-keys.ts';

/** @returns what was passed on, a `|` where one left. */
function typed(...pieces: string[]): string {
  const keys = new DetachKeys();
  let text = '';
  for (const piece of pieces) {
    const { data, leave } = keys.take(Buffer.from(piece));
    text += data.toString();
    if (leave) return `${text}|`;
  }
  return text;
}

test.each([
  ['~. at the very beginning leaves', ['~.'], '|'],
  ['~. after Enter leaves, also in two pieces', ['ls\r', '~', '.'], 'ls\r|'],
  ['~. within a line is typed', ['a~.'], 'a~.'],
  ['~~ at the beginning of a line is one tilde', ['\r~~.'], '\r~.'],
  ['another key after ~ is typed with it', ['~/bin\r'], '~/bin\r'],
  ['Ctrl-] leaves anywhere', ['vim\u001dx'], 'vim|'],
])('%s', (_, pieces, wanted) => {
  expect(typed(...pieces)).toBe(wanted);
});
