import { afterAll, beforeAll, expect, it } from 'vitest';
import { action as actionSchema, clientAction } from '../../shared/actions.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  api.script('hello.sh', '#!/bin/sh\necho "hello $1"\n');
});
afterAll(() => api.close());

const errorCode = (json: unknown): unknown => Object(json).error?.code;

it('makes an action of label and script, and lists it', async () => {
  const made = await api.ask(api.admin, 'POST', '/api/actions', { label: 'Nightly Backup!', script: 'hello.sh' });
  expect(made.status).toBe(201);
  expect(actionSchema.parse(made.json)).toMatchObject({
    id: 'nightly-backup',
    position: 0,
    revision: 1,
    icon: 'play',
    allow: [],
    problem: null,
    last_run: null,
    running: 0,
  });
  const again = await api.ask(api.admin, 'POST', '/api/actions', { label: 'Nightly backup', script: 'hello.sh' });
  expect(again.json).toMatchObject({ id: 'nightly-backup-2', position: 1 });
  const list = await api.ask(api.admin, 'GET', '/api/actions');
  expect(list.json).toMatchObject({ items: [{ id: 'nightly-backup' }, { id: 'nightly-backup-2' }], next_cursor: null });
  const taken = await api.ask(api.admin, 'POST', '/api/actions', { label: 'x', script: 'hello.sh', id: 'nightly-backup' });
  expect(taken).toMatchObject({ status: 409, json: { error: { code: 'conflict' } } });
});

it('changes what a patch names, and resets nothing', async () => {
  const whole = {
    label: 'Whole',
    script: 'hello.sh',
    color: 'red',
    timeout_s: 60,
    allow: 'everyone',
    inputs: [{ type: 'text', name: 'who', label: 'Who' }],
  };
  const { json } = await api.ask(api.admin, 'POST', '/api/actions', whole);
  const before = actionSchema.parse(json);
  const patched = await api.ask(api.admin, 'PATCH', '/api/actions/whole', { label: 'Other', revision: 1 });
  expect(patched.status).toBe(200);
  const { updated_at, ...after } = actionSchema.parse(patched.json);
  expect(after).toEqual({ ...before, updated_at: undefined, label: 'Other', revision: 2 });
  expect(await api.ask(api.admin, 'PATCH', '/api/actions/whole', { label: 'Other' })).toMatchObject({ json: { revision: 2, updated_at } });
  expect(await api.ask(api.admin, 'PATCH', '/api/actions/whole', { label: 'Late', revision: 1 })).toMatchObject({
    status: 409,
    json: { error: { code: 'conflict', revision: 2 } },
  });
  expect(await api.ask(api.admin, 'PATCH', '/api/actions/whole', { id: 'x' })).toMatchObject({
    status: 400,
    json: { error: { field: 'id' } },
  });
  expect(await api.ask(api.admin, 'PATCH', '/api/actions/none', { label: 'x' })).toMatchObject({
    status: 404,
    json: { error: { code: 'unknown_action' } },
  });
});

it.each([
  ['a secret on the command line', { inputs: [{ type: 'secret', name: 'token', label: 'Token' }] }, 'secret'],
  [
    'two inputs of a name',
    {
      inputs: [
        { type: 'text', name: 'a', label: 'A' },
        { type: 'number', name: 'a', label: 'B' },
      ],
    },
    'named',
  ],
  ['a pattern that is none', { inputs: [{ type: 'text', name: 'a', label: 'A', pattern: '(' }] }, 'regular expression'],
  [
    'a pattern that closes our parentheses',
    { inputs: [{ type: 'text', name: 'a', label: 'A', pattern: 'a)|(?:b' }] },
    'regular expression',
  ],
  [
    'a default that its pattern would check for ever',
    { inputs: [{ type: 'text', name: 'a', label: 'A', pattern: '(\\w+ ?)*', default: `${'a'.repeat(200)}!` }] },
    'too long',
  ],
  ['a default that the pattern refuses', { inputs: [{ type: 'text', name: 'a', label: 'A', pattern: '\\d+', default: 'x' }] }, 'default'],
  [
    'a variable that loads code',
    { inputs: [{ type: 'text', name: 'a', label: 'A', pass: { by: 'environment', variable: 'LD_PRELOAD' } }] },
    'LD_PRELOAD',
  ],
  ['a NUL in an argument', { args: ['a\0b'] }, 'NUL'],
])('refuses %s, in a sentence', async (_, fields, message) => {
  const { status, json } = await api.ask(api.admin, 'POST', '/api/actions', { label: 'Bad', script: 'hello.sh', ...fields });
  expect(status).toBe(400);
  expect(json).toMatchObject({
    error: { code: 'action_invalid', message: expect.stringContaining(message), problems: [expect.stringContaining(message)] },
  });
  expect(api.actions.get('bad')).toBeNull();
});

