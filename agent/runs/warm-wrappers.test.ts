import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { removeCgroup } from '../process/cgroup.ts';
import { bootId, identify } from '../process/identity.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import { groupingOf } from './grouping.ts';
import type { Plan } from './launch.ts';
import { SpareFiles } from './run-files.ts';
import { isAliveNow, until } from './runs-harness.ts';
import { markOf, sealOf } from './seal.ts';
import { parseStatus } from './status.ts';
import { WarmWrappers } from './warm-wrappers.ts';

const ID = '33333333-3333-4333-8333-333333333333';
const TOKEN = 'a-token';
const BASE = { PATH: process.env['PATH'] ?? '' };

let home: string;
let base: string | null;
let files: SpareFiles;
let cgroups: Cgroups;
let warm: WarmWrappers;
let usual: { environment: Record<string, string>; outputLimitMb: number };
/** How many runs are under way, and how often that was asked. */
let running: number;
let asked: number;

beforeEach(() => {
  [running, asked] = [0, 0];
  home = mkdtempSync(join(tmpdir(), 'toru-warm-'));
  mkdirSync(join(home, 'runs'));
  base = makeCgroupBase(home);
  files = new SpareFiles(join(home, 'runs'));
  cgroups = new Cgroups(base);
  usual = { environment: BASE, outputLimitMb: 0 };
  warm = make();
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await warm.close();
  files.close();
  cgroups.close();
  if (base !== null) expect(existsSync(base)).toBe(false);
  rmSync(home, { recursive: true, force: true });
});

function make(): WarmWrappers {
  const count = (): number => {
    asked += 1;
    return running;
  };
  return new WarmWrappers({ boot: bootId(), cgroups, files, grouping: groupingOf(''), running: count, usual: () => usual });
}

function plan(change: Partial<Plan> = {}): Plan {
  return {
    taskId: ID,
    token: TOKEN,
    folder: join(home, 'runs', ID),
    script: '/bin/echo',
    args: ['here'],
    environment: BASE,
    stdin: { kind: 'none' },
    outputLimitMb: 0,
    ...change,
  };
}

const status = (folder: string) => parseStatus(readFileSync(join(folder, 'status'), 'latin1'), sealOf(TOKEN));

/** Begins anew, with another clock. @returns moves it by ten milliseconds, and gives the system some time. */
async function withItsOwnClock(): Promise<() => Promise<void>> {
  await warm.close();
  const { setTimeout: really } = globalThis;
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  warm = make();
  return async () => {
    await vi.advanceTimersByTimeAsync(10);
    await new Promise((next) => really(next, 5));
  };
}

/** The processes that a process has started, and that have not ended. */
function childrenOf(parent: number | undefined): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && parentOf(pid) === parent && identify(pid, '') !== null);
}

const cgroupsMade = (): number =>
  base === null ? 0 : readdirSync(base, { withFileTypes: true }).filter((entry) => entry.isDirectory()).length;

