import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from '../../until.ts';
import type { Harness } from '../runs-harness.ts';
import { makeHarness } from '../runs-harness.ts';
import { Compression } from './compression.ts';

const LINES = 20_000;
const PRINT = `#!/bin/sh
i=0; while [ $i -lt 20 ]; do awk -v from=$i 'BEGIN { for (n = 0; n < 1000; n++) printf "line %d of the output\\n", from * 1000 + n }'; echo "warning $i" >&2; i=$((i + 1)); done
`;
const HOUR_MS = 3_600_000;

let h: Harness;
beforeEach(() => {
  h = makeHarness({ limits: { graceMs: 200 } });
  h.settings.compress_after_minutes = 10;
  h.script('print.sh', PRINT);
});
afterEach(() => h.close());

async function printed(): Promise<string> {
  const { task_id } = await h.runs.start(h.caller('ada'), { script: 'print.sh', source: 'api' });
  await h.ended(task_id);
  return task_id;
}

const folderOf = (task: string): string => join(h.home, 'runs', task);
const files = (task: string): string[] => readdirSync(folderOf(task)).filter((name) => /^\.?(out|err)/.test(name));
const diskBytes = (task: string): number | null => h.runs.get(h.caller('ada'), task).disk_bytes;

/** Puts a run's end an hour back, files and all. */
function age(task: string): void {
  h.db.prepare('UPDATE task_history SET ended_at = ended_at - ? WHERE task_id = ?').run(HOUR_MS, task);
  for (const name of ['out', 'err']) utimesSync(join(folderOf(task), name), new Date(Date.now() - HOUR_MS), new Date(Date.now() - HOUR_MS));
}

function compression(options: Partial<ConstructorParameters<typeof Compression>[0]> = {}): Compression {
  return new Compression({
    folder: join(h.home, 'runs'),
    history: h.runs.history,
    settings: h.settings,
    log: { error: (detail, message) => console.error(message, detail) },
    minFreeBytes: 0,
    inUse: () => false,
    ...options,
  });
}

