import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SearchLine } from '../../shared/search.ts';
import { searchQuery } from '../../shared/search.ts';
import { History } from '../history/history.ts';
import type { RunRow } from '../history/run-row.ts';
import { sampleRun } from '../history/sample-run.ts';
import { encodeRecords } from '../logs/order.ts';
import type { Database } from '../store/database.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from '../users/caller.ts';
import { Search } from './search.ts';

let api: ApiHarness;
/** Beside the agent's: many runs in one transaction. */
let db: Database;
let history: History;
let ada: Caller;
let eve: Caller;
beforeAll(async () => {
  api = await makeApi();
  db = openDatabase(join(api.home, 'toru.db'));
  history = new History(db);
  ada = await api.caller('ada', 'client');
  eve = await api.caller('eve', 'client');
});
afterAll(async () => {
  db.close();
  await api.close();
});

let clock = Date.parse('2026-01-01T00:00:00Z');
const made: string[] = [];
beforeEach(() => {
  history.remove(made.splice(0));
});

/** A run that has ended, with its files. */
function ran(who: Caller, fields: Partial<RunRow> = {}, output = '', errors = ''): string {
  const task_id = randomUUID();
  const [out, err] = [Buffer.from(output), Buffer.from(errors)];
  clock += 1000;
  history.insert(
    sampleRun({
      task_id,
      user_id: who.user_id,
      username: who.username,
      created_at: clock,
      started_at: clock,
      ended_at: clock,
      output_bytes: out.length + err.length,
      ...fields,
    }),
  );
  made.push(task_id);
  if (out.length + err.length === 0) return task_id;
  const folder = join(api.home, 'runs', task_id);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'out'), out);
  writeFileSync(join(folder, 'err'), err);
  writeFileSync(
    join(folder, 'order'),
    encodeRecords([
      { mergedEnd: out.length, outEnd: out.length, time: clock },
      { mergedEnd: out.length + err.length, outEnd: out.length, time: clock },
    ]),
  );
  return task_id;
}

function many(count: number, make: (i: number) => unknown): void {
  db.transaction(() => {
    for (let i = 0; i < count; i += 1) make(i);
  })();
}

async function linesOf(who: Caller, path: string): Promise<SearchLine[]> {
  const { status, text } = await api.ask(who, 'GET', path);
  expect(status, text).toBe(200);
  return text
    .trim()
    .split('\n')
    .map((line): SearchLine => JSON.parse(line));
}

async function search(who: Caller, query: Record<string, string>): Promise<SearchLine[]> {
  return linesOf(who, `/api/search?${new URLSearchParams(query)}`);
}

function idsOf(lines: readonly SearchLine[]): string[] {
  return lines.flatMap((line) => (line.type === 'run' ? [line.run.task_id] : []));
}

function matchesOf(lines: readonly SearchLine[]) {
  return lines.flatMap((line) => (line.type === 'match' ? [line] : []));
}

function endOf(lines: readonly SearchLine[]) {
  const last = lines.at(-1);
  if (last?.type !== 'end') throw new Error(`not an end: ${JSON.stringify(last)}`);
  return last;
}

