import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { askHidden, readAll } from './prompt.ts';

/** A terminal's keyboard, as far as a question needs one. */
class Keys extends EventEmitter<{ data: [Buffer] }> {
  raw = false;
  setRawMode(on: boolean): void {
    this.raw = on;
  }
  resume(): void {}
  pause(): void {}
}

function ask(...typed: (string | Buffer)[]): { answer: Promise<string>; shown: string[]; keys: Keys } {
  const keys = new Keys();
  const shown: string[] = [];
  const answer = askHidden('Password: ', keys, { isTTY: true, columns: 80, write: async (text) => void shown.push(String(text)) });
  expect(keys.raw).toBe(true);
  for (const key of typed) keys.emit('data', Buffer.from(key));
  return { answer, shown, keys };
}

it('takes what is typed, and shows nothing of it', async () => {
  const { answer, shown, keys } = ask('s', 'ec', 'ret', '\r');
  expect(await answer).toBe('secret');
  expect(shown).toEqual(['Password: ', '\n']);
  expect(keys.raw).toBe(false);
  expect(keys.listenerCount('data')).toBe(0);
});

it('knows rubbing out, beginning again, and characters that come in pieces', async () => {
  expect(await ask('ab\x7f\x7f\x7fc\b', 'dé', '\x7f', 'e\n').answer).toBe('de');
  expect(await ask('wrong\x15right\r').answer).toBe('right');
  expect(await ask(Buffer.from([0xc3]), Buffer.from([0xa9]), '\x1b\x01', '\r').answer).toBe('é');
});

it.each(['\x03', '\x04'])('changes nothing when the person gives up with %j', async (key) => {
  const { answer, keys } = ask('half', key);
  await expect(answer).rejects.toThrow('Nothing was changed.');
  expect(keys.raw).toBe(false);
});

it('reads all of a pipe, to a bound', async () => {
  expect(await readAll(Readable.from([Buffer.from([0xc3]), Buffer.from([0xa9]), 'x']))).toBe('éx');
  await expect(readAll(Readable.from(Array.from({ length: 17 }, () => 'x'.repeat(65_536))))).rejects.toThrow('1 MiB');
});
