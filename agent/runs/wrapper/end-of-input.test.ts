import { existsSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

/** The end of what viewers type: once, after everything that was typed, whatever becomes of the agent. */

let h: Harness;
beforeEach(() => {
  h = makeHarness();
  h.script('cat.sh', '#!/bin/sh\ncat\necho done\n');
  h.script('slow.sh', '#!/bin/sh\necho ready\nsleep 0.5\nwc -c\n');
  h.script('leaves.sh', '#!/bin/sh\nread -r line\necho "got $line"\n');
  h.script('keeps.sh', '#!/bin/sh\necho ready\nsleep 30 &\ncat\necho done\n');
  for (const script of ['cat', 'slow', 'leaves', 'keeps']) h.action({ id: script, script: `${script}.sh`, stdin: true });
});
afterEach(() => h.close());

const ada = () => h.caller('ada');
async function start(action: string): Promise<string> {
  return (await h.runs.start(ada(), { action, source: 'page' })).task_id;
}

it('the script reads all that was typed, and then the end', async () => {
  const task = await start('cat');
  await h.runs.input(ada(), task, 'one\n');
  await h.runs.input(ada(), task, 'two', true);
  expect(await h.ended(task)).toMatchObject({ state: 'exited', exit_code: 0 });
  expect(await h.output(task)).toBe('one\ntwodone\n');
});

it('comes at once, before anything was typed', async () => {
  const task = await start('cat');
  await h.runs.input(ada(), task, '', true);
  await h.ended(task);
  expect(await h.output(task)).toBe('done\n');
});

it('comes once: nothing is typed after it, and a second one changes nothing', async () => {
  const task = await start('slow');
  await until(() => h.runs.log(task).end > 0);
  await h.runs.input(ada(), task, 'x'.repeat(60_000), true);
  await h.runs.input(ada(), task, '', true);
  await expect(h.runs.input(ada(), task, 'more')).rejects.toMatchObject({ code: 'input_not_accepted' });
  await h.ended(task);
  expect(await h.output(task)).toBe('ready\n60000\n');
});

it('does not come with the agent’s restart, and can be asked for after it', async () => {
  const task = await start('cat');
  await h.runs.input(ada(), task, 'before\n');
  await until(() => h.runs.log(task).end >= 7);
  await h.runs.close();
  await h.restart();
  await sleep(200);
  expect(h.runs.get(ada(), task).state).toBe('running');
  await h.runs.input(ada(), task, 'after\n', true);
  await h.ended(task);
  expect(await h.output(task)).toBe('before\nafter\ndone\n');
});

it('comes after a restart that fell between the asking and the end', async () => {
  const task = await start('slow');
  await until(() => h.runs.log(task).end > 0);
  const folder = join(h.home, 'runs', task);
  await h.runs.close();
  rmSync(join(folder, 'stdin'));
  await h.restart();
  await h.ended(task);
  expect(await h.output(task)).toBe('ready\n0\n');
});

it('leaves nobody behind: not when the script ends first, not when it is cancelled', async () => {
  const left = await start('leaves');
  await h.runs.input(ada(), left, 'hello\n');
  expect(await h.ended(left)).toMatchObject({ exit_code: 0 });
  expect(await h.output(left)).toBe('got hello\n');
  const kept = await start('keeps');
  await until(() => h.runs.log(kept).end > 0);
  await h.runs.cancel(ada(), kept);
  await h.ended(kept);
  for (const task of [left, kept]) {
    expect(existsSync(join(h.home, 'runs', task, 'hold')), 'hold').toBe(false);
    await expect.poll(() => alive(task)).toBe(0);
  }
});

/** Processes whose working folder is the run's: the wrapper, its pumps, and who holds the input. */
function alive(task: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).includes(task);
    } catch {
      return false;
    }
  }).length;
}
