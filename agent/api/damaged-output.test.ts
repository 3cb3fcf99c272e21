import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { MAX_OUTPUT_FRAME } from '../../shared/limits.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { textOf } from '../logs/frame-text.ts';
import { packFile } from '../logs/pack.ts';
import { BLOCK_BYTES, readIndex } from '../logs/packed-index.ts';
import { RunLog } from '../logs/run-log.ts';
import { Streams } from '../logs/streams.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';

/** Compressed output of which the disk has changed a byte: what every reader of it is told. */

let api: ApiHarness;
let task: string;
let folder: string;
/** Lines of 24 bytes that say where they begin. */
const LINE_BYTES = 24;
const SIZE = 6 * BLOCK_BYTES;
const FROM = 2 * BLOCK_BYTES;
const TO = 3 * BLOCK_BYTES;
/** The damage begins in the middle of this line. */
const CUT = FROM - 16;

beforeAll(async () => {
  api = await makeApi();
  task = await packed();
  folder = join(api.home, 'runs', task);
  const fd = openSync(join(folder, 'out.gz'), 'r+');
  const at = Math.floor(((readIndex(fd).starts[2] ?? 0) + (readIndex(fd).starts[3] ?? 0)) / 2);
  const byte = readFileSync(join(folder, 'out.gz'))[at] ?? 0;
  writeSync(fd, Buffer.from([byte ^ 0x55]), 0, 1, at);
  closeSync(fd);
});
afterAll(() => api.close());

async function packed(): Promise<string> {
  api.script(
    'places.sh',
    `#!/bin/sh\nawk 'BEGIN { for (i = 0; i < ${SIZE / LINE_BYTES}; i++) printf "place %09d filler!\\n", i * ${LINE_BYTES} }'\n`,
  );
  const { task_id, output_bytes } = await api.finished(api.admin, { script: 'places.sh' });
  expect(output_bytes).toBe(SIZE);
  expect(await packFile(join(api.home, 'runs', task_id), 'out', Date.now() + 1000, async () => undefined)).toBe('packed');
  return task_id;
}

const place = (at: number): string => `place ${String(at).padStart(9, '0')}`;

async function linesOf(path: string): Promise<Record<string, unknown>[]> {
  const { text } = await api.ask(api.admin, 'GET', path);
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

test('lines of output name what is missing, and go on behind it', async () => {
  const lines = await linesOf(`/api/runs/${task}/output?format=jsonl`);
  const gap = lines.findIndex((line) => 'gap' in line);
  expect(lines[gap]).toEqual({ gap: { from: FROM, to: TO }, cursor: TO });
  const text = (some: Record<string, unknown>[]): string => some.map((line) => line['data']).join('');
  expect(text(lines.slice(0, gap)).length).toBe(FROM);
  expect(text(lines.slice(gap + 1))).toMatch(new RegExp(`^${place(TO)} filler!\n`));
  expect(text(lines.slice(gap + 1)).length).toBe(SIZE - TO);
});

test('a download breaks off, so that it is not taken for whole', async () => {
  const response = await api.app.fetch(new Request(`http://host/api/runs/${task}/output`), { caller: api.admin });
  expect(response.headers.get('content-length')).toBe(String(SIZE));
  let got = 0;
  const read = async (): Promise<void> => {
    for await (const part of response.body ?? []) got += part.length;
  };
  await expect(read()).rejects.toThrow('damaged');
  expect(got).toBe(FROM);
  const behind = await api.app.fetch(new Request(`http://host/api/runs/${task}/output?from=${TO}`), { caller: api.admin });
  expect(await behind.text()).toHaveLength(SIZE - TO);
});

test('a search finds what is before and behind it, with what can be read around', async () => {
  const found = async (q: string) =>
    (await linesOf(`/api/runs/${task}/search?q=${encodeURIComponent(q)}&context=1`)).filter((line) => line['type'] === 'match');
  for (const at of [0, CUT - LINE_BYTES, TO, SIZE - LINE_BYTES])
    expect(await found(place(at)), String(at)).toMatchObject([{ cursor: at, line: `${place(at)} filler!` }]);
  expect(await found(place(FROM + 8))).toEqual([]);
  expect(await found(place(TO))).toMatchObject([{ before: [] }]);
  // What stands before the damage does not join what stands behind it.
  expect(await found(place(CUT))).toHaveLength(1);
  expect(await found(`${place(CUT)} ${place(TO)}`)).toEqual([]);
});

test('a viewer is told the gap, and sees the rest', async () => {
  const log = new RunLog(folder, true);
  const frames: Record<string, unknown>[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const streams = new Streams(
    { log: () => log, endFrames: () => [JSON.stringify({ type: 'exit' })] },
    { turn: (callback) => void setImmediate(callback, MAX_OUTPUT_FRAME), publish: () => undefined, clear: () => undefined },
  );
  const port = {
    send: (frame: string | Utf8Text) => void frames.push(JSON.parse(textOf(frame))),
    join: () => undefined,
    leave: () => undefined,
  };
  const viewer = streams.attach(task, port, 0, { start: () => undefined, ended: resolve });
  // Smaller than the gap: for what was never sent nobody owes an acknowledgement.
  viewer.setWindow(BLOCK_BYTES / 2);
  const acking = setInterval(() => viewer.ack(Number(frames.findLast((frame) => 'cursor' in frame)?.['cursor'] ?? 0)), 1);
  await ended.finally(() => clearInterval(acking));
  expect(frames.filter((frame) => frame['type'] === 'gap')).toEqual([{ type: 'gap', task_id: task, from: FROM, to: TO }]);
  const text = frames.map((frame) => frame['data'] ?? '').join('');
  expect(text.length).toBe(SIZE - BLOCK_BYTES);
  expect(text).toContain(`${place(CUT)} ${place(TO)} `);
  expect(frames.at(-1)).toEqual({ type: 'exit' });
  log.closeFiles();
});

test('a run of which nothing can be read hides no other from a search', async () => {
  const broken = await packed();
  writeFileSync(join(api.home, 'runs', broken, 'out.gz'), 'no gzip');
  expect(await linesOf(`/api/runs/${broken}/search?q=place`)).toContainEqual(
    expect.objectContaining({ type: 'error', data: expect.stringContaining('damaged') }),
  );
  const lines = await linesOf(`/api/search?q=${encodeURIComponent(place(LINE_BYTES))}&in=output`);
  expect(lines).toContainEqual(expect.objectContaining({ type: 'match', task_id: task, cursor: LINE_BYTES }));
  expect(lines.at(-1)).toMatchObject({ type: 'end' });
});