describe('compression of ended runs', () => {
  it('begins at the start of an agent, waits until a run has been quiet, and changes nothing that is read', async () => {
    const [old, young] = [await printed(), await printed()];
    const before = await h.output(old);
    // The other stream may come in the middle of a line.
    expect(before.replaceAll(/warning \d+\n/g, '').split('\n')).toHaveLength(LINES + 1);
    age(old);
    await h.runs.close();
    await h.restart();
    await until(() => diskBytes(old) !== null);
    // What is small stays.
    expect(files(old)).toEqual(['err', 'out.gz']);
    const onDisk = ['out.gz', 'err', 'order'].reduce((sum, name) => sum + statSync(join(folderOf(old), name)).size, 0);
    expect(diskBytes(old)).toBe(onDisk);
    expect(onDisk).toBeLessThan(before.length / 4);
    expect(await h.output(old)).toBe(before);
    expect([diskBytes(young), files(young)]).toEqual([null, ['err', 'out']]);
  });

  it('takes what was said on stderr too', async () => {
    h.script('print.sh', PRINT.replace(`}'; echo`, `}' >&2; echo`));
    const task = await printed();
    age(task);
    const before = await h.output(task);
    await compression().pass();
    expect(files(task)).toEqual(['err.gz', 'out']);
    expect(await h.output(task)).toBe(before);
  });

  it('waits for who reads, and for who still writes', async () => {
    const task = await printed();
    age(task);
    await compression({ inUse: () => true }).pass();
    expect(files(task)).toEqual(['err', 'out']);
    utimesSync(join(folderOf(task), 'out'), new Date(), new Date());
    await compression().pass();
    expect([files(task), diskBytes(task)]).toEqual([['err', 'out'], null]);
    age(task);
    await compression().pass();
    expect(files(task)).toEqual(['err', 'out.gz']);
  });

  it('does nothing when it is off, and nothing twice', async () => {
    const task = await printed();
    age(task);
    h.settings.compress_after_minutes = 0;
    await compression().pass();
    expect(files(task)).toEqual(['err', 'out']);
    h.settings.compress_after_minutes = 10;
    await compression().pass();
    const made = statSync(join(folderOf(task), 'out.gz')).ino;
    await compression().pass();
    expect(statSync(join(folderOf(task), 'out.gz')).ino).toBe(made);
    expect(h.runs.history.uncompressed(null, Date.now(), 10)).toEqual([]);
  });

  it('finishes what a crash broke off, whichever of the files it left', async () => {
    const task = await printed();
    const before = await h.output(task);
    age(task);
    writeFileSync(join(folderOf(task), '.out.gz'), 'half of it');
    writeFileSync(join(folderOf(task), 'out.gz'), 'whatever');
    await compression().pass();
    expect(files(task)).toEqual(['err', 'out.gz']);
    expect(await h.output(task)).toBe(before);
    // Replaced, and the history was not told.
    h.db.prepare('UPDATE task_history SET disk_bytes = NULL').run();
    await compression().pass();
    expect(diskBytes(task)).toBeGreaterThan(0);
  });

  it('stays away from a disk that is nearly full, and tries again', async () => {
    const task = await printed();
    age(task);
    await compression({ minFreeBytes: Number.MAX_SAFE_INTEGER }).pass();
    expect([files(task), diskBytes(task)]).toEqual([['err', 'out'], null]);
    await compression().pass();
    expect(files(task)).toEqual(['err', 'out.gz']);
  });

  it('ends without a word where the disk fills up meanwhile, and tries again', async () => {
    const task = await printed();
    age(task);
    const probe = await open(join(folderOf(task), 'order'));
    const handles = Object.getPrototypeOf(probe);
    await probe.close();
    const { writeFile } = handles;
    vi.spyOn(handles, 'writeFile').mockImplementation(async function (this: unknown, ...values: unknown[]) {
      // The packed bytes: others write texts.
      if (Buffer.isBuffer(values[0])) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
      return Reflect.apply(writeFile, this, values);
    });
    const told: string[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (_detail: object, message: string) => void told.push(message) };
    const work = compression({ log });
    await work.pass();
    vi.restoreAllMocks();
    expect([files(task), diskBytes(task)]).toEqual([['err', 'out'], null]);
    await work.pass();
    expect([files(task), told]).toEqual([['err', 'out.gz'], []]);
  });

  it('comes to every run, also behind many that have to wait', async () => {
    const task = await printed();
    age(task);
    const row = h.runs.history.get(task);
    if (row === null) throw new Error('no row');
    h.db.transaction(() => {
      for (let i = 1; i <= 60; i += 1) {
        const waits = { ...row, task_id: randomUUID(), created_at: row.created_at - i };
        h.runs.history.insert(waits);
        h.db.prepare('UPDATE task_history SET ended_at = ? WHERE task_id = ?').run(Date.now() - 2 * HOUR_MS, waits.task_id);
      }
    })();
    await compression({ inUse: (id) => id !== task }).pass();
    expect(files(task)).toEqual(['err', 'out.gz']);
  });

  it('makes one pass at a time', async () => {
    const task = await printed();
    age(task);
    const told: string[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (_detail: object, message: string) => void told.push(message) };
    const work = compression({ log });
    work.start();
    work.start();
    await until(() => diskBytes(task) !== null || told.length > 0);
    await work.close();
    expect([files(task), told]).toEqual([['err', 'out.gz'], []]);
  });

  it('passes over a run that can’t be compressed', async () => {
    const [bad, good] = [await printed(), await printed()];
    age(bad);
    age(good);
    h.db.prepare('UPDATE task_history SET ended_at = ended_at - 1000 WHERE task_id = ?').run(bad);
    rmSync(join(folderOf(bad), 'out'));
    symlinkSync('out', join(folderOf(bad), 'out'));
    const told: string[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (_detail: object, message: string) => void told.push(message) };
    const work = compression({ log });
    await work.pass();
    await work.pass();
    expect(files(good)).toEqual(['err', 'out.gz']);
    expect([told.length, diskBytes(bad)]).toEqual([1, null]);
  });

  it('lets go of a run that retention removes, and of all of them at the end', async () => {
    const tasks = [await printed(), await printed()];
    for (const task of tasks) age(task);
    const [first = ''] = tasks;
    h.db.prepare('UPDATE task_history SET ended_at = ended_at - 1000 WHERE task_id = ?').run(first);
    const told: string[] = [];
    const log = { info: () => undefined, warn: () => undefined, error: (_detail: object, message: string) => void told.push(message) };
    const packing = (): Promise<true> => until(() => existsSync(join(folderOf(first), '.out.gz')));
    const work = compression({ log, inUse: (id) => id !== first });
    const passing = work.pass();
    await packing();
    await work.release(first);
    expect(files(first)).toEqual(['err', 'out']);
    await passing;
    expect(diskBytes(first)).toBeNull();
    const again = compression({ log });
    again.start();
    await packing();
    await again.close();
    expect(tasks.map(files)).toEqual([
      ['err', 'out'],
      ['err', 'out'],
    ]);
    await work.pass();
    expect([files(first), told]).toEqual([['err', 'out.gz'], []]);
  });

  it('does not let go of a run when another is removed', async () => {
    const task = await printed();
    age(task);
    const work = compression();
    const passing = work.pass();
    await until(() => existsSync(join(folderOf(task), '.out.gz')));
    await work.release(randomUUID());
    await passing;
    expect(files(task)).toEqual(['err', 'out.gz']);
  });

  it('makes retention count what is on the disk', async () => {
    const tasks = [await printed(), await printed(), await printed()];
    const size = (): number => h.runs.history.sizes(null, 10).reduce((sum, run) => sum + run.bytes, 0);
    const before = size();
    for (const task of tasks) age(task);
    await compression().pass();
    expect(size()).toBe(tasks.reduce((sum, task) => sum + (diskBytes(task) ?? 0), 0));
    expect(size()).toBeLessThan(before / 4);
  });
});