it('refuses a script outside, and lets one be made whose script is still missing, with its problem', async () => {
  expect(errorCode((await api.ask(api.admin, 'POST', '/api/actions', { label: 'Out', script: '../hello.sh' })).json)).toBe(
    'script_outside',
  );
  const early = await api.ask(api.admin, 'POST', '/api/actions', { label: 'Early', script: 'later.sh' });
  expect(early).toMatchObject({ status: 201, json: { problem: expect.stringContaining('later.sh') } });
  expect(errorCode((await api.ask(api.admin, 'PATCH', '/api/actions/early', { script: '/bin/sh' })).json)).toBe('script_outside');
  api.script('later.sh', '#!/bin/sh\n', 0o644);
  expect((await api.ask(api.admin, 'GET', '/api/actions/early')).json).toMatchObject({ problem: expect.stringContaining('chmod +x') });
});

it('shows a client what they may press, and nothing of what stands behind it', async () => {
  const other = await api.caller('otto', 'client');
  await api.ask(api.admin, 'POST', '/api/actions', {
    label: 'For cleo',
    script: 'missing-thing.sh',
    args: ['--hidden'],
    allow: [client.user_id],
  });
  const { json, text } = await api.ask(client, 'GET', '/api/actions');
  expect(json).toMatchObject({ items: [{ id: 'whole' }, { id: 'for-cleo', problem: expect.not.stringContaining('missing-thing') }] });
  for (const item of Object(json).items) expect(() => clientAction.strict().parse(item)).not.toThrow();
  expect(text).not.toMatch(/missing-thing|--hidden|"allow"|hello\.sh/);
  expect(await api.ask(client, 'GET', '/api/actions/for-cleo')).toMatchObject({ status: 200 });
  // Not allowed and not there look the same.
  const foreign = await api.ask(other, 'GET', '/api/actions/for-cleo');
  expect(foreign.status).toBe(404);
  expect(foreign.text.replace('for-cleo', 'x')).toBe((await api.ask(other, 'GET', '/api/actions/x')).text);
  // A press that fails tells a client no more.
  const press = await api.ask(client, 'POST', '/api/runs', { action: 'for-cleo' });
  expect(press).toMatchObject({ status: 404, json: { error: { code: 'unknown_script' } } });
  expect(press.text).not.toContain('missing-thing');
});

it('shows each tile its last run: an admin everybody’s, a client their own', async () => {
  await api.finished(api.admin, { action: 'whole' });
  expect((await api.ask(client, 'GET', '/api/actions/whole')).json).toMatchObject({ last_run: null });
  const run = await api.finished(client, { action: 'whole', inputs: { who: 'me' } });
  expect((await api.ask(client, 'GET', '/api/actions/whole')).json).toMatchObject({
    last_run: { task_id: run.task_id, state: 'exited', exit_code: 0 },
  });
  expect((await api.ask(api.admin, 'GET', '/api/actions/whole')).json).toMatchObject({
    last_run: { task_id: run.task_id },
    running: 0,
    queued: 0,
  });
});

it('counts what runs and what waits', async () => {
  api.script('wait.sh', '#!/bin/sh\nexec sleep 60\n');
  await api.ask(api.admin, 'POST', '/api/actions', { label: 'Wait', script: 'wait.sh', max_concurrent: 1, allow: 'everyone' });
  const first = Object((await api.ask(api.admin, 'POST', '/api/runs', { action: 'wait' })).json).task_id;
  const second = Object((await api.ask(api.admin, 'POST', '/api/runs', { action: 'wait' })).json).task_id;
  expect((await api.ask(api.admin, 'GET', '/api/actions/wait')).json).toMatchObject({ running: 1, queued: 1 });
  expect((await api.ask(client, 'GET', '/api/actions/wait')).json).toMatchObject({ running: 0, queued: 0 });
  for (const id of [second, first]) expect((await api.ask(api.admin, 'POST', `/api/runs/${id}/cancel`)).status).toBe(202);
});

