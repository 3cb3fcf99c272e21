import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
});
afterAll(() => api.close());

const stored = { type: 'secret', name: 'token', label: 'Token', stored: 'TOKEN', pass: { by: 'environment', variable: 'INPUT_TOKEN' } };

/** @returns the run of this action, ended, and what it printed. */
async function press(caller: Caller, id: string, inputs?: object) {
  const { status, json } = await api.ask(caller, 'POST', '/api/runs', { action: id, ...(inputs === undefined ? {} : { inputs }) });
  if (status !== 202) return { error: Object(json).error };
  const task: string = Object(json).task_id;
  const run = async () => Object((await api.ask(api.admin, 'GET', `/api/runs/${task}`)).json);
  await expect.poll(async () => (await run()).state).toBe('exited');
  return { run: await run() };
}

it('is written by admins alone, and read by nobody', async () => {
  for (const [method, path, body] of [
    ['GET', '/api/secrets'],
    ['PUT', '/api/secrets/TOKEN', { value: 'x' }],
    ['DELETE', '/api/secrets/TOKEN'],
  ] as const)
    expect((await api.ask(client, method, path, body)).status).toBe(403);
  expect((await api.ask(api.admin, 'PUT', '/api/secrets/TOKEN', { value: 'correct horse' })).status).toBe(204);
  const { text } = await api.ask(api.admin, 'GET', '/api/secrets');
  expect(text).toContain('"TOKEN"');
  expect(text).not.toContain('horse');
});

it.each([
  ['no value', 'TOKEN', {}],
  ['an empty one', 'TOKEN', { value: '' }],
  ['a NUL', 'TOKEN', { value: 'a\0b' }],
  ['half of a character', 'TOKEN', { value: 'a\ud800' }],
  ['more than 64 KiB', 'TOKEN', { value: 'x'.repeat(65_537) }],
  ['a name with a hyphen', 'MY-TOKEN', { value: 'x' }],
])('is refused with %s', async (_what, name, body) => {
  expect(await api.ask(api.admin, 'PUT', `/api/secrets/${name}`, body)).toMatchObject({
    status: 400,
    json: { error: { code: 'bad_request' } },
  });
});

it('reaches the script of an action that names it, and neither form, history nor person', async () => {
  api.script('shows.sh', '#!/bin/sh\n[ "$INPUT_TOKEN" = "correct horse" ] && echo same\n');
  const action = { id: 'shows', label: 'Shows', script: 'shows.sh', inputs: [stored], allow: 'everyone' };
  expect((await api.ask(api.admin, 'POST', '/api/actions', action)).status).toBe(201);
  await api.ask(api.admin, 'PUT', '/api/secrets/TOKEN', { value: 'correct horse' });
  const { run } = await press(client, 'shows');
  expect(run).toMatchObject({ exit_code: 0, inputs: { token: '••••••' } });
  const tiles = await api.ask(client, 'GET', '/api/actions');
  expect(tiles.text).not.toContain('TOKEN');
  expect(await press(client, 'shows', { token: 'of my own' })).toMatchObject({ error: { code: 'input_invalid' } });
});

it('that is not stored is told, with the next step', async () => {
  await api.ask(api.admin, 'DELETE', '/api/secrets/TOKEN');
  expect(await press(api.admin, 'shows')).toMatchObject({
    error: { code: 'action_invalid', message: expect.stringContaining('toru secret set TOKEN') },
  });
  expect((await api.ask(api.admin, 'DELETE', '/api/secrets/TOKEN')).status).toBe(404);
});

it('is passed only where its question would be asked', async () => {
  api.script('env.sh', `#!/bin/sh\n! env | grep -q ^INPUT_TOKEN=\n`);
  const inputs = [
    { type: 'boolean', name: 'live', label: 'Live', pass: { by: 'environment', variable: 'INPUT_LIVE' } },
    { ...stored, show_if: { input: 'live', is: [true] } },
  ];
  expect((await api.ask(api.admin, 'POST', '/api/actions', { id: 'env', label: 'Env', script: 'env.sh', inputs })).status).toBe(201);
  await api.ask(api.admin, 'PUT', '/api/secrets/TOKEN', { value: 'correct horse' });
  expect((await press(api.admin, 'env', { live: false })).run).toMatchObject({ exit_code: 0 });
  expect((await press(api.admin, 'env', { live: true })).run).toMatchObject({ exit_code: 1 });
});
