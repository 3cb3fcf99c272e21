import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ToruError } from '../../shared/errors.ts';
import type { Run } from '../../shared/runs.ts';
import type { SearchLine } from '../../shared/search.ts';
import { searchQuery } from '../../shared/search.ts';
import { History } from '../history/history.ts';
import type { RunRow } from '../history/run-row.ts';
import { forClient, runOf } from '../history/run-row.ts';
import { sampleRun } from '../history/sample-run.ts';
import { linesResponse } from '../http/json-lines.ts';
import { encodeRecords } from '../logs/order.ts';
import type { LaneGroup } from '../loop-turns.ts';
import { LoopTurns } from '../loop-turns.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from '../users/caller.ts';
import type { SearchedRuns } from './search.ts';
import { Search } from './search.ts';

let folder: string;
let db: Database;
let history: History;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-search-'));
  db = openDatabase(join(folder, 'toru.db'));
  history = new History(db);
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const admin: Caller = { user_id: 'root', username: 'root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };
const client: Caller = { ...admin, user_id: 'ada', username: 'ada', role: 'client' };
const quiet = { error: () => undefined };

function insert(i: number, fields: Partial<RunRow> = {}): void {
  history.insert(
    sampleRun({
      task_id: randomUUID(),
      user_id: i % 2 === 0 ? 'ada' : 'eve',
      username: i % 2 === 0 ? 'ada' : 'eve',
      action: `action-${i % 40}`,
      action_revision: 1,
      label: `Nightly backup ${i % 40}`,
      script: `backups/${i % 40}.sh`,
      args: ['--into=/srv'],
      inputs: { path: `/srv/${i % 500}` },
      created_at: 1_700_000_000_000 + i,
      ...fields,
    }),
  );
}

/** The history's runs over logs that never end, and that count what is read of them. */
function endless(): SearchedRuns & { reads: number } {
  const shown = (caller: Caller, row: RunRow): Run => {
    const run = runOf({ ...row, output_bytes: 1 }, randomUUID());
    return caller.role === 'admin' ? run : forClient(run);
  };
  const runs = {
    reads: 0,
    list: (caller: Caller, query: Parameters<History['list']>[0]) => {
      const page = history.list(query, caller.role === 'admin' ? null : caller.user_id);
      return { ...page, items: page.items.map((row) => shown(caller, row)) };
    },
    get: (caller: Caller, taskId: string) => {
      const row = history.get(taskId);
      if (row === null || (caller.role !== 'admin' && row.user_id !== caller.user_id)) throw new ToruError('unknown_task', 'no');
      return shown(caller, row);
    },
    log: () => ({
      start: 0,
      end: Number.MAX_SAFE_INTEGER,
      read: async (from: number, maxBytes: number) => {
        runs.reads += 1;
        await sleep(1);
        return [{ stream: 'stdout' as const, bytes: Buffer.alloc(maxBytes, 'x'), from, to: from + maxBytes }];
      },
      closeFiles: () => undefined,
    }),
  };
  return runs;
}

test('a reader who leaves ends the reading, by the body or by the signal, and frees the place', async () => {
  insert(0);
  const runs = endless();
  const search = new Search(db, runs);
  for (const how of ['body', 'body', 'signal', 'signal', 'signal', 'signal'] as const) {
    const asker = new AbortController();
    const begin = (signal: AbortSignal) => search.all(client, searchQuery.parse({ q: 'needle', in: 'output' }), signal);
    const response = await linesResponse(begin, asker.signal, quiet);
    const reader = response.body?.getReader();
    // As a client does: it takes what comes (how far the scan is) until it leaves.
    const reading = (async () => {
      while ((await reader?.read())?.done === false);
    })().catch(() => undefined);
    await expect.poll(() => runs.reads, { interval: 1 }).toBeGreaterThanOrEqual(20);
    if (how === 'body') await reader?.cancel();
    else asker.abort();
    await reading;
    // One read may still be under way; another one does not follow it.
    for (let before = -1; before !== runs.reads; await sleep(50)) before = runs.reads;
    runs.reads = 0;
  }
  history.remove(history.list({}, null).items.map((run) => run.task_id));
});

test('nothing is read that nobody waits for, and one user has only a few searches', async () => {
  insert(0);
  const runs = endless();
  const search = new Search(db, runs);
  const asker = new AbortController();
  const ask = () => linesResponse((signal) => search.all(client, searchQuery.parse({ q: 'needle' }), signal), asker.signal, quiet);
  for (let i = 0; i < 4; i += 1) await ask();
  await sleep(20);
  expect(runs.reads).toBe(0);
  await expect(ask()).rejects.toMatchObject({ code: 'too_many_requests' });
  asker.abort();
  await sleep(1);
  const again = new AbortController();
  await linesResponse((signal) => search.all(client, searchQuery.parse({ q: 'needle' }), signal), again.signal, quiet);
  again.abort();
  history.remove(history.list({}, null).items.map((run) => run.task_id));
});

test('the whole host has only some searches, and each that ends makes room', async () => {
  insert(0);
  const runs = endless();
  const search = new Search(db, runs);
  const ask = (user: number, asker: AbortController) => {
    const caller: Caller = { ...client, user_id: `user-${user}` };
    return linesResponse((signal) => search.all(caller, searchQuery.parse({ q: 'needle' }), signal), asker.signal, quiet);
  };
  const askers = Array.from({ length: 16 }, () => new AbortController());
  for (const [i, asker] of askers.entries()) await ask(i % 8, asker);
  await expect(ask(9, new AbortController())).rejects.toMatchObject({ code: 'busy' });
  for (const asker of askers) asker.abort();
  await sleep(1);
  const again = Array.from({ length: 16 }, () => new AbortController());
  for (const [i, asker] of again.entries()) await ask(i % 8, asker);
  for (const asker of again) asker.abort();
  history.remove(history.list({}, null).items.map((run) => run.task_id));
});

test('sixteen searches take turns of the loop together: no more of them in one than of a single search', async () => {
  insert(0);
  let now = 0;
  const due: (() => void)[] = [];
  const loop = new LoopTurns({ now: () => now, soon: (callback) => void due.push(callback), later: () => undefined, share: () => 1 });
  let steps = 0;
  // A piece of a search's work takes 0.6 ms of a clock that nothing else moves.
  const order = {
    lane: (user: string | null, group?: LaneGroup) => {
      const lane = loop.lane(user, group);
      const worked = (work: () => void) => (): void => {
        steps += 1;
        now += 0.6;
        work();
      };
      return { ...lane, try: (work: () => void) => lane.try(worked(work)), do: (work: () => void) => lane.do(worked(work)) };
    },
  };
  const search = new Search(db, endless(), order);
  const asker = new AbortController();
  const query = searchQuery.parse({ q: 'needle', in: 'output' });
  const reading = Array.from({ length: 16 }, async (_, n) => {
    for await (const _line of search.all({ ...admin, user_id: `user-${n % 4}` }, query, asker.signal)) if (asker.signal.aborted) return;
  });
  const most: number[] = [];
  for (let n = 0; n < 60; n += 1) {
    const before = steps;
    for (const callback of due.splice(0)) callback();
    await sleep(3);
    most.push(steps - before);
  }
  asker.abort();
  while (due.length > 0) {
    for (const callback of due.splice(0)) callback();
    await sleep(1);
  }
  await Promise.all(reading);
  expect(steps).toBeGreaterThan(60);
  expect(Math.max(...most)).toBeLessThanOrEqual(2);
  history.remove(history.list({}, null).items.map((run) => run.task_id));
});

test('200 MB of output in a few MB of memory', async () => {
  const run = join(folder, 'big');
  mkdirSync(run);
  const size = 200 * 1024 * 1024;
  writeFileSync(join(run, 'out'), 'a needle at the head\n');
  truncateSync(join(run, 'out'), size - 21);
  writeFileSync(join(run, 'out'), 'a needle at the tail\n', { flag: 'a' });
  writeFileSync(join(run, 'err'), '');
  writeFileSync(join(run, 'order'), encodeRecords([{ mergedEnd: size, outEnd: size, time: 0 }]));
  const module = (path: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, path)).href);
  const program = `
    import { RunLog } from ${module('../logs/run-log.ts')};
    import { Needle } from ${module('needle.ts')};
    import { Pace } from ${module('pace.ts')};
    import { scan } from ${module('scan.ts')};
    const before = process.memoryUsage().rss;
    let [bytes, most] = [0, 0];
    const hits = [];
    for await (const step of scan(new RunLog(${JSON.stringify(run)}, true), new Needle('NEEDLE'), 0, 10, new Pace(), new AbortController().signal)) {
      bytes += step.bytes;
      hits.push(...step.hits.map((hit) => hit.from));
      most = Math.max(most, process.memoryUsage().rss);
    }
    console.log(JSON.stringify({ bytes, hits, grown: most - before }));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  const { bytes, hits, grown } = JSON.parse(stdout);
  expect({ bytes, hits }).toEqual({ bytes: size, hits: [2, size - 19] });
  expect(grown).toBeLessThan(64 * 1024 * 1024);
});

/** A million of them: npm run bench -- history. */
test('a history of 30,000 runs: rare and common words, own and all', async () => {
  const added: string[] = [];
  db.transaction(() => {
    for (let i = 0; i < 30_000; i += 1) {
      const rare = i === 777 || i === 778;
      const task_id = randomUUID();
      insert(i, { task_id, ...(rare ? { inputs: { note: 'Zugzwang' } } : {}) });
      if (rare) added.unshift(task_id);
    }
  })();
  const search = new Search(db, endless());
  const found = async (caller: Caller, query: Record<string, string>): Promise<string[]> => {
    const ids: string[] = [];
    for await (const line of search.all(caller, searchQuery.parse({ in: 'history', ...query }), new AbortController().signal))
      ids.push(...idOf(line));
    return ids;
  };
  expect(await found(admin, { q: 'zugzwang' })).toEqual(added);
  expect(await found(client, { q: 'zugzwang' })).toEqual(added.slice(0, 1));
  expect(await found(client, { q: 'nightly' })).toHaveLength(50);
  expect(await found(admin, { q: '/srv/499' })).toHaveLength(50);
  expect(await found(admin, { q: '/srv/499', user: 'eve', since: new Date(1_700_000_000_000 + 20_000).toISOString() })).toHaveLength(20);
  // Everything else of the agent has its turns: after each page that is walked, and each stretch of the index.
  for (const [query, least] of [
    [{ q: 'nothing like it' }, 9],
    [{ q: '/srv/49', user: 'nobody' }, 20],
  ] satisfies [Record<string, string>, number][]) {
    let [turns, over] = [0, false];
    const turn = (): void => {
      turns += 1;
      if (!over) setImmediate(turn);
    };
    setImmediate(turn);
    expect(await found(admin, query)).toEqual([]);
    over = true;
    expect(turns, query.q).toBeGreaterThanOrEqual(least);
  }
}, 120_000);

function idOf(line: SearchLine): string[] {
  return line.type === 'run' ? [line.run.task_id] : [];
}
