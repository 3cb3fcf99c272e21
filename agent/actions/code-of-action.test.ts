import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

/** A session whose password was typed long ago changes how an action looks, and not what runs, what it sees, and for whom. */

let api: ApiHarness;
let stale: Caller;
const OPTIONS = [{ value: 'one' }, { value: 'two' }];
const text = { type: 'text', name: 'who', label: 'Who', pattern: '\\w+', pass: { by: 'environment', variable: 'INPUT_WHO' } };
const choice = { type: 'choice', name: 'which', label: 'Which', options: OPTIONS };

beforeAll(async () => {
  api = await makeApi();
  // So many patterns in a row, on a busy machine, would use up what one person may spend on them: regex-budget.test.ts.
  vi.spyOn(api.actions.patterns, 'spend').mockImplementation((_user, _action, check) => check());
  api.script('hello.sh', '#!/bin/sh\necho hello\n');
  stale = { ...api.admin, auth_time: Date.now() - 16 * 60_000 };
  const made = await api.ask(api.admin, 'POST', '/api/actions', { id: 'it', label: 'It', script: 'hello.sh', inputs: [text, choice] });
  expect(made.status).toBe(201);
});
afterAll(() => api.close());

const patch = (caller: Caller, body: unknown) => api.ask(caller, 'PATCH', '/api/actions/it', body);

it.each([
  { label: 'That' },
  { description: 'what it does' },
  { icon: 'rocket' },
  { color: 'red' },
  { confirm: 'hold' },
  { timeout_s: 60 },
  { grace_s: 30 },
  { max_concurrent: 2 },
  { when_full: 'refuse' },
  { script: 'hello.sh', args: [], allow: [], stdin: false },
  {
    inputs: [
      { ...text, label: 'Who?', help: 'a name', pattern_message: 'letters' },
      { ...choice, options: [{ value: 'one', label: 'One' }, { value: 'two' }] },
    ],
  },
])('%j asks for no password', async (body) => {
  expect((await patch(stale, body)).status).toBe(200);
});

it.each([
  { script: 'other.sh' },
  { args: ['-x'] },
  { allow: 'everyone' },
  { allow: [randomUUID()] },
  { stdin: true },
  { env: { MODE: 'fast' } },
  { stop_signal: 'INT' },
  { inputs: [] },
  { inputs: [choice, text] },
  { inputs: [{ ...text, pattern: '.*' }, choice] },
  { inputs: [{ ...text, default: 'x' }, choice] },
  { inputs: [{ ...text, required: true }, choice] },
  { inputs: [{ ...text, pass: { by: 'environment', variable: 'TOKEN' } }, choice] },
  { inputs: [{ ...text, pass: { by: 'argument' } }, choice] },
  { inputs: [text, { ...choice, options: [...OPTIONS, { value: 'three' }] }] },
  { label: 'Harmless', script: 'other.sh' },
])('%j does, once', async (body) => {
  const before = api.actions.get('it');
  expect(await patch(stale, body)).toMatchObject({ status: 403, json: { error: { code: 'reauth_required' } } });
  expect(api.actions.get('it')).toEqual(before);
  expect((await patch(api.admin, body)).status).toBe(200);
  // Saved again as it is: nothing is decided again.
  expect((await patch(stale, body)).status).toBe(200);
  await api.actions.update(null, 'it', { script: 'hello.sh', args: [], allow: [], stdin: false, env: {}, stop_signal: 'TERM' });
});

it('a new action does; a smaller one, another order, or one less does not; the local socket never does', async () => {
  const body = { label: 'New', script: 'hello.sh' };
  expect((await api.ask(stale, 'POST', '/api/actions', body)).status).toBe(403);
  const local: Caller = { user_id: 'local:0', username: 'local:root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };
  expect((await api.ask(local, 'POST', '/api/actions', body)).status).toBe(201);
  expect((await api.ask(stale, 'PUT', '/api/actions/order', { ids: ['new', 'it'] })).status).toBe(200);
  expect((await api.ask(stale, 'DELETE', '/api/actions/new')).status).toBe(204);
});

it('an action that was saved with a variable that is reserved by now is not started, and says what to do', async () => {
  const variable = { ...text, pass: { by: 'environment', variable: 'WHO' } };
  const made = await api.ask(api.admin, 'POST', '/api/actions', {
    id: 'old',
    label: 'Old',
    script: 'hello.sh',
    inputs: [variable],
    allow: 'everyone',
  });
  expect(made.status).toBe(201);
  api.db.prepare("UPDATE quick_actions SET definition = replace(definition, '\"WHO\"', '\"SHELLOPTS\"') WHERE id = 'old'").run();
  const run = (caller: Caller) => api.ask(caller, 'POST', '/api/runs', { action: 'old', inputs: { who: 'xtrace' } });
  expect(await run(api.admin)).toMatchObject({
    status: 400,
    json: { error: { code: 'action_invalid', message: expect.stringContaining('call the variable INPUT_SHELLOPTS') } },
  });
  expect((await api.ask(api.admin, 'GET', '/api/actions/old')).json).toMatchObject({ problem: expect.stringContaining('INPUT_SHELLOPTS') });
  const client = await api.caller('carla', 'client');
  expect((await run(client)).text).not.toContain('SHELLOPTS');
});