describe('a wrapper that waits', () => {
  it('takes one run, in its own cgroup, session and folder; then another waits', async () => {
    await until(() => warm.waiting === 1);
    const taken = warm.take(plan());
    expect(taken).not.toBeNull();
    const { folder } = plan();
    await until(() => status(folder).drained);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(`here\n${markOf(TOKEN).toString()}`);
    expect(status(folder)).toMatchObject({ exit: { code: 0 }, cgroup: taken?.cgroup, identity: { pid: taken?.child.pid } });
    if (base !== null) expect(taken?.cgroup).not.toBeNull();
    if (taken?.cgroup != null) cgroups.release(taken.cgroup);
    await until(() => warm.waiting === 1);
  });

  it('takes no run that needs more than it has, and goes on waiting', async () => {
    await until(() => warm.waiting === 1);
    for (const change of [
      { args: ['two\nlines'] },
      { stdin: { kind: 'open' as const } },
      { environment: { PATH: '/elsewhere' } },
      { outputLimitMb: 1 },
    ]) {
      expect(warm.take(plan(change))).toBeNull();
    }
    mkdirSync(plan().folder);
    expect(warm.take(plan())).toBeNull();
    expect(warm.waiting).toBeGreaterThan(0);
    expect(readdirSync(plan().folder)).toEqual([]);
  });

  it.each([
    ['the environment', { environment: { ...BASE, LANG: 'C' } }],
    ['the limit', { outputLimitMb: 5 }],
  ])('makes way for another when the settings have changed: %s', async (_what, change) => {
    await until(() => warm.waiting === 1);
    usual = { ...usual, ...change };
    const now = plan(usual);
    const [pid = 0] = childrenOf(process.pid);
    expect(warm.take(now)).toBeNull();
    expect(warm.waiting).toBe(0);
    await until(() => warm.waiting > 0);
    // Its end, which we wanted, is no sign that something is wrong.
    await until(() => identify(pid, '') === null);
    await new Promise((next) => setTimeout(next, 20));
    const taken = warm.take(now);
    expect(taken).not.toBeNull();
    await until(() => status(now.folder).drained);
    if (taken?.cgroup != null) cgroups.release(taken.cgroup);
    await until(() => warm.waiting > 0);
  });

  it('is more than one while presses come quickly', async () => {
    await until(() => warm.waiting === 1);
    const press = async (i: number): Promise<void> => {
      const one = plan({ folder: join(home, 'runs', String(i)) });
      const taken = warm.take(one);
      if (taken !== null) await until(() => status(one.folder).drained);
      if (taken?.cgroup != null) cgroups.release(taken.cgroup);
    };
    for (let i = 0; i < 4; i += 1) await press(i);
    await until(() => warm.waiting === 4);
    // The look after a quiet minute does not keep the next one waiting.
    await press(4);
    await until(() => warm.waiting === 4);
  });

  it('is never more than four, and one again after a quiet minute', async () => {
    const step = await withItsOwnClock();
    while (warm.waiting < 1) await step();
    // Six at one moment.
    for (let i = 0; i < 6; i += 1) warm.take(plan({ args: ['two\nlines'] }));
    while (warm.waiting < 4) await step();
    for (let i = 0; i < 20; i += 1) await step();
    expect(warm.waiting).toBe(4);
    await vi.advanceTimersByTimeAsync(60_000);
    while (warm.waiting > 1) await step();
  });

  it('is none while many runs are under way, and one when they have ended', async () => {
    await warm.close();
    running = 5;
    warm = make();
    asked = 0;
    await until(() => asked >= 3);
    expect(warm.waiting).toBe(0);
    running = 4;
    await until(() => warm.waiting === 1);
  });

  it('takes no run whose folder can’t be made, and makes way', async () => {
    await until(() => warm.waiting === 1);
    const [pid = 0] = childrenOf(process.pid);
    expect(warm.take(plan({ folder: join(home, 'nowhere', ID) }))).toBeNull();
    expect(warm.waiting).toBe(0);
    await until(() => identify(pid, '') === null);
  });

  it('has nothing to do with its run any more, once that has begun', async () => {
    await until(() => warm.waiting === 1);
    const released = vi.spyOn(cgroups, 'release');
    const taken = warm.take(plan());
    await new Promise((resolve) => taken?.child.once('exit', resolve));
    expect(released).not.toHaveBeenCalled();
    if (taken?.cgroup != null) cgroups.release(taken.cgroup);
  });

  it('leaves no descriptor open', async () => {
    const open = (): number => readdirSync('/proc/self/fd').length;
    await warm.close();
    const before = open();
    warm = make();
    await until(() => warm.waiting === 1);
    await warm.close();
    await until(() => open() <= before);
  });
});

describe('one that ends without an order', () => {
  it('is cleaned up after, and no other is tried for a while', async () => {
    await until(() => warm.waiting === 1);
    const [pid = 0] = childrenOf(process.pid);
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    expect(readdirSync(folder)).toContain('status');
    process.kill(-pid, 'SIGKILL');
    await until(() => warm.waiting === 0);
    expect(existsSync(folder)).toBe(false);
    await until(() => cgroupsMade() === 0);
    asked = 0;
    expect(warm.take(plan())).toBeNull();
    // A second look at whether there is need would come after 10 ms.
    await new Promise((next) => setTimeout(next, 200));
    expect([asked, warm.waiting]).toEqual([0, 0]);
  });

  it('is followed by another after a minute, without a press', async () => {
    const step = await withItsOwnClock();
    while (warm.waiting < 1) await step();
    const [pid = 0] = childrenOf(process.pid);
    process.kill(-pid, 'SIGKILL');
    while (warm.waiting > 0) await step();
    asked = 0;
    for (let i = 0; i < 20; i += 1) await step();
    expect(asked).toBe(0);
    await vi.advanceTimersByTimeAsync(60_000);
    while (warm.waiting < 1) await step();
  });

  it('when its run comes just then: nothing runs, nothing is claimed, and the agent lives', async () => {
    await until(() => warm.waiting === 1);
    const [pid = 0] = childrenOf(process.pid);
    process.kill(-pid, 'SIGKILL');
    // In this same turn of the event loop: we have not heard of it yet.
    while (identify(pid, '') !== null);
    const taken = warm.take(plan());
    expect(taken).not.toBeNull();
    await new Promise((resolve) => taken?.child.once('close', resolve));
    expect(existsSync(join(plan().folder, 'claim'))).toBe(false);
    expect(readFileSync(join(plan().folder, 'out'), 'utf8')).toBe('');
    if (taken?.cgroup != null) cgroups.release(taken.cgroup);
  });

  it('because it could not be started leaves nothing, and no other is tried for a while', async () => {
    await warm.close();
    await until(() => cgroupsMade() === 0);
    usual = { ...usual, environment: { ...BASE, TOO_LONG: 'x'.repeat(200_000) } };
    const folders = vi.spyOn(files, 'take');
    const released = vi.spyOn(cgroups, 'release');
    asked = 0;
    warm = make();
    await until(() => asked === 1 && (base === null || released.mock.calls.length === 1));
    await new Promise((next) => setTimeout(next, 200));
    expect([asked, warm.waiting]).toEqual([1, 0]);
    expect(folders.mock.results.map(({ value }) => existsSync(String(value)))).toEqual([false]);
  });
});

