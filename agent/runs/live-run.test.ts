import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { RunLog } from '../logs/run-log.ts';
import { bootId } from '../process/process-identity.ts';
import { LiveRun } from './live-run.ts';
import type { RunStatus } from './status.ts';

/** What a wrapper leaves in its folder, written by the test: when a run has ended, and with which output. */

function follow(): { folder: string; log: RunLog; ended: Promise<RunStatus> } {
  const folder = mkdtempSync(join(tmpdir(), 'toru-live-'));
  for (const file of ['out', 'err', 'order', 'status']) writeFileSync(join(folder, file), '');
  const log = new RunLog(folder, false);
  const ended = new Promise<RunStatus>((end, trouble) => {
    const run = { taskId: crypto.randomUUID(), folder, seal: null, log, boot: bootId(), spawned: null };
    const live = new LiveRun(run, { end: ({ status }) => end(status), full: () => undefined, finishing: () => undefined, trouble });
    onTestFinished(() => {
      live.close();
      log.rest();
      rmSync(folder, { recursive: true, force: true });
    });
  });
  return { folder, log, ended };
}

const text = (log: RunLog): string =>
  log
    .readSync(0, 1000)
    .map(({ bytes }) => Buffer.from(bytes).toString())
    .join('');

test('a pump that waits for room may say what is missing, though the script has ended', async () => {
  const { folder, log, ended } = follow();
  appendFileSync(join(folder, 'out'), 'before\n');
  appendFileSync(join(folder, 'status'), 'cut out\nexit 0\n');
  // It tries again after a second.
  await sleep(1200);
  appendFileSync(join(folder, 'out'), 'the note\nthe rest\n');
  appendFileSync(join(folder, 'status'), 'drained\n');
  expect(await ended).toMatchObject({ exit: { code: 0 }, cut: ['out'], drained: true });
  expect(text(log)).toBe('before\nthe note\nthe rest\n');
});

test('a background child that holds the pipe keeps nobody', async () => {
  const { folder, log, ended } = follow();
  appendFileSync(join(folder, 'out'), 'all\n');
  appendFileSync(join(folder, 'status'), 'exit 3\n');
  expect(await ended).toMatchObject({ exit: { code: 3 }, drained: false });
  expect(text(log)).toBe('all\n');
});
