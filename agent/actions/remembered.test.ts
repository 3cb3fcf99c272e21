import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHarness, makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let ada: Caller;
let bob: Caller;

beforeAll(async () => {
  api = await makeApi();
  api.script('show.sh', '#!/bin/sh\necho "$@"\n');
  ada = await api.caller('ada', 'client');
  bob = await api.caller('bob', 'client');
  const inputs = [
    { type: 'text', name: 'target', label: 'Target', remember: true },
    { type: 'choice', name: 'parts', label: 'Parts', multiple: true, remember: true, options: [{ value: 'a' }, { value: 'b' }] },
    { type: 'text', name: 'once', label: 'Once' },
    { type: 'secret', name: 'token', label: 'Token', remember: true, pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
  ];
  const made = await api.ask(api.admin, 'POST', '/api/actions', { id: 'ask', label: 'Ask', script: 'show.sh', inputs, allow: 'everyone' });
  expect(made.status, made.text).toBe(201);
});
afterAll(() => api.close());

async function rememberedBy(caller: Caller): Promise<unknown> {
  const { json } = await api.ask(caller, 'GET', '/api/actions/ask');
  return Object(json).remembered;
}
const press = (caller: Caller, inputs: Record<string, unknown>) => api.finished(caller, { action: 'ask', inputs });

it('keeps each person’s last answers to the inputs that say so, and never a secret', async () => {
  await press(ada, { target: 'nas', parts: ['b'], once: 'x', token: 'very secret' });
  expect(await rememberedBy(ada)).toEqual({ target: 'nas', parts: ['b'] });
  expect(await rememberedBy(bob)).toEqual({});
  expect(JSON.stringify(api.db.prepare('SELECT * FROM actions_remembered').all())).not.toMatch(/secret|••/);
  await press(ada, { target: 'cloud' });
  expect(await rememberedBy(ada)).toEqual({ target: 'cloud' });
});

it('gives them to the form alone: a press that leaves them out has none of them', async () => {
  expect((await press(ada, { once: 'y' })).args).toBeUndefined();
  const [run] = Object((await api.ask(api.admin, 'GET', '/api/runs?limit=1')).json).items;
  expect(run.args).toEqual(['y']);
});

it('forgets them when their person says so, and lets nobody forget for another', async () => {
  await press(ada, { target: 'nas' });
  await press(bob, { target: 'cloud' });
  expect((await api.ask(bob, 'DELETE', '/api/actions/ask/remembered')).status).toBe(204);
  expect(await rememberedBy(bob)).toEqual({});
  expect(await rememberedBy(ada)).toEqual({ target: 'nas' });
  expect((await api.ask(bob, 'DELETE', '/api/actions/none/remembered')).status).toBe(404);
});

it('keeps nothing of what was refused, is too long, or was asked by nobody’s user', async () => {
  expect((await api.ask(bob, 'POST', '/api/runs', { action: 'ask', inputs: { target: 'a', parts: ['c'] } })).status).toBe(400);
  expect(await rememberedBy(bob)).toEqual({});
  await press({ ...api.admin, user_id: 'local:1000' }, { target: 'x' });
  expect(api.db.prepare('SELECT count(*) FROM actions_remembered WHERE user_id LIKE ?').pluck().get('local%')).toBe(0);
});
