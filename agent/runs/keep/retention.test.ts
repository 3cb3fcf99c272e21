import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';
import { type Holders, Removal } from './removal.ts';
import { Retention } from './retention.ts';

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

  /** Ended runs, the first is the newest, a minute apart. They need no files: those of some are made. */
  async function ended(count: number, withFiles = 0): Promise<string[]> {
    const { task_id } = await h.runs.start(h.caller('ada'), { script: 'exit.sh', source: 'api' });
    await h.ended(task_id);
    const row = h.runs.history.get(task_id);
    if (row === null) throw new Error('no row');
    const ids = Array.from({ length: count }, () => randomUUID());
    h.db.transaction(() => {
      for (const [i, id] of ids.entries()) h.runs.history.insert({ ...row, task_id: id, created_at: row.created_at - (i + 1) * 60_000 });
    })();
    h.runs.history.remove([task_id]);
    for (const id of ids.slice(0, withFiles)) mkdirSync(folderOf(id));
    return ids;
  }

  const folderOf = (id: string): string => join(h.home, 'runs', id);
  const left = (): number => Number(h.db.prepare('SELECT count(*) FROM task_history').pluck().get());
  const quiet = { release: async () => undefined, forget: () => undefined };
  function retention(holders: Holders = quiet): Retention {
    const log = {
      info: () => undefined,
      warn: () => undefined,
      error: (detail: object, message: string) => console.error(message, detail),
    };
    return new Retention(h.runs.history, h.settings, log, new Removal(join(h.home, 'runs'), h.runs.history, holders));
  }

  it('goes by whichever of age and number leaves less', async () => {
    const [newest = ''] = await ended(6);
    // Three are younger than a day.
    const threeYoung = (h.runs.history.get(newest)?.created_at ?? 0) - 2.5 * 60_000 + 86_400_000;
    Object.assign(h.settings, { keep_days: 1, keep_runs: 5 });
    expect(await retention().sweep(threeYoung)).toBe(3);
    Object.assign(h.settings, { keep_runs: 2 });
    expect(await retention().sweep(threeYoung)).toBe(1);
    expect(left()).toBe(2);
  });

  it('looks past the first two thousand, with the event loop between', async () => {
    await ended(2003);
    h.settings.keep_runs = 2001;
    let turned = false;
    setImmediate(() => {
      turned = true;
    });
    const { sizes } = h.runs.history;
    const looks: boolean[] = [];
    vi.spyOn(h.runs.history, 'sizes').mockImplementation((...args) => {
      looks.push(turned);
      return Reflect.apply(sizes, h.runs.history, args);
    });
    expect(await retention().sweep()).toBe(2);
    expect(looks).toEqual([false, true]);
    expect(left()).toBe(2001);
  });

  it('lets go of a run, removes its files, then what is in memory, then its row: batch after batch', async () => {
    const ids = await ended(120, 120);
    h.settings.keep_runs = 5;
    const said: [string, boolean, boolean][] = [];
    const say = (what: string, id: string): void => void said.push([what, existsSync(folderOf(id)), h.runs.history.get(id) !== null]);
    expect(await retention({ release: async (id) => say('release', id), forget: (id) => say('forget', id) }).sweep()).toBe(115);
    expect(said).toEqual(
      Array.from({ length: 115 }, () => [
        ['release', true, true],
        ['forget', false, true],
      ]).flat(),
    );
    expect(
      readdirSync(join(h.home, 'runs'))
        .filter((name) => ids.includes(name))
        .sort(),
    ).toEqual(ids.slice(0, 5).sort());
    expect(left()).toBe(5);
  });

  it('stops at once when the agent does: within a batch, and between two', async () => {
    const ids = await ended(120, 120);
    h.settings.keep_runs = 10;
    const between = retention();
    const { remove } = h.runs.history;
    vi.spyOn(h.runs.history, 'remove').mockImplementationOnce((...args) => {
      Reflect.apply(remove, h.runs.history, args);
      setImmediate(() => between.close());
    });
    expect(await between.sweep()).toBe(50);
    expect(ids.filter((id) => existsSync(folderOf(id)))).toHaveLength(70);
    const within = retention({ ...quiet, forget: () => within.close() });
    expect(await within.sweep()).toBe(0);
    // Rows without files are empty logs; the next agent removes them.
    expect(left()).toBe(70);
  });
});
