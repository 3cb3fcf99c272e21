import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import { LastRuns, lastRunsSql, openRunsSql } from './last-runs.ts';

let folder: string;
let db: Database;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'toru-last-'));
  db = openDatabase(join(folder, 'toru.db'));
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

function insert(user: string, action: string | null, state: string, created_at: number): string {
  const id = randomUUID();
  db.prepare(
    `INSERT INTO task_history (task_id, user_id, username, action, label, script, args, inputs, source, state, created_at)
     VALUES (?, ?, 'x', ?, 'Label', 's.sh', '[]', '{}', 'page', ?, ?)`,
  ).run(id, user, action, state, created_at);
  return id;
}

it('finds the newest run and counts the open ones, everybody’s or one user’s', () => {
  insert('u1', 'a', 'exited', 1000);
  const mine = insert('u1', 'a', 'running', 2000);
  const newest = insert('u2', 'a', 'starting', 3000);
  insert('u2', 'a', 'queued', 2500);
  insert('u1', null, 'running', 9000);
  const runs = new LastRuns(db, () => false);
  expect(runs.of(['a', 'b'], null, 'u1')('a')).toEqual({
    last_run: expect.objectContaining({
      task_id: newest,
      state: 'running',
      action: 'a',
      created_at: '1970-01-01T00:00:03.000Z',
      ended_at: null,
    }),
    running: 2,
    queued: 1,
    results: ['failed'],
    last_used_at: '1970-01-01T00:00:02.000Z',
  });
  expect(runs.of(['a'], 'u1', 'u1')('a')).toMatchObject({ last_run: { task_id: mine }, running: 1, queued: 0 });
  expect(runs.of(['b'], null, null)('b')).toEqual({ last_run: null, running: 0, queued: 0, results: [], last_used_at: null });
});

it('gives the newest ten results, oldest first, without those that are under way', () => {
  for (let n = 0; n < 12; n += 1) insert('u3', 'c', n === 11 ? 'cancelled' : n % 2 === 0 ? 'timed_out' : 'refused', 5000 + n);
  insert('u4', 'c', 'running', 6000);
  const strip = new LastRuns(db, () => false).of(['c'], null, null)('c').results;
  expect(strip).toHaveLength(10);
  expect(strip.slice(-3)).toEqual(['refused', 'timed_out', 'cancelled']);
  expect(new LastRuns(db, () => false).of(['c'], 'u4', 'u4')('c').results).toEqual([]);
});

it.each([true, false])('is a lookup in an index, never a walk through the history (one user’s: %s)', (mine) => {
  const plan = (sql: string, values: object): string =>
    db
      .prepare<[object], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`)
      .all(values)
      .map(({ detail }) => detail)
      .join('\n');
  expect(plan(lastRunsSql(mine), { action: 'a', user_id: 'u', limit: 11 })).toMatch(
    mine ? /^SEARCH .*task_history_by_user_action \(user_id=\? AND action=\?\)$/ : /^SEARCH .*task_history_by_action \(action=\?\)$/,
  );
  expect(plan(openRunsSql(mine), { user_id: 'u' })).not.toMatch(/^SCAN task_history$/m);
  expect(plan(openRunsSql(mine), { user_id: 'u' })).toContain('task_history_open');
});

it('says of the newest run that it waits for an answer, and of no other', () => {
  const waits = insert('u1', 'w', 'running', 1000);
  insert('u1', 'other', 'running', 1000);
  const runs = new LastRuns(db, (taskId) => taskId === waits).of(['w', 'other'], null, 'u1');
  expect(runs('w').last_run).toMatchObject({ task_id: waits, waiting_for_input: true });
  expect(runs('other').last_run).not.toHaveProperty('waiting_for_input');
});
