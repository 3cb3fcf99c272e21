import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import { History } from './history.ts';
import { Journal } from './journal.ts';
import type { HistoryQuery } from './list-query.ts';
import { listSql } from './list-query.ts';
import type { RunRow } from './run-row.ts';
import { sampleRun } from './sample-run.ts';

let folder: string;
let db: Database;
let history: History;
const ADA = '00000000-0000-4000-8000-0000000000aa';
const EVE = '00000000-0000-4000-8000-0000000000ee';

function row(i: number, change: Partial<RunRow> = {}): RunRow {
  return sampleRun({
    task_id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    user_id: i % 2 === 0 ? ADA : EVE,
    username: i % 2 === 0 ? 'ada' : 'eve',
    action: i % 3 === 0 ? 'backup' : null,
    label: i % 3 === 0 ? 'Backup 100%' : `script_${i}.sh`,
    script: `folder/script_${i}.sh`,
    args: [`--n=${i}`],
    state: i % 5 === 0 ? 'starting' : 'exited',
    // Ten at the same moment: the id decides then.
    created_at: 1_700_000_000_000 + Math.floor(i / 10) * 1000,
    ...change,
  });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-history-'));
  db = openDatabase(join(folder, 'toru.db'));
  history = new History(db);
  db.transaction(() => {
    for (let i = 0; i < 100; i += 1) history.insert(row(i));
  })();
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

function pages(query: HistoryQuery, owner: string | null = null): RunRow[] {
  const found: RunRow[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = history.list({ ...query, cursor }, owner);
    found.push(...page.items);
    if (page.next_cursor === null) return found;
    cursor = page.next_cursor;
  }
}

describe('history', () => {
  it('lists every run once, newest first, whatever the size of the page', () => {
    const expected = Array.from({ length: 100 }, (_, i) => row(99 - i).task_id);
    for (const limit of [1, 7, 10, 200]) expect(pages({ limit }).map((run) => run.task_id)).toEqual(expected);
    const { items, next_cursor } = history.list({ limit: 100 }, null);
    expect([items.length, next_cursor]).toEqual([100, null]);
  });

  it('narrows by state, action, user and text, all at once if asked', () => {
    expect(pages({ status: ['running'] }).length).toBe(20);
    expect(pages({ status: ['running', 'exited'] }).length).toBe(100);
    expect(pages({ status: ['cancelled'] })).toEqual([]);
    expect(pages({ action: 'backup', limit: 5 }).length).toBe(34);
    expect(pages({ user: 'EVE' }).length).toBe(50);
    expect(pages({ q: 'BACKUP' }).length).toBe(34);
    expect(pages({ q: 'n=7' }).length).toBe(11);
    expect(pages({ q: 'ada', action: 'backup', status: ['exited'], limit: 3 }).length).toBe(13);
  });

  it('takes text for text: no wildcards', () => {
    expect(pages({ q: '100%' }).length).toBe(34);
    expect(pages({ q: 'p%s' })).toEqual([]);
    expect(pages({ q: 'script_1' }).length).toBeGreaterThan(0);
    expect(pages({ q: 'scriptX1' })).toEqual([]);
    expect(pages({ q: `'; DROP TABLE task_history; --` })).toEqual([]);
    // Too short for the index: looked for run by run.
    for (const q of ['\\', '_n', '%n', '%%', '=_']) expect(pages({ q }), q).toEqual([]);
  });

  it('looks for what is short in inputs and notes too', () => {
    history.insert(row(930, { inputs: { where: '§1' }, note: '¶2' }));
    for (const q of ['§1', '¶2'])
      expect(
        pages({ q }).map((run) => run.task_id),
        q,
      ).toEqual([row(930).task_id]);
    history.remove([row(930).task_id]);
  });

  it('finds a word that stands in more texts than the index is asked for', () => {
    db.transaction(() => {
      for (let i = 1000; i < 1600; i += 1) history.insert(row(i, { label: `Many of them, ${i}` }));
    })();
    expect(pages({ q: 'many of', limit: 200 })).toHaveLength(600);
    history.remove(Array.from({ length: 600 }, (_, i) => row(1000 + i).task_id));
  });

  it('keeps a text in the index as long as a run has it, and as much of it as is worth it', () => {
    const texts = (): unknown => db.prepare('SELECT count(*), max(length(inputs)), max(length(args)) FROM search_texts').raw().get();
    const [before] = [texts()];
    for (const i of [931, 932])
      history.insert(row(931, { task_id: row(i).task_id, label: 'Zugzwang', inputs: { a: 'x'.repeat(9000) }, args: ['y'.repeat(9000)] }));
    expect(texts()).toEqual([expect.any(Number), 4096, 4096]);
    expect(pages({ q: 'zugzwang' })).toHaveLength(2);
    history.remove([row(931).task_id]);
    expect(pages({ q: 'zugzwang' })).toHaveLength(1);
    history.annotate(row(932).task_id, 'Resigned');
    expect(db.prepare("SELECT note FROM search_texts WHERE label = 'Zugzwang'").pluck().all()).toEqual(['Resigned']);
    history.remove([row(932).task_id]);
    expect(texts()).toEqual(before);
    // The next text gets the id of the one that went: nothing of that may be left in the index.
    history.insert(row(933, { label: 'Stalemate' }));
    expect(pages({ q: 'zugzwang' })).toEqual([]);
    history.remove([row(933).task_id]);
    db.prepare("INSERT INTO search_index (search_index, rank) VALUES ('integrity-check', 1)").run();
  });

  it('finds by the index what stands in a text, and by looking what is too short for it', () => {
    for (const q of ['rip', 'SCRIPT_7', 'n=77', '100%', 'n=', '=7', '7']) {
      const expected = Array.from({ length: 100 }, (_, i) => row(99 - i)).filter((run) =>
        [run.label, run.username, run.action ?? '', run.script, ...run.args].some((text) => text.toLowerCase().includes(q.toLowerCase())),
      );
      expect(
        pages({ q, limit: 7 }).map((run) => run.task_id),
        q,
      ).toEqual(expected.map((run) => run.task_id));
    }
    // Nothing of it is syntax, and a NUL would cut the query off.
    for (const q of ['"', '" " "', 'xyz" OR "scr', 'label:script', 'scr*', 'NOT ada', 'scri\0', '\0\0\0'])
      expect(pages({ q }), q).toEqual([]);
  });

  it('passes what the index finds through the other filters, some at a time', () => {
    const few = new History(db, { namedRuns: 20 });
    for (const [query, owner] of [
      [{ q: 'script', status: ['running'] }, null],
      [{ q: 'script', user: 'EVE' }, null],
      [{ q: 'backup', action: 'backup', status: ['exited'] }, ADA],
      [{ q: 'script', action: 'nothing' }, null],
    ] satisfies [HistoryQuery, string | null][]) {
      const { q, ...filters } = query;
      const expected = pages(filters, owner).filter((run) => JSON.stringify([run.label, run.action, run.script]).toLowerCase().includes(q));
      const found: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = few.list({ ...query, cursor }, owner);
        expect(few.list({ ...query, cursor, limit: 3 }, owner).items.length).toBeLessThanOrEqual(3);
        expect(page.items.length).toBeLessThanOrEqual(20);
        found.push(...page.items.map((run) => run.task_id));
        if (page.next_cursor === null) break;
        cursor = page.next_cursor;
      }
      expect(found).toEqual(expected.map((run) => run.task_id));
    }
  });

  it('lets a client find by what they may see, whatever the length', () => {
    for (const q of ['folder', 'n=7', '--n', '--', '/']) expect(pages({ q }, EVE), q).toEqual([]);
    for (const q of ['backup', 'ba']) expect(pages({ q }, EVE).length, q).toBe(17);
  });

  it('shows a client nothing of others, in search and in pages too', () => {
    for (const query of [{}, { q: 'ada' }, { user: 'ada' }, { limit: 3 }]) {
      for (const run of pages(query, EVE)) expect(run.user_id).toBe(EVE);
    }
    expect(pages({}, EVE).length).toBe(50);
    expect(pages({ q: 'ada' }, EVE)).toEqual([]);
    // Somebody else's cursor gives a position, and nothing more.
    const foreign = history.list({ limit: 1 }, ADA).next_cursor ?? '';
    for (const run of history.list({ cursor: foreign }, EVE).items) expect(run.user_id).toBe(EVE);
  });

  it('searches a long history in parts, and finds the same', () => {
    const queries: [HistoryQuery, string | null][] = [
      [{ q: '=7' }, null],
      [{ q: 'ba', limit: 3 }, EVE],
      [{ user: 'eve', limit: 4 }, null],
      [{ user: 'eve', limit: 200 }, null],
      [{ q: '??' }, null],
      [{ status: ['running'] }, EVE],
      [{ action: 'backup' }, EVE],
    ];
    for (const [query, owner] of queries) {
      const expected = pages(query, owner).map((run) => run.task_id);
      const inParts = new History(db, { scanRows: 9 });
      const found: string[] = [];
      let cursor: string | undefined;
      let parts = 1;
      for (let page = inParts.list(query, owner); ; page = inParts.list({ ...query, cursor }, owner), parts += 1) {
        found.push(...page.items.map((run) => run.task_id));
        if (page.next_cursor === null) break;
        cursor = page.next_cursor;
      }
      expect(found).toEqual(expected);
      // A look at so many runs each, and not at all of them.
      expect(parts).toBeGreaterThanOrEqual((owner === null ? 100 : 50) / 10);
    }
  });

  it('refuses what is no cursor', () => {
    for (const cursor of ['', 'x', 'AAAA', Buffer.from('1/../x').toString('base64url')]) {
      expect(() => history.list({ cursor }, null)).toThrow(expect.objectContaining({ code: 'bad_cursor' }));
    }
  });

  it('answers every list from an index, without sorting', () => {
    const cursor = history.list({ limit: 1 }, null).next_cursor ?? '';
    const queries: [HistoryQuery, string | null][] = [
      [{}, null],
      [{ cursor }, null],
      [{}, EVE],
      [{ cursor, q: 'x' }, EVE],
      [{ action: 'backup' }, null],
      [{ status: ['exited'] }, null],
      [{ q: 'backup' }, null],
    ];
    for (const [query, owner] of queries) {
      const { sql, values } = listSql(query, owner, 51);
      const plan = db
        .prepare<[typeof values], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
        .all(values)
        .map(({ detail }) => detail);
      expect(plan.join('\n'), sql).toMatch(/USING INDEX task_history_by_/);
      expect(plan.join('\n'), sql).not.toMatch(/TEMP B-TREE/);
    }
  });

  it('closes a run once', () => {
    const id = row(5).task_id;
    const ending = { state: 'exited', reason: null, exit_code: 0, signal: null, ended_at: 1, output_bytes: 9 } as const;
    db.transaction(() => {
      history.end(id, ending);
      history.end(id, { ...ending, state: 'cancelled', exit_code: 1 });
      expect(history.get(id)).toMatchObject({ state: 'exited', exit_code: 0, output_bytes: 9 });
      history.requestCancel(id, 5);
      expect(history.get(id)?.cancel_requested_at).toBeNull();
      history.start(id, 7, null);
      expect(history.get(id)).toMatchObject({ state: 'exited', started_at: null });
    })();
    const open = row(10).task_id;
    history.requestCancel(open, 5);
    history.requestCancel(open, 6);
    expect(history.get(open)?.cancel_requested_at).toBe(5);
  });
});

