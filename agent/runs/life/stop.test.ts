import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';

/** Starts a child in a session of its own, which tidies up for a moment when it is asked to leave, and leaves a file then. */
const TIDY = (signal: string, left: string): string => `#!/bin/sh
setsid sh -c 'trap "sleep 0.5; : >${left}-$$; exit" ${signal}; echo ready; while :; do sleep 0.05; done' &
while :; do sleep 0.05; done
`;

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 60_000 } });
});
afterEach(() => h.close());

async function started(script: string): Promise<string> {
  const { task_id } = await h.runs.start(h.caller('ada'), { script, source: 'api' });
  await expect.poll(() => h.output(task_id), { interval: 5, timeout: 20_000 }).toContain('ready');
  return task_id;
}

const leftIn = (folder: string): string[] => readdirSync(folder).filter((name) => name.startsWith('left-'));

describe('a stop', () => {
  it.each([true, false])('keeps its grace beside others that began just before (cgroups: %s)', async (cgroups) => {
    await h.runs.close();
    await h.restart({ limits: { graceMs: 60_000, cgroups } });
    h.script('tidy.sh', TIDY('TERM', join(h.home, 'left')));
    const tasks: string[] = [];
    for (let i = 0; i < 6; i += 1) tasks.push(await started('tidy.sh'));
    const ends: Promise<unknown>[] = [];
    for (const task of tasks) {
      await h.runs.cancel(h.caller('ada'), task);
      ends.push(h.ended(task));
      await new Promise((next) => setTimeout(next, 3));
    }
    await Promise.all(ends);
    expect(leftIn(h.home).length).toBe(6);
  });

  it('keeps its grace when all of its run is younger than the stop before it', async () => {
    h.script('other.sh', '#!/bin/sh\necho ready\nexec sleep 600\n');
    h.script(
      'young.sh',
      `#!/bin/sh\n(trap "sleep 0.3; : >${join(h.home, 'left')}-$$; exit" TERM; echo ready; while :; do sleep 0.05; done) &\nwait\n`,
    );
    const ends: Promise<unknown>[] = [];
    for (let i = 0; i < 8; i += 1) {
      const other = await started('other.sh');
      await h.runs.cancel(h.caller('ada'), other);
      const task = await started('young.sh');
      await h.runs.cancel(h.caller('ada'), task);
      ends.push(h.ended(task));
    }
    await Promise.all(ends);
    expect(leftIn(h.home).length).toBe(8);
  });

  it.each(['INT', 'HUP', 'QUIT', 'TERM'])('asks with %s where its run says so', async (stop_signal) => {
    h.script(
      'ask.py',
      `#!/usr/bin/env python3\nimport os, signal, sys, time\ndef told(n, _):\n  os.write(1, signal.Signals(n).name.encode() + b"\\n")\n  sys.exit(3)\nfor n in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM): signal.signal(n, told)\nos.write(1, b"ready\\n")\nwhile True: time.sleep(0.1)\n`,
    );
    const task = await started('ask.py');
    await h.runs.close();
    h.db.prepare('UPDATE task_history SET stop_signal = ? WHERE task_id = ?').run(stop_signal, task);
    await h.restart({ limits: { graceMs: 60_000 } });
    await h.runs.cancel(h.caller('ada'), task);
    expect(await h.ended(task)).toMatchObject({ state: 'cancelled', exit_code: 3 });
    expect(await h.output(task)).toBe(`ready\nSIG${stop_signal}\n`);
  });

  it('asks with what the action says, and waits for its grace', async () => {
    h.script(
      'finally.py',
      '#!/usr/bin/env python3\nimport time\ntry:\n  print("ready", flush=True)\n  time.sleep(60)\nfinally:\n  print("cleaned up", flush=True)\n',
    );
    h.script('deaf.sh', `#!/bin/sh\ntrap 'echo told' QUIT\necho ready\nwhile :; do sleep 0.05; done\n`);
    // A grace that a shell can answer in, also on a busy machine.
    h.action({ id: 'finally', script: 'finally.py', stop_signal: 'INT', grace_s: 60 });
    h.action({ id: 'deaf', script: 'deaf.sh', stop_signal: 'QUIT', grace_s: 4 });
    for (const [action, said] of [
      ['finally', 'ready\ncleaned up\n'],
      ['deaf', 'ready\ntold\n'],
    ] as const) {
      const { task_id } = await h.runs.start(h.caller('ada'), { action, source: 'page' });
      await until(() => h.runs.log(task_id).end > 0);
      await h.runs.cancel(h.caller('ada'), task_id);
      expect((await h.ended(task_id)).state).toBe('cancelled');
      // The shell of the script tells of its child’s death, in its place.
      expect((await h.output(task_id)).replace('Quit\n', '')).toContain(said);
    }
  });

  it('gives its run the time that it was promised, and no more', async () => {
    h.script('stubborn.sh', `#!/bin/sh\ntrap 'echo told' TERM\necho ready\nwhile :; do sleep 0.05; done\n`);
    const task = await started('stubborn.sh');
    await h.runs.close();
    h.db.prepare('UPDATE task_history SET grace_s = 4 WHERE task_id = ?').run(task);
    await h.restart({ limits: { graceMs: 600_000 } });
    await h.runs.cancel(h.caller('ada'), task);
    expect(await h.ended(task)).toMatchObject({ state: 'cancelled', signal: 'SIGKILL' });
    expect(await h.output(task)).toContain('told\n');
  });
});
