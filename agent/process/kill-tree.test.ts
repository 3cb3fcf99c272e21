import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { afterEach, expect, it, vi } from 'vitest';
import { until } from '../until.ts';
import type { Stoppable } from './kill-tree.ts';
import { killTree } from './kill-tree.ts';
import type { ProcessIdentity } from './process-identity.ts';
import { bootId, identify } from './process-identity.ts';

/** When a stop asks whom. Its clock stands still until the test moves it: what counts is the order, on a machine of any speed. */

const BOOT = bootId();
const TASK = '9d2c3a1e-6f0b-4c55-8a53-0d6a9a1f7b11';
const children: ChildProcess[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A process in a session of its own. */
function sleeper(env: Record<string, string> = {}): ProcessIdentity {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'], ...env } });
  children.push(child);
  const identity = identify(child.pid ?? 0, BOOT);
  if (identity === null) throw new Error('it did not start');
  return identity;
}

it('asks its group at once, who left the group 20 ms later, and who left it since each half second', async () => {
  const wrapper = sleeper();
  const left = sleeper({ TORU_TASK_ID: TASK });
  const began = performance.now();
  let after = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => began + after);
  const asked: [number, number][] = [];
  const kill = process.kill.bind(process);
  // Nobody hears that they are to leave: all of them stay until KILL.
  vi.spyOn(process, 'kill').mockImplementation((pid, signal) => {
    if (signal === 'SIGTERM') asked.push([after, pid]);
    return signal === 'SIGTERM' || kill(pid, signal);
  });
  let looks = 0;
  const run: Stoppable = {
    taskId: TASK,
    status: () => {
      looks += 1;
      return { identity: wrapper, leader: null, cgroup: null, pipes: [], exit: null };
    },
    complete: () => true,
  };
  /** Lets the stop look a few times at this moment: what is due then is done. */
  const at = async (ms: number): Promise<void> => {
    after = ms;
    const before = looks;
    // A sweep looks as well: one and the turns after it.
    await until(() => looks >= before + 8);
  };

  const ended = killTree(run, BOOT, { signal: 'TERM', graceMs: 10_000 });
  await at(0);
  await at(19);
  expect(asked).toEqual([[0, -wrapper.pid]]);
  await at(20);
  expect(asked.slice(1)).toEqual([[20, left.pid]]);
  const later = sleeper({ TORU_TASK_ID: TASK });
  await at(519);
  expect(asked).toHaveLength(2);
  await at(520);
  expect(asked.slice(2)).toEqual([[520, later.pid]]);
  after = 10_000;
  await ended;
  for (const { pid } of [wrapper, left, later]) await until(() => identify(pid, BOOT) === null);
});
