import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import { ageRun } from '../harness/age.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { startToru } from '../harness/toru.ts';

/** A long log through a whole Toru, after its compression: the same at its head, middle and tail, whole, and to a search. */

/** 50 MB, or 14: both are many blocks of a compressed file, and more than a window of the line. */
const LINES = scaled(1_100_000, 300_000);
const LINE_BYTES = 46;
const SIZE = LINES * LINE_BYTES;
const lineOf = (i: number): string =>
  `${String(i).padStart(10, '0')} ${String((i * 7919) % 1_000_003).padStart(10, '0')} something was said here\n`;

test(`a log of ${Math.round(SIZE / 1e6)} MB reads and searches as before, and takes less room`, async () => {
  await using toru = await startToru();
  const script = join(toru.home, 'scripts', 'print.sh');
  const line = 'printf "%010d %010d something was said here\\n", i, (i * 7919) % 1000003';
  writeFileSync(script, `#!/bin/sh\nawk 'BEGIN { for (i = 0; i < ${LINES}; i++) ${line} }'; echo the end >&2\n`);
  chmodSync(script, 0o755);
  const admin = await Client.of(toru);
  const task = String((await admin.http('POST', '/api/runs', { script: 'print.sh' })).json().task_id);
  const run = async () => (await admin.http('GET', `/api/runs/${task}`)).json();
  await eventually('it has printed', async () => (await run()).state, { holds: (seen) => seen === 'exited', limitMs: 60_000 });
  expect(await run()).toMatchObject({ output_bytes: SIZE + 8, disk_bytes: null });

  await toru.stop();
  ageRun(toru.home, task);
  await toru.start();
  await eventually('it is compressed', async () => (await run()).disk_bytes, { holds: (seen) => seen !== null, limitMs: 60_000 });
  const folder = join(toru.home, 'runs', task);
  expect(
    readdirSync(folder)
      .filter((name) => /^\.?(?:out|err)/.test(name))
      .sort(),
  ).toEqual(['err', 'out.gz']);
  const onDisk = ['out.gz', 'err', 'order'].reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  expect((await run()).disk_bytes).toBe(onDisk);
  expect(onDisk).toBeLessThan(SIZE / 4);

  const output = async (from: number, limit: number): Promise<string> =>
    (await admin.http('GET', `/api/runs/${task}/output?from=${from}&limit=${limit}`)).text;
  for (const first of [0, LINES / 2 + 7, LINES - 2]) {
    const lines = Math.min(2000, LINES - first);
    const expected = Array.from({ length: lines }, (_, i) => lineOf(first + i)).join('');
    expect((await output(first * LINE_BYTES, lines * LINE_BYTES)) === expected, `from line ${first}`).toBe(true);
  }

  // All of it, by the socket.
  const socket = await admin.openSocket();
  socket.send({ type: 'attach', task_id: task, from: 0 });
  await socket.next('exit', task);
  const [all, printed] = [socket.output(task, 'stdout'), Array.from({ length: LINES }, (_, i) => lineOf(i)).join('')];
  expect(all === printed, `${all.length} of ${printed.length} characters, the same`).toBe(true);
  expect(socket.output(task, 'stderr')).toBe('the end\n');

  for (const wanted of [0, Math.floor(LINES / 3), LINES - 1]) {
    const found = (
      await admin.http('GET', `/api/runs/${task}/search?q=${String(wanted).padStart(10, '0')}%20${lineOf(wanted).slice(11, 21)}`)
    ).text;
    const lines = found
      .trim()
      .split('\n')
      .map((said) => JSON.parse(said));
    expect(lines.filter((said) => said.type === 'match')).toMatchObject([{ cursor: wanted * LINE_BYTES, line: lineOf(wanted).trimEnd() }]);
    expect(lines.at(-1)).toMatchObject({ type: 'end', bytes: SIZE + 8 });
  }
  admin.close();
});