describe('what runs are called and were given', () => {
  it('is found in each of its places, in part and in any case, newest first', async () => {
    const ids = [
      ran(ada, { label: 'Make a Backup' }),
      ran(ada, { script: 'old/backup-all.sh' }),
      ran(ada, { action: 'backup' }),
      ran(ada, { inputs: { target: '/srv/BACKUPS', dry: true } }),
      ran(ada, { args: ['--into', '/mnt/backup'] }),
    ];
    ran(ada, { label: 'Something else' });
    const lines = await search(api.admin, { q: 'backup', in: 'history' });
    expect(idsOf(lines)).toEqual(ids.reverse());
    expect(
      lines
        .flatMap((line) => (line.type === 'run' ? line.fields : []))
        .map(({ name, text, marks }) => [name, text.slice(...(marks[0] ?? []))]),
    ).toEqual([
      ['args', 'backup'],
      ['inputs', 'BACKUP'],
      ['action', 'backup'],
      ['script', 'backup'],
      ['label', 'Backup'],
    ]);
    expect(idsOf(await search(api.admin, { q: 'dry: true', in: 'history' }))).toHaveLength(1);
    expect(idsOf(await search(api.admin, { q: 'backup', in: 'history', case: 'exact' }))).toHaveLength(3);
  });

  it('is looked for literally: nothing that is typed is syntax', async () => {
    const odd = [
      `"quoted"`,
      `a OR b`,
      `{label} : x`,
      `NEAR(a b)`,
      `x*`,
      `'; DROP TABLE search_texts; --`,
      `col:val`,
      '^start',
      '%_',
      `"`,
      `a"b"c`,
    ];
    const ids = odd.map((label) => ran(ada, { label }));
    ran(ada, { label: 'a b quoted start x val' });
    for (const [i, q] of odd.entries()) {
      const found = idsOf(await search(ada, { q, in: 'history' }));
      expect(found, q).toContain(ids[i]);
      if (q !== '"') expect(found, q).toHaveLength(1);
    }
  });

  it('follows what is removed and renamed', async () => {
    const first = ran(ada, { label: 'Twice the same thing' });
    const second = ran(ada, { label: 'Twice the same thing' });
    expect(idsOf(await search(ada, { q: 'same thing', in: 'history' }))).toEqual([second, first]);
    api.runs.history.remove([second]);
    expect(idsOf(await search(ada, { q: 'same thing', in: 'history' }))).toEqual([first]);
    api.runs.history.remove([first]);
    expect(idsOf(await search(ada, { q: 'same thing', in: 'history' }))).toEqual([]);
  });

  it('is found in notes, by the index too, as they are now', async () => {
    const noted = ran(ada, { label: 'Noted' });
    const twin = ran(ada, { label: 'Noted' });
    many(1200, (i) => ran(ada, { label: 'Filler', inputs: { i } }));
    const notes = async (who: Caller, q: string) =>
      (await search(who, { q, in: 'history' })).flatMap((line) => (line.type === 'run' ? [[line.run.task_id, line.fields]] : []));
    await api.runs.annotate(ada, noted, 'Disk was full again');
    await api.runs.annotate(api.admin, twin, 'Disk replaced');
    expect(await notes(ada, 'WAS full')).toEqual([[noted, [{ name: 'note', text: 'Disk was full again', marks: [[5, 13]] }]]]);
    expect(await notes(eve, 'was full')).toEqual([]);
    expect(idsOf(await search(api.admin, { q: 'disk', in: 'history' }))).toEqual([twin, noted]);
    await api.runs.annotate(ada, noted, 'Repaired');
    expect(idsOf(await search(api.admin, { q: 'was full', in: 'history' }))).toEqual([]);
    expect(idsOf(await search(api.admin, { q: 'repaired', in: 'history' }))).toEqual([noted]);
    await api.runs.annotate(ada, noted, '');
    expect(idsOf(await search(api.admin, { q: 'repaired', in: 'history' }))).toEqual([]);
    expect(idsOf(await search(api.admin, { q: 'noted', in: 'history' }))).toEqual([twin, noted]);
  });

  it('comes page by page, through the newest and the index alike', async () => {
    const ids: string[] = [];
    many(1500, (i) => {
      const id = ran(ada, { label: i % 100 === 0 ? 'Rarely done' : 'Often done', inputs: { n: i } });
      if (i % 100 === 0) ids.unshift(id);
    });
    const found: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null; pages += 1) {
      expect(pages).toBeLessThan(10);
      const lines: SearchLine[] = await search(ada, { q: 'rarely', in: 'history', limit: '4', ...(cursor === '' ? {} : { cursor }) });
      found.push(...idsOf(lines));
      cursor = endOf(lines).next_cursor;
    }
    expect(found).toEqual(ids);
  });

  it('is found behind the newest ones also where the word stands in too many texts for the index', async () => {
    const first = ran(ada, { label: 'Very common, the first', action: 'first' });
    many(2200, (i) => ran(ada, { label: `Very common, ${i}` }));
    expect(idsOf(await search(ada, { q: 'very common', in: 'history', action: 'first' }))).toEqual([first]);
  });

  it('passes the filters', async () => {
    ran(ada, { label: 'filter me', action: 'one', state: 'cancelled' });
    const two = ran(eve, { label: 'filter me', action: 'two' });
    const since = new Date(clock).toISOString();
    for (const filter of [{ status: 'exited' }, { action: 'two' }, { user: 'EVE' }, { since }])
      expect(idsOf(await search(api.admin, { q: 'filter', in: 'history', ...filter })), JSON.stringify(filter)).toEqual([two]);
  });
});

