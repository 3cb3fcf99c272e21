import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProcessIdentity } from './process-identity.ts';
import { bootId, identify, isAlive, signalGroup, signalProcess } from './process-identity.ts';
import type { ProcessInfo } from './process-info.ts';
import { processesOf, processTable } from './process-table.ts';

const BOOT = bootId();
const more: ChildProcess[] = [];
afterEach(() => {
  for (const one of more.splice(0)) one.kill('SIGKILL');
});
let child: ChildProcess;
let pid: number;
beforeEach(() => {
  child = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' });
  pid = child.pid ?? 0;
});
afterEach(() => {
  child.kill('SIGKILL');
});

/** It is ended after the test. */
function spawnIdentity(one: ChildProcess): ProcessIdentity {
  more.push(one);
  const identity = identify(one.pid ?? 0, BOOT);
  if (identity === null) throw new Error('it did not start');
  return identity;
}

describe('a process', () => {
  it('is signalled only while it is the one that was meant', async () => {
    const it = identify(pid, BOOT);
    if (it === null) throw new Error('it was not found');
    const another = { ...it, start: `${it.start}1` };
    const before = { ...it, boot: 'another-boot' };
    for (const wrong of [another, before]) {
      expect(isAlive(wrong, BOOT), 'the process lives').toBe(false);
      expect(signalProcess(wrong, BOOT, 'SIGKILL')).toBe(false);
      expect(signalGroup(wrong, BOOT, 'SIGKILL')).toBe(false);
    }
    expect(isAlive(it, BOOT), 'the process lives').toBe(true);
    const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
    expect(signalGroup(it, BOOT, 'SIGTERM')).toBe(true);
    expect(await ended).toBe('SIGTERM');
    expect(isAlive(it, BOOT), 'the process lives').toBe(false);
  });

  it('stands in the table with its group and parent', async () => {
    expect((await processTable()).get(pid)).toMatchObject({ pid, parent: process.pid, group: pid, session: pid });
  });

  it('of this moment stands in a table that is asked for in this moment, however lately one was read', async () => {
    await processTable();
    const late = spawn('sleep', ['60'], { stdio: 'ignore' });
    try {
      const shared = processTable();
      expect(processTable()).toBe(shared);
      expect([...(await shared).keys()]).toContain(late.pid);
    } finally {
      late.kill('SIGKILL');
    }
  });
});

describe('a table of processes', () => {
  it('tells the task and the pipes of no process that is older than the eldest that is looked for', async () => {
    const { start } = spawnIdentity(spawn('sleep', ['60'], { stdio: ['ignore', 'pipe', 'pipe'], env: { TORU_TASK_ID: 'old' } }));
    await new Promise((next) => setTimeout(next, 50));
    const young = spawnIdentity(spawn('sleep', ['60'], { stdio: ['ignore', 'pipe', 'pipe'], env: { TORU_TASK_ID: 'young' } }));
    expect(Number(young.start)).toBeGreaterThan(Number(start));
    const tasks = async (eldest: { start: string } | null) =>
      [...(await processTable(eldest)).values()].flatMap(({ taskId }) => taskId ?? []);
    expect(await tasks(young)).toEqual(expect.arrayContaining(['young']));
    expect(await tasks(young)).not.toContain('old');
    expect(await tasks(null)).toEqual(expect.arrayContaining(['old', 'young']));
    // Whoever looks for an older one meanwhile gets the same table, and it has what they look for.
    const [shared, same] = await Promise.all([processTable(young), processTable({ start })]);
    expect(same).toBe(shared);
    expect([...same.values()].map(({ taskId }) => taskId)).toEqual(expect.arrayContaining(['old', 'young']));
  });
});

describe('what belongs to a run', () => {
  const info = (pid: number, more: Partial<ProcessInfo> = {}): ProcessInfo => ({
    pid,
    parent: 1,
    group: pid,
    session: pid,
    start: `${pid}`,
    taskId: null,
    pipes: [],
    ...more,
  });
  const table = (...infos: ProcessInfo[]) => new Map(infos.map((one) => [one.pid, one]));
  const wrapper = { pid: 10, start: '10', boot: BOOT };

  it('is found by group, session, tree, environment, output, and by having been found before', () => {
    const processes = table(
      info(10),
      info(11, { group: 10, session: 10 }),
      info(12, { group: 12, session: 10 }),
      info(13, { parent: 11 }),
      info(14, { parent: 13 }),
      info(15, { taskId: 'mine' }),
      info(16),
      info(17, { taskId: 'other' }),
      info(18),
      info(20, { parent: 10 }),
      info(21, { group: 20, session: 20 }),
      info(22, { pipes: ['pipe:[7]'] }),
      info(23, { pipes: ['pipe:[8]'] }),
    );
    const found = processesOf(
      'mine',
      [wrapper, { pid: 20, start: '20', boot: BOOT }],
      ['pipe:[7]'],
      new Map([
        [16, info(16)],
        [18, info(18, { start: 'before' })],
      ]),
      processes,
    );
    expect([...found.keys()].sort()).toEqual([10, 11, 12, 13, 14, 15, 16, 20, 21, 22]);
  });

  it('is no group whose number somebody else has now', () => {
    const processes = table(info(10, { start: '999' }), info(11, { group: 10, session: 10 }), info(12, { taskId: 'mine' }));
    expect([...processesOf('mine', [wrapper], [], new Map(), processes).keys()]).toEqual([12]);
  });
});