it('orders all actions or none', async () => {
  const ids: string[] = Object((await api.ask(api.admin, 'GET', '/api/actions')).json).items.map(({ id }: { id: string }) => id);
  const turned = [...ids].reverse();
  const ordered = await api.ask(api.admin, 'PUT', '/api/actions/order', { ids: turned });
  expect(Object(ordered.json).items.map(({ id }: { id: string }) => id)).toEqual(turned);
  expect(errorCode((await api.ask(api.admin, 'PUT', '/api/actions/order', { ids: turned.slice(1) })).json)).toBe('conflict');
  expect(errorCode((await api.ask(api.admin, 'PUT', '/api/actions/order', { ids: [...turned.slice(1), turned[1]] })).json)).toBe(
    'bad_request',
  );
  expect(errorCode((await api.ask(api.admin, 'PUT', '/api/actions/order', { ids: [...turned.slice(1), 'nobody'] })).json)).toBe('conflict');
});

it('keeps how large a tile is for everyone, whatever comes, goes or is changed', async () => {
  const ids = async (): Promise<string[]> =>
    Object((await api.ask(api.admin, 'GET', '/api/actions')).json).items.map(({ id }: { id: string }) => id);
  const sizes = async (who: Caller): Promise<Record<string, string>> =>
    Object.fromEntries(
      Object((await api.ask(who, 'GET', '/api/actions')).json).items.map(({ id, size }: { id: string; size: string }) => [id, size]),
    );
  const put = async (sized: object, who = api.admin) =>
    api.ask(who, 'PUT', '/api/actions/order', { ids: (await ids()).toReversed(), sizes: sized });
  const [first = '', second = ''] = (await ids()).toReversed();
  expect((await put({ [first]: 'large', [second]: 'wide' })).status).toBe(200);
  expect(await sizes(api.admin)).toMatchObject({ [first]: 'large', [second]: 'wide' });
  // What is not named stays.
  expect((await put({ [second]: 'normal' })).status).toBe(200);
  await api.ask(api.admin, 'PATCH', `/api/actions/${first}`, { description: 'changed' });
  const made = Object((await api.ask(api.admin, 'POST', '/api/actions', { label: 'New here', script: 'wait.sh', allow: 'everyone' })).json);
  expect(await sizes(api.admin)).toMatchObject({ [first]: 'large', [second]: 'normal', [made.id]: 'normal' });
  expect((await ids()).at(-1)).toBe(made.id);
  const order = await ids();
  await put({ [made.id]: 'wide' });
  expect((await sizes(client))[made.id]).toBe('wide');
  await api.ask(api.admin, 'DELETE', `/api/actions/${made.id}`);
  expect(await ids()).toEqual(order.filter((id) => id !== made.id).toReversed());
  for (const wrong of [{ nobody: 'wide' }, { [first]: 'huge' }, 'large'])
    expect(errorCode((await put(Object(wrong))).json)).toBe('bad_request');
  expect((await put({ [first]: 'normal' }, client)).status).toBe(403);
  expect((await sizes(api.admin))[first]).toBe('large');
  expect(api.services.audit.list({ event: 'action.order' }).items.map(({ detail }) => detail)).toContainEqual({
    sizes: { [first]: 'large', [second]: 'wide' },
  });
});

it('removes an action, keeps its history, and writes it all down', async () => {
  expect(await api.ask(api.admin, 'DELETE', '/api/actions/whole')).toMatchObject({ status: 204 });
  expect(await api.ask(api.admin, 'DELETE', '/api/actions/whole')).toMatchObject({ status: 404 });
  expect((await api.ask(api.admin, 'GET', '/api/runs?action=whole')).json).toMatchObject({ items: [{}, {}] });
  const events: string[] = Object((await api.ask(api.admin, 'GET', '/api/audit?event=action')).json).items.map(
    ({ event }: { event: string }) => event,
  );
  expect(new Set(events)).toEqual(new Set(['action.create', 'action.update', 'action.order', 'action.delete']));
});