describe('what runs printed', () => {
  it('comes newest first, under its run, with its line, its neighbours and a cursor that leads there', async () => {
    const old = ran(ada, {}, 'a needle here\n');
    const recent = ran(ada, { label: 'Needlework' }, 'before\nthe Needle\nafter\n', 'NEEDLE on stderr\n');
    const lines = await search(ada, { q: 'needle', in: 'output' });
    expect(lines.map((line) => line.type).filter((type) => type !== 'progress')).toEqual(['run', 'match', 'match', 'run', 'match', 'end']);
    expect(idsOf(lines)).toEqual([recent, old]);
    const [first, second] = matchesOf(lines);
    expect(first).toMatchObject({
      task_id: recent,
      stream: 'stdout',
      line: 'the Needle',
      marks: [[4, 10]],
      before: ['before'],
      after: ['after'],
      cursor: 11,
    });
    expect(second).toMatchObject({ stream: 'stderr', line: 'NEEDLE on stderr', cursor: 24 });
    const { text } = await api.ask(ada, 'GET', `/api/runs/${recent}/output?from=${second?.cursor}`);
    expect(text).toBe('NEEDLE on stderr\n');
    expect(endOf(lines)).toMatchObject({ runs: 2, next_cursor: null });
  });

  it('of a running script is found while it runs', async () => {
    api.script('talk.sh', '#!/bin/sh\necho words that are said now\nexec sleep 60\n');
    const { task_id } = await api.runs.start(api.admin, { script: 'talk.sh', source: 'api' });
    await expect.poll(() => api.runs.log(task_id).end).toBeGreaterThan(0);
    expect(idsOf(await search(api.admin, { q: 'SAID NOW', in: 'output' }))).toEqual([task_id]);
    await api.runs.cancel(api.admin, task_id);
  });

  it('finds patterns in output and names, and says what is no pattern', async () => {
    const one = ran(ada, { label: 'Number 17' }, 'took 12 s\ntook 345 ms\n', '');
    const other = ran(ada, { label: 'No number' }, 'took long\n', '');
    expect(idsOf(await search(ada, { q: 'took \\d+ m?s$', regex: 'true', in: 'output' }))).toEqual([one]);
    expect(idsOf(await search(ada, { q: '^no|r \\d', regex: 'true', in: 'history' }))).toEqual([other, one]);
    const lines = matchesOf(await linesOf(ada, `/api/runs/${one}/search?${new URLSearchParams({ q: '\\d+ ms', regex: 'true' })}`));
    expect(lines).toMatchObject([{ line: 'took 345 ms', marks: [[5, 11]], cursor: 15, to: 21 }]);
    for (const [q, why] of [
      ['(a', 'without its “)”'],
      ['(a|b){400}', 'too large'],
    ] as const) {
      const refused = await api.ask(ada, 'GET', `/api/runs/${one}/search?${new URLSearchParams({ q, regex: 'true' })}`);
      expect(refused.status).toBe(400);
      expect(refused.text).toContain(why);
    }
    // One that would take for ever says so.
    const evil = ran(ada, { label: 'Evil' }, `${'ab'.repeat(40_000)}\n`, '');
    const last = (await linesOf(ada, `/api/runs/${evil}/search?${new URLSearchParams({ q: '(a|b)*a(a|b){90}c', regex: 'true' })}`)).at(-1);
    expect(['end', 'error']).toContain(last?.type);
  });

  it('is bounded for each run, and goes on within it', async () => {
    const id = ran(ada, {}, Array.from({ length: 30 }, (_, i) => `hit ${i}\n`).join(''));
    const lines = await search(ada, { q: 'hit', in: 'output' });
    expect(matchesOf(lines)).toHaveLength(10);
    const more = lines.find((line) => line.type === 'more');
    if (more?.type !== 'more') throw new Error('no more');
    const seen = matchesOf(lines).map((match) => match.line);
    for (let from: string | null = String(more.cursor); from !== null; ) {
      const part: SearchLine[] = await linesOf(ada, `/api/runs/${id}/search?q=hit&from=${from}&limit=7`);
      seen.push(...matchesOf(part).map((match) => match.line));
      from = endOf(part).next_cursor;
    }
    expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => `hit ${i}`));
  });

  it('is bounded in all, and goes on from there', async () => {
    const ids = Array.from({ length: 7 }, (_, i) => ran(ada, {}, `thing ${i}\n`)).reverse();
    const found: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const lines: SearchLine[] = await search(ada, { q: 'thing', limit: '3', ...(cursor === '' ? {} : { cursor }) });
      found.push(...idsOf(lines));
      cursor = endOf(lines).next_cursor;
    }
    expect(found).toEqual(ids);
  });

  it('is not held open after it was looked at', async () => {
    const ids = Array.from({ length: 5 }, (_, i) => ran(ada, {}, `held ${i}\n`));
    const open = (): string[] =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)];
        } catch {
          return [];
        }
      });
    const held = (): string[] => open().filter((path) => ids.some((id) => path.includes(id)));
    expect(idsOf(await search(ada, { q: 'held', in: 'output' }))).toHaveLength(5);
    expect(held()).toEqual([]);
    expect(matchesOf(await linesOf(ada, `/api/runs/${ids[0]}/search?q=held`))).toHaveLength(1);
    expect(held()).toEqual([]);
  });

  it.each(['history', 'output'])('and what it is called may be removed while somebody looks: %s', async (part) => {
    const ids = Array.from({ length: 3 }, (_, i) => ran(ada, { label: `Leaves soon ${i}` }, 'leaves soon\n')).reverse();
    // Behind the newest ones, where the index finds it.
    many(1200, (i) => ran(ada, { label: 'Filler', inputs: { i } }));
    const query = searchQuery.parse({ q: 'leaves soon', in: part });
    const found: SearchLine[] = [];
    for await (const line of new Search(db, api.runs).all(ada, query, new AbortController().signal)) {
      found.push(line);
      if (line.type === 'run') history.remove(ids.slice(1));
    }
    expect(idsOf(found)).toEqual(ids.slice(0, 1));
    expect(endOf(found)).toMatchObject({ next_cursor: null });
  });

  it('that was removed is no error', async () => {
    const id = ran(ada, {}, 'gone soon\n');
    rmSync(join(api.home, 'runs', id), { recursive: true });
    expect(idsOf(await search(ada, { q: 'gone' }))).toEqual([]);
  });
});

