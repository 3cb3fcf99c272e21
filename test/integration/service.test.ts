import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { childrenOf, commandOf, isRunning } from '../faults/processes.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort, leftovers } from '../harness/toru.ts';

/** As a service of systemd: what it is told, by a `systemd-notify` that writes down who said what, and whom to tell. */

const BEAT_MS = 500;
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-service-'));
  mkdirSync(join(folder, 'bin'));
  const command = join(folder, 'bin', 'systemd-notify');
  writeFileSync(command, '#!/bin/sh\necho "$1" >> "$NOTIFY_SOCKET"\n');
  chmodSync(command, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([
  ['the agent alone', 'dist/agent/main.js'],
  ['the edge and the agent', 'dist/embedded/start.js'],
])('%s: ready when it is up, alive until it is stopped, and nobody else says so', async (name, file) => {
  const home = join(folder, `home of ${name}`);
  const told = join(folder, `told by ${name}`);
  const said = (state: string): number =>
    existsSync(told)
      ? readFileSync(told, 'utf8')
          .split('\n')
          .filter((line) => line === state).length
      : 0;
  // As systemd does: it knows the pid before the program runs.
  const service = spawn('sh', ['-c', 'WATCHDOG_PID=$$ exec "$0" "$1"', process.execPath, join(root, file)], {
    env: {
      ...bareEnvironment(),
      PATH: `${join(folder, 'bin')}:${process.env['PATH']}`,
      TORU_HOME: home,
      STEERING_PORT: String(await freePort()),
      ADMIN_PASSWORD: 'the password of the tests',
      LOG_LEVEL: 'error',
      NOTIFY_SOCKET: told,
      WATCHDOG_USEC: String(3 * BEAT_MS * 1000),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [service.stdout, service.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (printed += text));
  const ended = new Promise<number | null>((resolve) => service.once('exit', resolve));
  try {
    await eventually('it is ready', () => said('READY=1'), { holds: (seen) => seen > 0, limitMs: 45_000 });
    expect(existsSync(join(home, 'agent.pid')), 'it is up by then').toBe(true);
    await eventually('it is alive', () => said('WATCHDOG=1'), { holds: (seen) => seen >= 3 });
    for (const pid of leftovers(home).filter((one) => one !== service.pid)) {
      expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toMatch(/NOTIFY_SOCKET|WATCHDOG_/);
    }

    service.kill('SIGSTOP');
    // What was on its way when it stopped.
    const telling = (): boolean => childrenOf(service.pid ?? 0).some((pid) => isRunning(pid) && commandOf(pid).includes('systemd-notify'));
    await sleep(BEAT_MS);
    await eventually('the last sign is written', () => !telling());
    const before = said('WATCHDOG=1');
    await sleep(3 * BEAT_MS);
    expect(said('WATCHDOG=1'), 'a stopped one is silent').toBe(before);
    service.kill('SIGCONT');
    await eventually('it is alive again', () => said('WATCHDOG=1'), { holds: (seen) => seen > before });
  } finally {
    service.kill('SIGTERM');
    // It may be stopped still.
    service.kill('SIGCONT');
    await ended;
  }
  expect(await ended, printed).toBe(0);
  expect(printed.includes('TORU_EDGE_URL'), 'an agent that nobody can reach says so').toBe(name === 'the agent alone');
  expect(said('READY=1')).toBe(1);
  expect(said('STOPPING=1')).toBe(1);
  await eventually('nothing of it is left', () => leftovers(home).length, { holds: (seen) => seen === 0 });
});
