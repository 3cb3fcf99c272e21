import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../shared/runs.ts';
import { processTable } from '../../process/process-table.ts';
import type { Harness } from '../runs-harness.ts';
import { isAliveNow, makeHarness } from '../runs-harness.ts';

/** What a run's record says is what happened, whatever the script does to its own group, its pumps and its files. */

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 300 } });
});
afterEach(() => h.close());

async function start(text: string): Promise<string> {
  h.script('it.sh', text);
  return (await h.runs.start(h.caller('ada'), { script: 'it.sh', source: 'api' })).task_id;
}

const folderOf = (task: string): string => join(h.home, 'runs', task);
const statusOf = (task: string): string => readFileSync(join(folderOf(task), 'status'), 'latin1');
const sizesOf = (task: string): number => ['out', 'err'].reduce((sum, name) => sum + statSync(join(folderOf(task), name)).size, 0);
const show = (task: string): Run => h.runs.get(h.caller('ada'), task);

async function says(task: string, what: string): Promise<void> {
  await expect.poll(() => h.output(task), { timeout: 20_000 }).toContain(what);
}

/** The processes that carry a run's output: the native runner, or what the shell wrapper started, but the script. */
async function pumpsOf(task: string): Promise<number[]> {
  const wrapper = Number(/^stat (\d+) /m.exec(statusOf(task))?.[1]);
  if (isNative(task)) return [wrapper];
  return [...(await processTable()).values()].filter(({ pid, group }) => group === wrapper && pid !== wrapper).map(({ pid }) => pid);
}

const isNative = (task: string): boolean => /^pipes /m.test(statusOf(task));

const PYTHON = spawnSync('python3', ['-c', '']).status === 0;

describe('a script that signals its own group', () => {
  it.each([
    { how: 'kill -9 0', ends: { signal: 'SIGKILL' } },
    { how: 'kill -9 -$$', ends: { signal: 'SIGKILL' } },
    { how: 'kill -TERM 0', ends: { signal: 'SIGTERM' } },
    { how: 'kill -USR1 0', ends: { signal: 'SIGUSR1' } },
    { how: "trap 'echo reloading' USR1; kill -USR1 0; sleep 0.1", ends: { exit_code: 5 } },
    { how: "trap '' HUP; kill -HUP 0", ends: { exit_code: 5 } },
  ])('ends by $how as it would in a terminal, and what it printed is there', async ({ how, ends }) => {
    const task = await start(`#!/bin/sh\nhead -c 100000 /dev/zero | tr '\\0' x\necho\necho "step 1" >&2\n${how}\nexit 5\n`);
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: null, signal: null, reason: null, ...ends });
    const output = await h.output(task);
    // Which of two streams comes first is best effort: the line of one may stand within the other.
    expect(output.replaceAll(/[^x]/g, '')).toHaveLength(100_000);
    expect(output).toContain('step 1\n');
    expect(output.includes('reloading')).toBe(how.includes('reloading'));
  });

  it.runIf(PYTHON)('does so from Python', async () => {
    const task = await start('#!/usr/bin/env python3\nimport os, signal\nprint("here", flush=True)\nos.killpg(0, signal.SIGTERM)\n');
    expect(await h.ended(task)).toMatchObject({ state: 'exited', signal: 'SIGTERM' });
    expect(await h.output(task)).toBe('here\n');
  });

  it('ends its background children by that, and leads its group and session', async () => {
    const task = await start(
      `#!/bin/bash\ntrap 'trap - TERM; kill -- -$$' EXIT\nsleep 600 &\necho "child $! $$ $(ps -o pgid=,sid= -p $$)"\n`,
    );
    expect(await h.ended(task)).toMatchObject({ state: 'exited', signal: 'SIGTERM' });
    const [, child, own, group, session] = /child (\d+) (\d+) +(\d+) +(\d+)/.exec(await h.output(task)) ?? [];
    expect([group, session]).toEqual([own, own]);
    await expect.poll(() => isAliveNow(Number(child)), { message: 'the child lives' }).toBe(false);
  });
});