describe('the agent goes away', () => {
  it('closed or killed, it leaves no wrapper behind that waits, and nothing has run', async () => {
    const agent = spawn(
      process.execPath,
      ['--no-warnings', join(import.meta.dirname, 'crashing-agent.ts'), join(home, 'other'), '0', '600'],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await new Promise((resolve) => agent.stdout.once('data', resolve));
    await until(() => childrenOf(agent.pid).length > 0);
    const waiting = childrenOf(agent.pid);
    agent.kill('SIGKILL');
    await until(() => waiting.every((pid) => !isAliveNow(pid) || identify(pid, '') === null));
    expect(readdirSync(join(home, 'other', 'runs')).filter((name) => name !== '.spare')).toEqual([]);
  });

  it('that closes while it makes one waits for that, and ends it', async () => {
    await warm.close();
    const { promise: gate, resolve: go } = Promise.withResolvers<void>();
    const cgroup = await cgroups.make();
    const making = vi.spyOn(cgroups, 'make').mockImplementation(() => gate.then(() => cgroup));
    warm = make();
    await until(() => making.mock.calls.length === 1);
    // A press meanwhile: one is made after another.
    warm.take(plan());
    await new Promise((next) => setTimeout(next, 100));
    expect(making).toHaveBeenCalledTimes(1);
    let closed = false;
    const closing = warm.close().then(() => {
      closed = true;
    });
    await new Promise((turn) => setImmediate(turn));
    expect(closed).toBe(false);
    go();
    await closing;
    await until(() => childrenOf(process.pid).length === 0);
    asked = 0;
    expect(warm.take(plan())).toBeNull();
    await new Promise((next) => setTimeout(next, 100));
    expect(asked).toBe(0);
  });

  it('by itself, when nothing else keeps it: a wrapper that waits does not', () => {
    const module = (name: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, name)).href);
    const program = `
      import { Cgroups } from ${module('cgroups.ts')};
      import { SpareFiles } from ${module('run-files.ts')};
      import { WarmWrappers } from ${module('warm-wrappers.ts')};
      const files = new SpareFiles(${JSON.stringify(join(home, 'alone'))});
      const usual = { environment: ${JSON.stringify(BASE)}, outputLimitMb: 0 };
      const warm = new WarmWrappers({ boot: 'x', cgroups: new Cgroups(null), files, grouping: { setsid: null }, running: () => 0, usual: () => usual });
      const waiting = async (count) => {
        while (warm.waiting < count) await new Promise((next) => setTimeout(next, 5));
      };
      await waiting(1);
      for (let i = 0; i < 2; i += 1) warm.take({ stdin: { kind: 'open' } });
      await waiting(2);
      console.log('two wait');
    `;
    const { status: code, stdout } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 30_000,
    });
    expect([code, stdout]).toEqual([0, 'two wait\n']);
  });
});

function parentOf(pid: number): number {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(line.slice(line.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

it('what an agent left that never came back is removed by the next one of this cgroup', () => {
  if (base === null) return;
  const stale = join(dirname(base), 'toru-00000000');
  const fresh = join(dirname(base), 'toru-00000001');
  const strangers = join(dirname(base), 'toru-of-somebody-else');
  for (const folder of [stale, fresh, strangers]) mkdirSync(join(folder, 'of-a-run'), { recursive: true });
  for (const folder of [stale, strangers]) for (const path of [join(folder, 'of-a-run'), folder]) utimesSync(path, 0, 0);
  makeCgroupBase(home);
  expect([stale, fresh, strangers].map((folder) => existsSync(folder))).toEqual([false, true, true]);
  for (const folder of [fresh, strangers]) removeCgroup(folder);
});
