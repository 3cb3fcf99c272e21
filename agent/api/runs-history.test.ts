import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Run, RunsTrend } from '../../shared/runs.ts';
import type { RunRow } from '../history/run-row.ts';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let client: Caller;
const runs: Record<'good' | 'bad' | 'mine', Run> = Object.create(null);
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  api.script('good.sh', '#!/bin/sh\necho first; printf "last line\\n"\n');
  api.script('bad.sh', '#!/bin/sh\necho oh; exit 3\n');
  const action = { script: 'good.sh', allow: 'everyone' };
  for (const body of [
    { ...action, id: 'good', label: 'Good' },
    { ...action, id: 'bad', label: 'Bad', script: 'bad.sh' },
  ])
    expect((await api.ask(api.admin, 'POST', '/api/actions', body)).status).toBe(201);
  runs.good = await api.finished(api.admin, { action: 'good' });
  runs.bad = await api.finished(api.admin, { action: 'bad' });
  runs.mine = await api.finished(client, { action: 'good' });
});
afterAll(() => api.close());

/** A copy of a run that is in the history already. */
function copy(of: Run, n: number, change: Partial<RunRow>): string {
  const row = api.runs.history.get(of.task_id);
  if (row === null) throw new Error('it is there');
  const task_id = `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
  api.runs.history.insert({ ...row, task_id, request_id: null, ...change });
  return task_id;
}
const ids = async (query: string, who: Caller = api.admin): Promise<string[]> => {
  const found: string[] = [];
  for (let cursor = ''; ; ) {
    const { status, json } = await api.ask(who, 'GET', `/api/runs?${query}${cursor}`);
    expect(status, JSON.stringify(json)).toBe(200);
    const list: { items: Run[]; next_cursor: string | null } = Object(json);
    found.push(...list.items.map(({ task_id }) => task_id));
    if (list.next_cursor === null) return found;
    cursor = `&cursor=${list.next_cursor}`;
  }
};

describe('filters and order', () => {
  it('tells runs that succeeded from those that failed', async () => {
    expect(await ids('result=failed')).toEqual([runs.bad.task_id]);
    expect(await ids('result=succeeded')).toEqual([runs.mine.task_id, runs.good.task_id]);
    expect(await ids('result=failed,succeeded&action=bad')).toEqual([runs.bad.task_id]);
    expect(await ids('result=succeeded', client)).toEqual([runs.mine.task_id]);
    expect(await ids('result=failed&q=Good')).toEqual([]);
    expect((await api.ask(api.admin, 'GET', '/api/runs?result=splendid')).status).toBe(400);
  });

  it('takes a range of time, with text and without, whatever the offset', async () => {
    const at = Date.parse('2026-03-01T12:00:00.000Z');
    const march = copy(runs.good, 1, { created_at: at });
    copy(runs.good, 2, { created_at: at + 86_400_000 });
    const day = 'since=2026-03-01T00:00:00Z&until=2026-03-02T00:00:00Z';
    expect(await ids(day)).toEqual([march]);
    expect(await ids(`${day}&q=Good`)).toEqual([march]);
    expect(await ids(`${day}&user=admin&limit=1`)).toEqual([march]);
    expect(await ids(`since=${encodeURIComponent('2026-03-01T13:00:00+01:00')}&until=2026-03-01T12:00:00.001Z`)).toEqual([march]);
    expect((await api.ask(api.admin, 'GET', '/api/runs?since=yesterday')).status).toBe(400);
  });

  it('sorts by how long they ran, page by page, also under a filter; those that never ran are left out', async () => {
    const began = Date.parse('2026-04-01T00:00:00.000Z');
    const took = [5, 900_000, 70_000, 900_000, 70].map((ms, i) =>
      copy(runs.good, 10 + i, { created_at: began + i, started_at: began, ended_at: began + ms, action: 'timed', label: 'Timed' }),
    );
    copy(runs.good, 20, {
      created_at: began - 1,
      started_at: null,
      ended_at: began + 1,
      state: 'refused',
      action: 'timed',
      label: 'Timed',
    });
    const longest = [took[3], took[1], took[2], took[4], took[0]];
    expect(await ids('sort=longest&action=timed&limit=2')).toEqual(longest);
    expect((await ids('sort=longest&limit=3')).slice(0, 3)).toEqual(longest.slice(0, 3));
    expect(await ids('sort=longest&q=Timed&since=2026-04-01T00:00:00Z&limit=2')).toEqual(longest);
    const { json } = await api.ask(api.admin, 'GET', '/api/runs?sort=longest&limit=1');
    const { next_cursor }: { next_cursor: string } = Object(json);
    const wrong = await api.ask(api.admin, 'GET', `/api/runs?cursor=${next_cursor}`);
    expect(wrong.json).toMatchObject({ error: { code: 'bad_cursor' } });
  });

  it('answers each order from an index, whatever else is asked', async () => {
    const { listSql } = await import('../history/list-query.ts');
    for (const [query, index] of [
      [{ result: ['failed' as const] }, 'task_history_failed'],
      [{ sort: 'longest' as const }, 'task_history_by_duration'],
      [{ sort: 'longest' as const, action: 'x', q: 'y' }, 'task_history_by_duration'],
      [{ since: 1, until: 2 }, 'task_history_by_time'],
      [{ result: ['failed' as const], since: 1 }, 'task_history_failed'],
    ] as const) {
      const { sql, values } = listSql(query, null, 50);
      const plan = api.db.prepare<[typeof values], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(values);
      const text = plan.map(({ detail }) => detail).join('\n');
      expect(text, sql).toContain(index);
      expect(text, sql).not.toMatch(/TEMP B-TREE/);
    }
  });
});

it('gives the last line of each when it is asked for', async () => {
  const { json } = await api.ask(client, 'GET', '/api/runs?last_line=true&limit=100');
  expect(json).toMatchObject({ items: [{ task_id: runs.mine.task_id, last_line: 'last line' }] });
  expect(JSON.stringify((await api.ask(client, 'GET', '/api/runs')).json)).not.toContain('last_line');
});

it('says how an action’s runs went, and how long they take; a client hears of its own only', async () => {
  const trend: RunsTrend = Object((await api.ask(api.admin, 'GET', '/api/runs/trend?action=timed')).json);
  expect(trend).toMatchObject({ runs: 6, succeeded: 5, p50_ms: 70_000, p95_ms: 900_000 });
  expect(trend.items.map(({ duration_ms }) => duration_ms)).toEqual([null, 5, 900_000, 70_000, 900_000, 70]);
  expect((await api.ask(client, 'GET', '/api/runs/trend?action=timed')).json).toMatchObject({ runs: 0, p50_ms: null, items: [] });
});

describe('an export', () => {
  it('is a table that no spreadsheet calculates with, or JSON, of what the filters leave', async () => {
    copy(runs.good, 30, { label: '=1+1, "x"', created_at: Date.parse('2026-05-01T00:00:00Z') });
    const csv = await api.ask(api.admin, 'GET', '/api/runs/export?format=csv&since=2026-05-01T00:00:00Z&until=2026-05-02T00:00:00Z');
    expect(csv.headers.get('content-disposition')).toMatch(/^attachment; filename="toru-runs-.*\.csv"$/);
    const [head, line, end] = csv.text.split('\r\n');
    expect(head).toMatch(/^\ufeff?task_id,host,label,/);
    expect(line).toMatch(/^00000000-0000-4000-8000-000000000030,[0-9a-f-]{36},"'=1\+1, ""x""",good,good\.sh,\[\],\{\},admin,/);
    expect(end).toBe('');
    const json = await api.ask(client, 'GET', '/api/runs/export?format=json');
    expect(json.json).toEqual([expect.objectContaining({ task_id: runs.mine.task_id })]);
    expect(json.text).not.toContain('good.sh');
    expect((await api.ask(client, 'GET', '/api/runs/export?format=json&result=failed')).json).toEqual([]);
  });
});

describe('removing', () => {
  it('takes a run out with its output, says so in the audit, and is an admin’s', async () => {
    const run = await api.finished(client, { action: 'good' });
    const path = `/api/runs/${run.task_id}`;
    expect((await api.ask(client, 'DELETE', path)).status).toBe(403);
    expect(existsSync(join(api.home, 'runs', run.task_id))).toBe(true);
    expect((await api.ask(api.admin, 'DELETE', path)).status).toBe(204);
    expect(existsSync(join(api.home, 'runs', run.task_id))).toBe(false);
    expect((await api.ask(api.admin, 'GET', path)).json).toMatchObject({ error: { code: 'unknown_task' } });
    expect((await api.ask(api.admin, 'DELETE', path)).status).toBe(404);
    const audit = await api.ask(api.admin, 'GET', '/api/audit?limit=20');
    expect(audit.json).toMatchObject({
      items: expect.arrayContaining([
        expect.objectContaining({
          event: 'run.delete',
          target: run.task_id,
          outcome: 'ok',
          detail: expect.objectContaining({ label: 'Good', user: 'cleo', result: 'succeeded' }),
        }),
      ]),
    });
  });

  it('leaves what has not ended', async () => {
    api.script('long.sh', '#!/bin/sh\nexec sleep 600\n');
    const { task_id } = await api.runs.start(api.admin, { script: 'long.sh', source: 'api' });
    expect((await api.ask(api.admin, 'DELETE', `/api/runs/${task_id}`)).json).toMatchObject({ error: { code: 'conflict' } });
    expect((await api.ask(api.admin, 'GET', '/api/runs/totals?q=long.sh')).json).toMatchObject({ runs: 0 });
    await api.runs.cancel(api.admin, task_id);
    await expect.poll(() => api.runs.get(api.admin, task_id).state, { timeout: 30_000 }).toBe('cancelled');
  });

  it('cleans up what was counted, and nothing when that has changed', async () => {
    const old = Date.parse('2025-01-01T00:00:00Z');
    for (let n = 0; n < 70; n += 1) copy(runs.bad, 100 + n, { created_at: old + n, ended_at: old + n, output_bytes: 10, disk_bytes: null });
    const filter = { until: '2025-02-01T00:00:00Z', result: 'failed' };
    const seen = (await api.ask(api.admin, 'GET', `/api/runs/totals?${new URLSearchParams(filter)}`)).json;
    expect(seen).toMatchObject({ runs: 70, bytes: 700 });
    const { before }: { before: string } = Object(seen);
    expect((await api.ask(client, 'GET', '/api/runs/totals')).status).toBe(403);
    expect((await api.ask(client, 'POST', '/api/runs/clean-up', { ...filter, runs: 70, before })).status).toBe(403);
    const longAgo = { ...api.admin, auth_time: 0 };
    const stale = await api.ask(longAgo, 'POST', '/api/runs/clean-up', { ...filter, runs: 70, before });
    expect(stale.json).toMatchObject({ error: { code: 'reauth_required' } });
    const wrong = await api.ask(api.admin, 'POST', '/api/runs/clean-up', { ...filter, runs: 69, before });
    expect(wrong.json).toMatchObject({ error: { code: 'conflict', runs: 70 } });
    expect((await api.ask(api.admin, 'POST', '/api/runs/clean-up', { ...filter, runs: 70, before })).status).toBe(202);
    await expect.poll(() => ids('since=2025-01-01T00:00:00Z&until=2025-02-01T00:00:00Z'), { timeout: 30_000 }).toEqual([]);
    expect(await ids('result=failed')).toEqual([runs.bad.task_id]);
  });
});

describe('favourites', () => {
  it('are each person’s own, and only of what they may press', async () => {
    await api.ask(api.admin, 'POST', '/api/actions', { id: 'secret', label: 'Secret', script: 'good.sh', group: ' House ' });
    expect((await api.ask(client, 'PUT', '/api/actions/good/favourite', { favourite: true })).json).toMatchObject({ favourite: true });
    expect((await api.ask(client, 'PUT', '/api/actions/secret/favourite', { favourite: true })).status).toBe(404);
    const seen = async (who: Caller): Promise<unknown> => {
      const { items }: { items: { id: string; favourite: boolean; group: string }[] } = Object(
        (await api.ask(who, 'GET', '/api/actions')).json,
      );
      return items.map(({ id, favourite, group }) => [id, favourite, group]);
    };
    expect(await seen(client)).toEqual([
      ['good', true, ''],
      ['bad', false, ''],
    ]);
    expect(await seen(api.admin)).toEqual([
      ['good', false, ''],
      ['bad', false, ''],
      ['secret', false, 'House'],
    ]);
    await api.ask(client, 'PUT', '/api/actions/good/favourite', { favourite: false });
    await api.ask(client, 'PUT', '/api/actions/bad/favourite', { favourite: true });
    await api.ask(api.admin, 'DELETE', '/api/actions/bad');
    await api.ask(api.admin, 'POST', '/api/actions', { id: 'bad', label: 'Bad', script: 'bad.sh', allow: 'everyone' });
    expect(await seen(client)).toEqual([
      ['good', false, ''],
      ['bad', false, ''],
    ]);
  });

  it('go with the results and the last use of the asker', async () => {
    const { items }: { items: { id: string }[] } = Object((await api.ask(client, 'GET', '/api/actions')).json);
    expect(items.find(({ id }) => id === 'good')).toMatchObject({ results: ['succeeded'], last_used_at: runs.mine.created_at });
  });
});
