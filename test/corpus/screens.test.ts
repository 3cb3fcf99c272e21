import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EmulatedTerminal } from '../../agent/terminals/screen/emulated-terminal.ts';
import { drawnAfter, dump, emulator, written } from '../../agent/terminals/screen/screen-dump-harness.ts';
import { incompleteTail } from '../../shared/utf8.ts';
import { scaled } from '../../tools/test-pace.ts';

/**
 * An emulator that got a screen at some byte and the rest after it shows, and goes on, as one that got everything. test/corpus/screens
 * was recorded with `script` in 80 columns and 24 rows: vim, less, htop, tmux, git log, fish, bash, what `docker pull` draws, characters of
 * all widths, colours of all kinds.
 */

const CORPUS = import.meta.dirname;
const COLS = 80;
const ROWS = 24;
const STEP = 4096;

const recordings = (folder: string): string[] => readdirSync(join(CORPUS, folder)).filter((name) => name.endsWith('.ansi'));

async function expectSameAfter(bytes: Buffer, cut: number): Promise<void> {
  const head = bytes.subarray(0, cut);
  const { data, cursor } = await drawnAfter(head.subarray(0, cut - incompleteTail(head)), COLS, ROWS);
  const [resumed, straight] = [emulator(COLS, ROWS), emulator(COLS, ROWS)];
  await written(resumed, data);
  await written(straight, bytes.subarray(0, cursor));
  expect(dump(resumed), `at byte ${cut}`).toEqual(dump(straight));
  await written(resumed, bytes.subarray(cursor));
  await written(straight, bytes.subarray(cursor));
  expect(dump(resumed), `in the end, resumed at byte ${cut}`).toEqual(dump(straight));
  resumed.dispose();
  straight.dispose();
}

async function expectSameEvery(bytes: Buffer, step: number): Promise<void> {
  for (let cut = 0; cut < bytes.length + step; cut += step) await expectSameAfter(bytes, Math.min(cut, bytes.length));
}

describe('a screen, then the rest', () => {
  it.each(recordings('screens'))('screens/%s, at every 4 KiB and in between', async (name) => {
    const bytes = readFileSync(join(CORPUS, 'screens', name));
    await expectSameEvery(bytes, STEP);
    // Within what is drawn in one go, most cuts are within a sequence.
    await expectSameEvery(bytes, Math.ceil(bytes.length / scaled(500, 25)) | 1);
  });

  it.each(recordings('.'))('%s', async (name) => {
    const bytes = readFileSync(join(CORPUS, name));
    await expectSameEvery(bytes, Math.max(1, Math.floor(bytes.length / scaled(300, 12))));
  });

  it('of a flood of 10 MB, at every 4 KiB', async () => {
    const [straight, drawn] = [emulator(COLS, ROWS), new EmulatedTerminal({ cursor: 0, cols: COLS, rows: ROWS, scrollback: 0 })];
    const all = flood(10_000_000);
    // Each takes a screen of its own to look at.
    const look = scaled(1, 40);
    for (let at = 0, n = 0; at < all.length; at += STEP, n += 1) {
      const piece = all.subarray(at, at + STEP);
      await drawn.feed(piece);
      await written(straight, piece);
      if (n % look !== 0) continue;
      const resumed = emulator(COLS, ROWS);
      const { data, cursor } = drawn.draw();
      await written(resumed, data);
      await written(resumed, all.subarray(cursor, at + piece.length));
      expect(dump(resumed), `at byte ${at + piece.length}`).toEqual(dump(straight));
      resumed.dispose();
    }
    drawn.close();
    straight.dispose();
  });
});

/** Lines of all lengths, coloured, with wide characters, and now and then a progress that is drawn again. */
function flood(bytes: number): Buffer {
  const lines: string[] = [];
  for (let n = 0, length = 0; length < bytes; n += 1) {
    const line = `\u001b[${30 + (n % 8)}m${n}\u001b[0m ${'the quick brown fox 漢字 '.repeat(n % 9)}${n % 50 === 0 ? `\r\u001b[K\u001b[1;4m${n} %\u001b[m` : ''}\r\n`;
    lines.push(line);
    length += Buffer.byteLength(line);
  }
  return Buffer.from(lines.join(''));
}
