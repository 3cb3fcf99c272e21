import { expect, test } from 'vitest';
import { DamagedOutput } from './damaged.ts';
import type { CountedLog } from './line-index.ts';
import { LineIndex } from './line-index.ts';

const never = new AbortController().signal;

/** A log in memory, which counts what is read of it. */
class MemoryLog implements CountedLog {
  text: string;
  bytesRead = 0;
  damaged: [from: number, to: number] | null = null;

  constructor(text: string) {
    this.text = text;
  }

  get end(): number {
    return this.text.length;
  }

  async read(from: number, maxBytes: number): Promise<{ bytes: Uint8Array; to: number }[]> {
    if (this.damaged !== null && from >= this.damaged[0] && from < this.damaged[1]) throw new DamagedOutput(from, this.damaged[1]);
    const limit = this.damaged !== null && from < this.damaged[0] ? this.damaged[0] : this.end;
    const until = Math.min(limit, from + maxBytes);
    this.bytesRead += until - from;
    // Two chunks, as where the two streams meet.
    const middle = from + Math.floor((until - from) / 2);
    return [this.#chunk(from, middle), this.#chunk(middle, until)].filter(({ bytes }) => bytes.length > 0);
  }

  #chunk(from: number, to: number): { bytes: Uint8Array; to: number } {
    return { bytes: Buffer.from(this.text.slice(from, to)), to };
  }
}

function lines(count: number, length: (i: number) => number): string {
  return Array.from({ length: count }, (_, i) => `${'x'.repeat(length(i))}\n`).join('');
}

test.each([
  ['an empty log', ''],
  ['one line without an end', 'abc'],
  ['newlines only', '\n\n\n'],
  ['short lines', lines(200, (i) => i % 7)],
  ['lines over several blocks', lines(60_000, (i) => (i * 31) % 97)],
  ['a line longer than a block', `a\n${'y'.repeat(3_000_000)}\nb\nc`],
])('tells for each line where it begins, and for each place its line: %s', async (_, text) => {
  const index = new LineIndex(new MemoryLog(text));
  const begins = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) if (at + 1 < text.length) begins.push(at + 1);
  const some = begins.length < 300 ? begins.map((_, i) => i) : [0, 1, 2, 9999, 20_000, begins.length - 2, begins.length - 1];
  for (const i of some.filter((one) => one >= 0)) {
    const cursor = begins[i] ?? 0;
    expect(await index.cursorOf(i + 1, never)).toEqual({ line: i + 1, cursor });
    expect(await index.lineAt(cursor, never)).toEqual({ line: i + 1, cursor });
  }
  const last = { line: begins.length, cursor: begins.at(-1) };
  expect(await index.cursorOf(begins.length + 5, never)).toEqual(last);
});

test('reads a block once, and what has grown since', async () => {
  const log = new MemoryLog(lines(200_000, () => 20));
  const index = new LineIndex(log);
  expect(await index.lineAt(log.end, never)).toEqual({ line: 200_001, cursor: log.end });
  const first = log.bytesRead;
  expect(await index.lineAt(log.end - 21, never)).toMatchObject({ line: 200_000 });
  expect(log.bytesRead - first).toBeLessThan(1024 * 1024);
  log.text += 'one more\n';
  expect(await index.lineAt(log.end, never)).toMatchObject({ line: 200_002 });
  expect(log.bytesRead - first).toBeLessThan(3 * 1024 * 1024);
});

test('counts what two ask for at once one time', async () => {
  const log = new MemoryLog(lines(200_000, () => 20));
  const index = new LineIndex(log);
  const answers = await Promise.all([1, 2, 3, 4].map(() => index.lineAt(4_000_000, never)));
  expect(new Set(answers.map(({ line }) => line))).toEqual(new Set([Math.floor(4_000_000 / 21) + 1]));
  expect(log.bytesRead).toBeLessThan(9_000_000);
});

test('goes on behind what is damaged, and after an asker who left', async () => {
  const log = new MemoryLog(lines(100_000, () => 20));
  log.damaged = [210_000, 420_000];
  const index = new LineIndex(log);
  const left = new AbortController();
  const leaving = index.lineAt(log.end, left.signal);
  left.abort();
  await expect(leaving).rejects.toThrow();
  // 210,000 bytes are 10,000 lines.
  expect(await index.lineAt(log.end, never)).toMatchObject({ line: 90_001 });
});
