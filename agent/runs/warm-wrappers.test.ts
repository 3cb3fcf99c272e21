import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { removeCgroup } from './cgroup.ts';
import { Cgroups, makeCgroupBase } from './cgroups.ts';
import type { Plan } from './launch.ts';
import { bootId, identify } from './processes.ts';
import { SpareFiles } from './run-files.ts';
import { isAliveNow, until } from './runs-harness.ts';
import { parseStatus } from './status.ts';
import { WarmWrappers } from './warm-wrappers.ts';

const ID = '33333333-3333-4333-8333-333333333333';
const BASE = { PATH: process.env['PATH'] ?? '' };

let home: string;
let base: string | null;
let files: SpareFiles;
let cgroups: Cgroups;
let warm: WarmWrappers;
let usual: { environment: Record<string, string>; outputLimitMb: number };

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-warm-'));
  mkdirSync(join(home, 'runs'));
  base = makeCgroupBase(home);
  files = new SpareFiles(join(home, 'runs'));
  cgroups = new Cgroups(base);
  usual = { environment: BASE, outputLimitMb: 0 };
  warm = new WarmWrappers({ boot: bootId(), cgroups, files, running: () => 0, usual: () => usual });
});
afterEach(async () => {
  await warm.close();
  files.close();
  cgroups.close();
  if (base !== null) expect(existsSync(base)).toBe(false);
  rmSync(home, { recursive: true, force: true });
});

function plan(change: Partial<Plan> = {}): Plan {
  return {
    taskId: ID,
    folder: join(home, 'runs', ID),
    script: '/bin/echo',
    args: ['here'],
    environment: BASE,
    stdin: { kind: 'none' },
    outputLimitMb: 0,
    ...change,
  };
}

const status = (folder: string) => parseStatus(readFileSync(join(folder, 'status'), 'latin1'));

describe('a wrapper that waits', () => {
  it('takes one run, in its own cgroup, session and folder; then another waits', async () => {
    await until(() => warm.waiting === 1);
    const taken = warm.take(plan());
    expect(taken).not.toBeNull();
    const { folder } = plan();
    await until(() => status(folder).drained);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('here\n');
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

  it('makes way for another when the settings have changed', async () => {
    await until(() => warm.waiting === 1);
    usual = { environment: { ...BASE, ALLOWED: 'now' }, outputLimitMb: 5 };
    const now = plan(usual);
    expect(warm.take(now)).toBeNull();
    expect(warm.waiting).toBe(0);
    await until(() => warm.waiting > 0);
    const taken = warm.take(now);
    expect(taken).not.toBeNull();
    await until(() => status(now.folder).drained);
    if (taken?.cgroup != null) cgroups.release(taken.cgroup);
  });

  it('is more than one while presses come quickly', async () => {
    await until(() => warm.waiting === 1);
    for (let i = 0; i < 4; i += 1) {
      const one = plan({ folder: join(home, 'runs', String(i)) });
      const taken = warm.take(one);
      if (taken !== null) await until(() => status(one.folder).drained);
      if (taken?.cgroup != null) cgroups.release(taken.cgroup);
    }
    await until(() => warm.waiting === 4);
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
    const children = (): number[] =>
      readdirSync('/proc')
        .map(Number)
        .filter((pid) => Number.isInteger(pid) && identify(pid, '') !== null && parentOf(pid) === agent.pid);
    await until(() => children().length > 0);
    const waiting = children();
    agent.kill('SIGKILL');
    await until(() => waiting.every((pid) => !isAliveNow(pid) || identify(pid, '') === null));
    expect(readdirSync(join(home, 'other', 'runs')).filter((name) => name !== '.spare')).toEqual([]);
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
  for (const folder of [stale, fresh]) mkdirSync(join(folder, 'of-a-run'), { recursive: true });
  for (const folder of [join(stale, 'of-a-run'), stale]) utimesSync(folder, 0, 0);
  makeCgroupBase(home);
  expect([existsSync(stale), existsSync(fresh)]).toEqual([false, true]);
  removeCgroup(fresh);
});
