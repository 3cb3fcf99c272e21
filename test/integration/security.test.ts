import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { workerdOf } from '../faults/processes.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { listeningPorts } from '../harness/ports.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** Attacks on a whole Toru, as it is started at home. What one part alone can show is tested beside that part. */

const PASSWORD = 'a password that nobody else has';

let toru: Toru;

beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_USERNAME: 'owner', ADMIN_PASSWORD: PASSWORD, LOG_LEVEL: 'debug' } });
});

afterAll(async () => {
  await toru?.[Symbol.asyncDispose]();
});

test.runIf(process.platform === 'linux')('nothing listens on a port but the front, also after workerd died', async () => {
  const front = Number(new URL(toru.url).port);
  expect(listeningPorts(toru.pid)).toEqual([front]);
  process.kill(workerdPid(), 'SIGKILL');
  const answers = new Set<number>();
  await eventually('the edge is away, and back', async () => {
    answers.add((await fetch(`${toru.url}/api/health`)).status);
    expect(listeningPorts(toru.pid)).toEqual([front]);
    return answers.has(503) && [...answers].length > 1;
  });
  await eventually('the host links again', async () => (await (await fetch(`${toru.url}/api/health`)).json()).host_online, {
    holds: (seen) => seen === true,
  });
});

test('what workerd prints goes to a log file, and the version to who is logged in', async () => {
  expect(existsSync(join(toru.home, 'logs', 'edge.log')), 'edge.log').toBe(true);
  expect(toru.output()).not.toMatch(/^\s+at \S/m);
  const admin = await Client.of(toru, 'owner', PASSWORD);
  expect((await admin.http('GET', '/api/health')).json()).toEqual({ ok: true, host_online: true, version: expect.any(String) });
});

test('workerd’s socket is entered by its owner alone', async () => {
  const path = join(toru.home, 'web.sock');
  expect(statSync(toru.home).mode & 0o777).toBe(0o700);
  expect(statSync(path).mode & 0o077).toBe(0);
  // Another user of this machine, where we may become one.
  if (process.getuid?.() !== 0) return;
  const code = `require('net').connect(${JSON.stringify(path)}).on('connect', () => console.log('in')).on('error', (e) => console.log(e.code))`;
  const other = spawnSync(process.execPath, ['-e', code], { uid: 65_534, gid: 65_534, encoding: 'utf8' });
  expect(other.stdout.trim()).toBe('EACCES');
});

function workerdPid(): number {
  const pid = workerdOf(toru.pid);
  if (pid === 0) throw new Error('workerd is not running');
  return pid;
}