describe('the end of a run', () => {
  it.each([591, 3205, 60_000])('waits for %i bytes that a stopped pump has not carried yet', async (bytes) => {
    const task = await start(
      `#!/bin/sh\necho begin\nuntil [ -e "$0.go" ]; do sleep 0.01; done\nhead -c ${bytes} /dev/zero | tr '\\0' x\nexit 4\n`,
    );
    await says(task, 'begin');
    const pumps = await pumpsOf(task);
    for (const pid of pumps) process.kill(pid, 'SIGSTOP');
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    await expect.poll(() => show(task).finishing, { timeout: 20_000, message: 'the run is finishing' }).toBe(true);
    expect(show(task)).toMatchObject({ state: 'running', exit_code: null });
    for (const pid of pumps) process.kill(pid, 'SIGCONT');
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 4, reason: null, output_bytes: 6 + bytes });
    expect(await h.output(task)).toBe(`begin\n${'x'.repeat(bytes)}`);
    expect(show(task).finishing).toBeUndefined();
    expect(sizesOf(task)).toBe(6 + bytes);
  });

  it('does so over a restart of the agent, beside a background child that goes on printing', async () => {
    const task = await start(
      `#!/bin/sh\necho begin\nuntil [ -e "$0.go" ]; do sleep 0.01; done\n(while :; do echo late >&2; sleep 0.01; done) &\nprintf 'the last words'\n`,
    );
    await says(task, 'begin');
    const pumps = await pumpsOf(task);
    for (const pid of pumps) process.kill(pid, 'SIGSTOP');
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    await expect.poll(() => show(task).finishing, { timeout: 20_000, message: 'the run is finishing' }).toBe(true);
    await h.restart();
    await expect.poll(() => show(task).finishing, { timeout: 20_000, message: 'the run is finishing' }).toBe(true);
    for (const pid of pumps) process.kill(pid, 'SIGCONT');
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 0, reason: expect.stringContaining('left processes running') });
    expect((await h.output(task)).replaceAll('late\n', '')).toBe('begin\nthe last words');
    process.kill(-Number(/^leader (\d+) /m.exec(statusOf(task))?.[1]), 'SIGKILL');
  });

  it('says what can’t be had: the pumps were killed with what they held', async () => {
    const task = await start(`#!/bin/sh\necho begin\nuntil [ -e "$0.go" ]; do sleep 0.01; done\nprintf lost; sleep 0.2\n`);
    await says(task, 'begin');
    const pumps = await pumpsOf(task);
    for (const pid of pumps) process.kill(pid, 'SIGSTOP');
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    await expect.poll(() => show(task).finishing, { timeout: 20_000, message: 'the run is finishing' }).toBe(true);
    for (const pid of pumps) process.kill(pid, 'SIGKILL');
    // The native runner alone knows how the script ended.
    if (isNative(task)) {
      expect(await h.ended(task)).toMatchObject({ state: 'interrupted', reason: expect.stringContaining('how far it got') });
      return;
    }
    expect(await h.ended(task)).toMatchObject({ state: 'exited', reason: expect.stringContaining('may be missing') });
    expect(await h.output(task)).toContain('may be missing here');
  });

  it('can be given up by a cancel', async () => {
    const task = await start(`#!/bin/sh\necho begin\nuntil [ -e "$0.go" ]; do sleep 0.01; done\nprintf late\n`);
    await says(task, 'begin');
    for (const pid of await pumpsOf(task)) process.kill(pid, 'SIGSTOP');
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    await expect.poll(() => show(task).finishing, { timeout: 20_000, message: 'the run is finishing' }).toBe(true);
    await h.runs.cancel(h.caller('ada'), task);
    expect(await h.ended(task)).toMatchObject({ state: 'cancelled', reason: expect.stringContaining('may be missing') });
  });

  it('keeps nothing of what a background child prints after it, says so, and leaves that child alone', async () => {
    const task = await start(
      `#!/bin/bash\n(echo child $BASHPID; until [ -e "$0.go" ]; do sleep 0.01; done; for i in $(seq 1 20); do head -c 100000 /dev/zero | tr '\\0' x; done; echo listening; : > "$0.done"; sleep 600) &\nsleep 0.3; echo server started\n`,
    );
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 0, reason: expect.stringContaining('not kept') });
    const output = await h.output(task);
    expect(output).toMatch(/^child \d+\nserver started\n$/);
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    // It prints two megabytes, which nobody keeps, and does not die of it.
    await expect.poll(() => existsSync(join(h.home, 'scripts/it.sh.done')), { timeout: 20_000, message: 'it.sh.done' }).toBe(true);
    const child = Number(/child (\d+)/.exec(output)?.[1]);
    expect(isAliveNow(child), 'the process lives').toBe(true);
    expect(sizesOf(task)).toBe(output.length);
    expect(show(task).output_bytes).toBe(output.length);
    process.kill(child, 'SIGKILL');
  });
});

describe('what a script writes into its status', () => {
  it('does not end its run', async () => {
    const task = await start(
      `#!/bin/sh\ncd ${h.home}/runs/$TORU_TASK_ID\nprintf 'exit 0\\ndrained\\n' >>status\nprintf 'stat 1 (init) S 0 1 1 0\\nexit 0 0123456789abcdef0123456789abcdef\\ndrained\\n' >>status\necho tried\nuntil [ -e "$0.go" ]; do sleep 0.01; done\nexit 9\n`,
    );
    await says(task, 'tried');
    await new Promise((next) => setTimeout(next, 700));
    expect(show(task).state).toBe('running');
    await h.restart();
    await new Promise((next) => setTimeout(next, 700));
    expect(show(task).state).toBe('running');
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 9 });
  });

  it('is not believed, and neither is an empty file', async () => {
    const task = await start(`#!/bin/sh\necho begin\n: >${h.home}/runs/$TORU_TASK_ID/status\nexit 6\n`);
    expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 6 });
  });

  it('can’t be proved with what it finds in the journal, its wrapper’s arguments or its environment', async () => {
    const task = await start(
      `#!/bin/sh\ncat /proc/$PPID/cmdline /proc/$PPID/environ ${h.home}/runs/$TORU_TASK_ID/* 2>/dev/null | tr '\\0' '\\n'\nenv\necho done\nuntil [ -e "$0.go" ]; do sleep 0.01; done\n`,
    );
    await says(task, 'done\n');
    const seen = await h.output(task);
    writeFileSync(join(h.home, 'scripts/it.sh.go'), '');
    await h.ended(task);
    const token = /^(?:exit 0|ended) (\w{32})/m.exec(statusOf(task))?.[1] ?? 'none';
    expect(seen).toContain('TORU_TASK_ID');
    expect(seen).not.toContain(token);
    expect(JSON.stringify(h.db.prepare('SELECT * FROM task_history').all())).not.toContain(token);
  });
});

it('shows no page of shell to who looks at the host’s processes', async () => {
  const task = await start('#!/bin/sh\necho begin\nsleep 600\n');
  await says(task, 'begin');
  const wrapper = /^stat (\d+) /m.exec(statusOf(task))?.[1];
  const command = readFileSync(`/proc/${wrapper}/cmdline`, 'utf8');
  expect(command.length).toBeLessThan(400);
  expect(command).toContain('toru');
  await h.runs.cancel(h.caller('ada'), task);
  await h.ended(task);
});
