import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { incompleteTail } from '../../../shared/utf8.ts';
import { drawnAfter, dump, emulator, written } from './screen-dump-harness.ts';

/** An emulator that got a screen at some byte and the rest after it shows, and goes on, as one that got everything. */

const CORPUS = join(import.meta.dirname, '../../../test/corpus');
const recordings = readdirSync(CORPUS).filter((name) => name.endsWith('.ansi'));
const COLS = 80;
const ROWS = 24;

async function expectSameAfter(bytes: Buffer, cut: number): Promise<void> {
  const head = bytes.subarray(0, cut);
  const at = cut - incompleteTail(head);
  const { data, cursor } = await drawnAfter(bytes.subarray(0, at), COLS, ROWS);
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

describe('a screen, then the rest', () => {
  it.each(recordings)('%s', async (name) => {
    const bytes = readFileSync(join(CORPUS, name));
    const step = Math.max(1, Math.floor(bytes.length / 40));
    for (let cut = 0; cut <= bytes.length; cut += step) await expectSameAfter(bytes, cut);
  });
});
