import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ProcessIdentity } from '../../process/process-identity.ts';
import { bootId, identify, isAlive } from '../../process/process-identity.ts';
import { endOrphans, listIn, writeRecord } from './launch-record.ts';

const boot = bootId();
const folder = mkdtempSync(join(tmpdir(), 'toru-orphans-'));
const started: ProcessIdentity[] = [];
afterEach(() => {
  for (const each of started.splice(0)) if (isAlive(each, boot)) process.kill(each.pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function sleeper(environment: Record<string, string> = {}): ProcessIdentity {
  const child = spawn('sleep', ['3600'], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'], ...environment } });
  const identity = identify(child.pid ?? 0, boot);
  if (identity === null) throw new Error('it did not start');
  started.push(identity);
  return identity;
}

function record(plugin: string, identity: ProcessIdentity | null, launch = 'no-such-launch'): void {
  writeRecord(folder, { plugin, launch, socket: join(folder, `${plugin}.sock`), cgroup: null, identity });
}

test('what a killed agent left is ended, and its socket and record go', async () => {
  const orphan = sleeper();
  record('left', orphan);
  writeFileSync(join(folder, 'left.sock'), '');
  writeFileSync(join(folder, 'older.sock'), '');
  expect(await endOrphans(folder, boot, 200)).toEqual(['left']);
  expect(isAlive(orphan, boot), 'the process lives').toBe(false);
  expect(listIn(folder)).toEqual([]);
});

test('a pid that is another’s by now is not touched, nor one of another boot', async () => {
  const stranger = sleeper();
  record('recycled', { ...stranger, start: '1' });
  record('rebooted', { ...stranger, boot: 'another' });
  expect(await endOrphans(folder, boot, 200)).toEqual([]);
  expect(isAlive(stranger, boot), 'the process lives').toBe(true);
  expect(listIn(folder)).toEqual([]);
});

test('what its main process left behind is found by the mark of the launch', async () => {
  const child = sleeper({ TORU_LAUNCH: 'this-launch' });
  const other = sleeper({ TORU_LAUNCH: 'that-launch' });
  record('headless', { ...sleeper(), start: '1' }, 'this-launch');
  await endOrphans(folder, boot, 200);
  expect([isAlive(child, boot), isAlive(other, boot)]).toEqual([false, true]);
});

test('a record that is not whole, or names a socket elsewhere, harms nothing', async () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'not-ours-'));
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'half.json'), '{"plugin":"half","la');
  writeRecord(folder, { plugin: 'odd', launch: 'x', socket: join(elsewhere, 's'), cgroup: null, identity: null });
  expect(await endOrphans(folder, boot, 200)).toEqual([]);
  expect([existsSync(elsewhere), listIn(folder)]).toEqual([true, []]);
  rmSync(elsewhere, { recursive: true });
});