describe('rights', () => {
  it('a client finds only its own runs, in names, inputs and output', async () => {
    const own = ran(ada, { label: 'Secret plan', inputs: { word: 'xyzzy' } }, 'xyzzy said ada\n');
    const foreign = ran(eve, { label: 'Secret plan', inputs: { word: 'xyzzy' } }, 'xyzzy said eve\n');
    many(1200, (i) => ran(i % 2 === 0 ? ada : eve, { label: 'Filler', inputs: { i } }));
    for (const q of ['secret plan', 'xyzzy', 'plan', 'xy']) expect(new Set(idsOf(await search(ada, { q }))), q).toEqual(new Set([own]));
    expect(new Set(idsOf(await search(api.admin, { q: 'xyzzy' })))).toEqual(new Set([own, foreign]));
    const lines = JSON.stringify(await search(ada, { q: 'xyzzy' }));
    expect(lines).not.toContain('eve');
    expect(idsOf(await search(ada, { q: 'xyzzy', user: 'eve' }))).toEqual([]);
  });

  it('a client neither sees nor finds scripts and arguments', async () => {
    many(1200, (i) => ran(ada, { script: 'hidden/plumbing.sh', args: ['--hidden-flag', String(i)], label: 'Shown', inputs: { i } }));
    for (const q of ['plumbing', 'hidden', 'hidden-flag']) {
      expect(idsOf(await search(ada, { q })), q).toEqual([]);
      expect(idsOf(await search(api.admin, { q, limit: '5' })), q).toHaveLength(5);
    }
    const lines = JSON.stringify(await search(ada, { q: 'shown', limit: '5' }));
    expect(lines).not.toContain('plumbing');
    expect(lines).not.toContain('hidden');
  });

  it('a foreign run is an unknown one', async () => {
    const foreign = ran(eve, {}, 'mine\n');
    expect(await api.ask(ada, 'GET', `/api/runs/${foreign}/search?q=mine`)).toMatchObject({
      status: 404,
      json: { error: { code: 'unknown_task' } },
    });
    expect(matchesOf(await linesOf(eve, `/api/runs/${foreign}/search?q=mine`))).toHaveLength(1);
  });

  it('a cursor of another search leads to nothing foreign', async () => {
    ran(ada, {}, 'common 1\n');
    ran(eve, {}, 'common 2\n');
    ran(eve, {}, 'common 3\n');
    const { next_cursor } = endOf(await search(eve, { q: 'common', limit: '1' }));
    const lines = await search(ada, { q: 'common', cursor: next_cursor ?? '' });
    expect(matchesOf(lines).map((match) => match.line)).toEqual(['common 1']);
  });
});

describe('the request', () => {
  it('is refused when it can’t be meant', async () => {
    const refused = async (path: string) => (await api.ask(ada, 'GET', path)).json;
    for (const query of [
      '',
      '?q=',
      '?q=%20%20',
      '?q=a%00b',
      '?q=a%0Ab',
      `?q=${'x'.repeat(201)}`,
      '?q=a&limit=0',
      '?q=a&in=disk',
      '?q=a&nonsense=1',
    ])
      expect(await refused(`/api/search${query}`), query).toMatchObject({ error: { code: 'bad_request' } });
    for (const cursor of ['x', '~', '.x', 'a.b.c', 'Li4v.~'])
      expect(await refused(`/api/search?q=abc&cursor=${cursor}`), cursor).toMatchObject({ error: { code: 'bad_cursor' } });
    const id = ran(ada, {}, 'abc');
    expect(await refused(`/api/runs/${id}/search?q=abc&from=4`)).toMatchObject({ error: { code: 'bad_cursor' } });
  });

  it('says what the answer is', async () => {
    const { headers } = await api.ask(ada, 'GET', '/api/search?q=abc');
    expect(headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
  });
});