describe('the journal', () => {
  it('commits all that is asked for in one turn together, and takes only the failed back', async () => {
    const journal = new Journal(db);
    const wrong = row(900, { request_id: 'r' });
    const outcomes = await Promise.allSettled([
      journal.write(() => history.insert(row(901, { request_id: 'r', user_id: ADA }))),
      journal.write(() => {
        history.insert(row(902));
        history.insert({ ...wrong, user_id: ADA });
      }),
      journal.write(() => history.insert(row(903))),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([901, 902, 900, 903].map((i) => history.get(row(i).task_id) !== null)).toEqual([true, false, false, true]);
  });

  it('tells everyone of a turn when SQLite has taken all of it back, as it does on a full disk', async () => {
    const journal = new Journal(db);
    const setting = db.prepare('INSERT INTO settings VALUES (?, ?)');
    db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + 20}`);
    const outcomes = await Promise.allSettled([
      journal.write(() => history.insert(row(920))),
      journal.write(() => setting.run('large', JSON.stringify('x'.repeat(1_000_000)))),
      journal.write(() => history.insert(row(921))),
    ]).finally(() => db.pragma('max_page_count = 4294967294'));
    expect(outcomes).toEqual(
      Array.from({ length: 3 }, () => ({ status: 'rejected', reason: expect.objectContaining({ code: 'SQLITE_FULL' }) })),
    );
    expect([920, 921].map((i) => history.get(row(i).task_id))).toEqual([null, null]);
    await journal.write(() => history.insert(row(921)));
    expect(history.get(row(921).task_id)).not.toBeNull();
  });

  it('tells everyone of a turn that could not be committed', async () => {
    const other = openDatabase(join(folder, 'toru.db'));
    const journal = new Journal(other);
    other.pragma('busy_timeout = 0');
    const rows = new History(other);
    db.exec('BEGIN IMMEDIATE');
    const outcomes = await Promise.allSettled([
      journal.write(() => rows.insert(row(922))),
      journal.write(() => rows.insert(row(923))),
    ]).finally(() => db.exec('ROLLBACK'));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    other.close();
  });

  it('gathers while there is other work, and commits when that is done', async () => {
    // However slow the machine is, the limit does not end here.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const journal = new Journal(db);
    let busy = true;
    journal.gatherWhile(() => busy);
    const is = (i: number): boolean => history.get(row(i).task_id) !== null;
    const first = journal.write(() => history.insert(row(910)));
    await new Promise((turn) => setImmediate(turn));
    await new Promise((turn) => setImmediate(turn));
    const second = journal.write(() => history.insert(row(911)));
    journal.caughtUp();
    expect([is(910), is(911)]).toEqual([false, false]);
    busy = false;
    journal.caughtUp();
    expect([is(910), is(911)]).toEqual([true, true]);
    await Promise.all([first, second]);
    vi.useRealTimers();
  });

  it('does not wait for other work that never ends', async () => {
    const journal = new Journal(db);
    journal.gatherWhile(() => true);
    await journal.write(() => history.insert(row(912)));
    expect(history.get(row(912).task_id)).not.toBeNull();
  });
});
