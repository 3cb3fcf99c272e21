import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Harness } from './runs-harness.ts';
import { makeHarness, until } from './runs-harness.ts';

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 200 } });
});
afterEach(() => h.close());

describe('retention', () => {
  it('removes what is older than keep_days, output and all', async () => {
    const ada = h.caller('ada');
    const { task_id } = await h.runs.start(ada, { script: 'exit.sh', source: 'api' });
    const young = await h.runs.start(ada, { script: 'exit.sh', source: 'api' });
    await Promise.all([h.ended(task_id), h.ended(young.task_id)]);
    h.db.prepare('UPDATE task_history SET created_at = created_at - 3 * 86400000 WHERE task_id = ?').run(task_id);
    h.settings.keep_days = 2;
    await h.runs.close();
    await h.restart();
    await until(() => h.runs.list(ada, {}).items.length === 1);
    expect(() => h.runs.log(task_id)).toThrow(expect.objectContaining({ code: 'unknown_task' }));
    expect(h.runs.get(ada, young.task_id).state).toBe('exited');
  });

  it.each([
    ['keep_runs: of the newest so many stay', { keep_runs: 3 }, 3],
    ['keep_mb: what is over the size of all output goes', { keep_mb: 2 }, 2],
    ['both: whichever is reached first', { keep_runs: 4, keep_mb: 1 }, 1],
    ['neither: all stay', {}, 5],
  ])('%s', async (_what, keep, left) => {
    const ada = h.caller('ada');
    h.script('print.sh', '#!/bin/sh\nhead -c 900000 /dev/zero\n');
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const { task_id } = await h.runs.start(ada, { script: 'print.sh', source: 'api' });
      await h.ended(task_id);
      ids.push(task_id);
    }
    // One that has not ended is never removed, and counts as the newest or not at all.
    const open = await h.runs.start(ada, { script: 'forever.sh', source: 'api' });
    h.db.prepare('UPDATE task_history SET created_at = 1 WHERE task_id = ?').run(open.task_id);
    await h.runs.close();
    Object.assign(h.settings, keep);
    await h.restart();
    await until(() => h.runs.list(ada, {}).items.length === left + 1);
    expect(h.runs.list(ada, {}).items.map((run) => run.task_id)).toEqual([...ids.slice(5 - left).reverse(), open.task_id]);
    const folders = readdirSync(join(h.home, 'runs')).filter((name) => name !== '.spare');
    expect(folders.sort()).toEqual([...ids.slice(5 - left), open.task_id].sort());
    await h.runs.cancel(ada, open.task_id);
    await h.ended(open.task_id);
  });
});
