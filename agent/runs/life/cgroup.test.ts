import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { cgroupOf, freeze, membersOf, removeCgroup } from '../../process/cgroup.ts';
import { Cgroups, cgroupBase, makeCgroupBase } from '../../process/owned-cgroups.ts';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { isAliveNow, makeHarness } from '../runs-harness.ts';

/** Root, or a delegated cgroup2: elsewhere there is nothing to test but that runs work without. */
const available = makeCgroupBase('/a/home/for/the/tests') !== null;

/** An orphan in a session of its own, without our variable: no sweep finds it. */
const ESCAPE = `#!/bin/sh
(env -i setsid sh -c 'echo "pid $$"; exec sleep 600' &)
echo ready
wait
sleep 600
`;

/** Ends when its child, in a session of its own, has said who it is: what comes after the end of a script is not waited for. */
const LEAVES_A_CHILD = `#!/bin/sh
setsid sh -c 'echo "pid $$"; : > "$0"; exec sleep 600' "$0.said" >&2 &
until [ -e "$0.said" ]; do sleep 0.02; done
`;

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 300 } });
});
afterEach(() => h.close());

async function started(text: string, says: RegExp): Promise<{ task_id: string; pid: number; cgroup: string }> {
  h.script('it.sh', text);
  const { task_id } = await h.runs.start(h.caller('ada'), { script: 'it.sh', source: 'api' });
  let printed = '';
  while (!says.test(printed)) {
    printed = await h.output(task_id);
    await new Promise((next) => setTimeout(next, 5));
  }
  const [, cgroup = ''] = /^cgroup (\S+)$/m.exec(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1')) ?? [];
  return { task_id, pid: Number(/pid (\d+)/.exec(printed)?.[1]), cgroup };
}

describe('without a cgroup', () => {
  it('a run starts, ends and is cancelled all the same', async () => {
    await h.runs.close();
    await h.restart({ limits: { graceMs: 300, cgroups: false } });
    // It keeps nothing that could give it away: not even its output.
    const { task_id, pid } = await started(ESCAPE.replace('exec sleep', 'exec >&- 2>&-; exec sleep'), /pid \d+\n/);
    expect(existsSync(cgroupBase(cgroupOf() ?? '', h.home)), cgroupBase(cgroupOf() ?? '', h.home)).toBe(false);
    expect(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1')).not.toContain('cgroup');
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
    // What doctor says of such a host: this one can escape.
    expect(isAliveNow(pid), 'the process lives').toBe(true);
    process.kill(pid, 'SIGKILL');
  });
});

it('one that can’t be had is none, and what is none stays as it is', async () => {
  await freeze(h.home);
  expect(existsSync(join(h.home, 'cgroup.freeze')), 'cgroup.freeze').toBe(false);
  expect(await new Cgroups(join(h.home, 'toru.db')).make()).toBeNull();
});

describe.runIf(available)('with a cgroup', () => {
  it('closing finds nothing wrong when another agent has taken away its empty base', async () => {
    const base = makeCgroupBase(join(h.home, 'another'));
    expect(base).not.toBeNull();
    const cgroups = new Cgroups(base);
    const made = await cgroups.make();
    if (base === null || made === null) throw new Error('no cgroup');
    cgroups.release(made);
    rmdirSync(made);
    rmdirSync(base);
    expect(() => cgroups.close()).not.toThrow();
  });

  it('makes its base again that another agent has taken away, and removes what the script has divided', async () => {
    const base = makeCgroupBase(join(h.home, 'another'));
    if (base === null) throw new Error('no cgroup');
    const cgroups = new Cgroups(base);
    rmdirSync(base);
    const made = await cgroups.make();
    if (made === null) throw new Error('not made again');
    mkdirSync(join(made, 'divided'));
    // It is looked at more than once: somebody may live in it at first.
    const lives = spawn('sleep', ['600'], { stdio: 'ignore' });
    writeFileSync(join(made, 'divided', 'cgroup.procs'), String(lives.pid));
    cgroups.release(made);
    await new Promise((next) => setTimeout(next, 200));
    expect(membersOf(made)).toEqual([lives.pid]);
    lives.kill('SIGKILL');
    await until(() => !existsSync(made));
    expect(removeCgroup(made)).toBe(true);
    cgroups.close();
    expect(existsSync(base), base).toBe(false);
  });

  it('a boot releases what an earlier agent made, and nothing that is in use or its own', async () => {
    const base = makeCgroupBase(join(h.home, 'another'));
    if (base === null) throw new Error('no cgroup');
    const cgroups = new Cgroups(base);
    const own = await cgroups.make();
    const [used, old] = [join(base, 'used'), join(base, 'old')];
    for (const path of [used, old]) mkdirSync(path);
    const released = vi.spyOn(cgroups, 'release');
    cgroups.releaseOld(new Set([used]));
    expect(released.mock.calls).toEqual([[old]]);
    for (const path of [own ?? '', used]) cgroups.release(path);
    cgroups.close();
    expect(existsSync(base), base).toBe(false);
  });

  it('a cancel gets the orphan that left group, session, tree and environment; then the cgroup is gone', async () => {
    const { task_id, pid, cgroup } = await started(ESCAPE, /pid \d+\n/);
    expect(membersOf(cgroup)).toContain(pid);
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
    await until(() => !isAliveNow(pid));
    await until(() => !existsSync(cgroup));
  });

  it('a cancel asks it to leave first, as it asks the others', async () => {
    await h.runs.close();
    await h.restart({ limits: { graceMs: 20_000 } });
    const left = join(h.home, 'left-in-peace');
    const { task_id } = await started(
      // The trap first: whoever has said its pid may get TERM at once.
      ESCAPE.replace('echo "pid $$"; exec sleep 600', () => `trap "echo >${left}; exit" TERM; echo "pid $$"; while :; do sleep 0.05; done`),
      /pid \d+\n/,
    );
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
    expect(existsSync(left), left).toBe(true);
  });

  it('so it does after a restart of the agent', async () => {
    const { task_id, pid, cgroup } = await started(ESCAPE, /pid \d+\n/);
    await h.runs.close();
    expect(isAliveNow(pid), 'the process lives').toBe(true);
    await h.restart({ limits: { graceMs: 300 } });
    await h.runs.cancel(h.caller('ada'), task_id);
    await h.ended(task_id);
    await until(() => !isAliveNow(pid));
    await until(() => !existsSync(cgroup));
  });

  it('what a dead wrapper leaves is found by the next agent', async () => {
    const { task_id, pid, cgroup } = await started(ESCAPE, /pid \d+\n/);
    await h.runs.close();
    const [, wrapper] = /^stat (\d+) /m.exec(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1')) ?? [];
    const [, leader] = /^leader (\d+) /m.exec(readFileSync(join(h.home, 'runs', task_id, 'status'), 'latin1')) ?? [];
    for (const group of [wrapper, leader]) process.kill(-Number(group), 'SIGKILL');
    await until(() => membersOf(cgroup).every((member) => member === pid));
    await h.restart();
    expect(await h.ended(task_id)).toMatchObject({ state: 'interrupted' });
    await until(() => !isAliveNow(pid));
  });

  it('a cancel ends what forks faster than a sweep can look', async () => {
    const alive = join(h.home, 'alive');
    writeFileSync(alive, '');
    // Each generation starts the next in a session of its own, without our variable, and ends. It dies without the file.
    h.script('hydra.sh', `#!/bin/sh\ntrap '' TERM PIPE\n[ -e "${alive}" ] || exit\necho head\nenv -i setsid "$0" &\n`);
    const { task_id, cgroup } = await started(
      `#!/bin/sh\nfor i in 1 2 3; do env -i setsid "${join(h.home, 'scripts/hydra.sh')}" & done\nsleep 600\n`,
      /(head\n){20}/,
    );
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled' });
    expect(membersOf(cgroup)).toEqual([]);
    rmSync(alive);
    await until(() => !existsSync(cgroup));
  });

  it('the script’s last words are kept', async () => {
    await h.runs.close();
    await h.restart({ limits: { graceMs: 20_000 } });
    const { task_id } = await started(
      `#!/bin/sh\ntrap 'sleep 0.3; head -c 300000 /dev/zero | tr "\\\\0" x; echo goodbye; exit 5' TERM\necho ready\nwhile :; do sleep 0.05; done\n`,
      /ready/,
    );
    await h.runs.cancel(h.caller('ada'), task_id);
    expect(await h.ended(task_id)).toMatchObject({ state: 'cancelled', exit_code: 5 });
    expect(await h.output(task_id)).toContain('xgoodbye\n');
    expect(h.runs.get(h.caller('ada'), task_id).output_bytes).toBeGreaterThan(300_000);
  });

  it('a script that ends leaves its background child in peace, and the cgroup stays until that has ended', async () => {
    const { task_id, pid, cgroup } = await started(LEAVES_A_CHILD, /pid \d+\n/);
    expect(await h.ended(task_id)).toMatchObject({ state: 'exited', exit_code: 0 });
    await until(() => membersOf(cgroup).includes(pid));
    process.kill(pid, 'SIGKILL');
    await until(() => !existsSync(cgroup));
  });

  it('a boot removes the empty cgroups of runs that are over', async () => {
    const { task_id, pid, cgroup } = await started(LEAVES_A_CHILD, /pid \d+\n/);
    await h.ended(task_id);
    await h.runs.close();
    process.kill(pid, 'SIGKILL');
    expect(existsSync(cgroup), cgroup).toBe(true);
    await h.restart();
    await until(() => !existsSync(cgroup));
  });
});
