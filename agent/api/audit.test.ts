import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('eve', 'client');
  api.script('quick.sh', '#!/bin/sh\necho quick\n');
});
afterAll(() => api.close());

const list = z.object({
  items: z.array(z.object({ event: z.string(), target: z.string().nullable(), detail: z.record(z.string(), z.unknown()) })),
});
const refusedOf = async (user: string) =>
  list.parse((await api.ask(api.admin, 'GET', `/api/audit?user=${user}&outcome=refused&limit=200`)).json).items;

test('refused acts on users, settings and the audit itself leave an entry each', async () => {
  for (const [method, path, body] of [
    ['POST', '/api/users', { username: 'mallory', password: 'correct horse battery', role: 'admin' }],
    ['PUT', '/api/settings', { env_allow: ['AWS_SECRET_ACCESS_KEY'] }],
    ['GET', '/api/audit', undefined],
    ['DELETE', `/api/users/${api.admin.user_id}`, undefined],
  ] as const)
    expect((await api.ask(client, method, path, body)).status).toBe(403);
  expect((await refusedOf('eve')).map(({ event, target }) => [event, target])).toEqual([
    ['request.refused', `DELETE /api/users/${api.admin.user_id}`],
    ['request.refused', 'GET /api/audit'],
    ['request.refused', 'PUT /api/settings'],
    ['request.refused', 'POST /api/users'],
  ]);
});

test('an act whose password is too old is one of them', async () => {
  const stale = { ...api.admin, auth_time: 0, via: 'edge' as const };
  expect((await api.ask(stale, 'POST', '/api/users', { username: 'x', password: 'correct horse battery', role: 'admin' })).status).toBe(
    403,
  );
  expect((await refusedOf(api.admin.username))[0]).toMatchObject({ event: 'request.refused', detail: { code: 'reauth_required' } });
});

test('whoever asks for a run of somebody else hears of none, and is written down', async () => {
  const run = await api.finished(api.admin, { script: 'quick.sh' });
  const mine = await api.caller('frank', 'client');
  for (const [method, path, body] of [
    ['POST', `/api/runs/${run.task_id}/cancel`, undefined],
    ['GET', `/api/runs/${run.task_id}/output`, undefined],
    ['GET', `/api/runs/${randomUUID()}`, undefined],
  ] as const)
    expect((await api.ask(mine, method, path, body)).status).toBe(404);
  // Asked twice: one entry now, the second one is counted.
  expect(await refusedOf('frank')).toMatchObject([{ event: 'run.foreign', target: run.task_id }]);
});

test('the whole audit is one chain a class, and is exported', async () => {
  expect((await api.ask(api.admin, 'GET', '/api/audit/verify')).json).toMatchObject({
    chains: [
      { class: 'security', broken_at: null },
      { class: 'activity', broken_at: null },
    ],
  });
  const { text } = await api.ask(api.admin, 'GET', '/api/audit/export');
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).event),
  ).toContain('request.refused');
  api.db.exec(`UPDATE audit SET target = 'nothing' WHERE event = 'run.foreign'`);
  expect((await api.ask(api.admin, 'GET', '/api/audit/verify')).json).toMatchObject({
    chains: [{ broken_at: null }, { broken_at: expect.any(Number) }],
  });
  for (const path of ['/api/audit/verify', '/api/audit/export']) expect((await api.ask(client, 'GET', path)).status).toBe(403);
});
