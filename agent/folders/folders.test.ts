import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHarness, makeApi } from '../systems-harness.ts';

let h: ApiHarness;
beforeAll(async () => {
  h = await makeApi();
});
afterAll(async () => {
  for (const { id } of h.services.terminals.store.open()) await h.services.terminals.remove(h.admin, id);
  await h.close();
});

const ask = (method: string, path: string, body?: object) => h.ask(h.admin, method, `/api/folders${path}`, body);

async function make(name: string, parent: string | null = null, preferences: object = {}): Promise<string> {
  const { status, text, json } = await ask('POST', '', { name, parent, preferences });
  expect([status, text]).toEqual([201, expect.any(String)]);
  return String(Object(json).id);
}

it('takes preferences from the folders above, the nearest first, and variables one by one', async () => {
  const work = await make('Work', null, { cwd: '/tmp', shell: '/bin/sh', env: { A: '1', B: '1' } });
  const site = await make('Site', work, { cwd: '/', env: { B: '2' }, theme: 'dark' });
  expect((await ask('GET', `/${site}/context`)).json).toMatchObject({
    folder: { id: site, name: 'Site' },
    path: [
      { id: work, name: 'Work' },
      { id: site, name: 'Site' },
    ],
    preferences: { cwd: '/', shell: '/bin/sh', env: { A: '1', B: '2' }, theme: 'dark' },
    inherited: { shell: work },
    terminals: [],
    worktrees: [],
  });
  expect((await ask('GET', `/${work}/children`)).json).toMatchObject({ items: [{ id: site }] });
});

it('gives them to a terminal that is opened in it, which stays when the folder goes', async () => {
  const here = realpathSync(tmpdir());
  const folder = await make('Shells', null, {
    cwd: here,
    shell: '/bin/sh',
    env: { GREETING: 'hello' },
    startup_command: 'echo "$GREETING from $PWD"',
  });
  const made = await h.ask(h.admin, 'POST', '/api/terminals', { folder });
  const { id } = Object(made.json);
  expect(made.json).toMatchObject({ folder, cwd: here, shell: '/bin/sh', env_names: ['GREETING'] });
  await expect
    .poll(async () => (await h.ask(h.admin, 'GET', `/api/terminals/${id}/output`)).text, { timeout: 60_000 })
    .toContain(`hello from ${here}`);
  expect((await ask('GET', `/${folder}/context`)).json).toMatchObject({ terminals: [{ id }], orchestrators: [] });
  const watches = (await h.ask(h.admin, 'POST', '/api/orchestrators', { folder })).json;
  await h.ask(h.admin, 'POST', '/api/orchestrators', {});
  expect((await ask('GET', `/${folder}/context`)).json).toMatchObject({ orchestrators: [watches] });
  expect((await ask('DELETE', `/${folder}`)).status).toBe(204);
  expect((await h.ask(h.admin, 'GET', `/api/terminals/${id}`)).json).toMatchObject({ state: 'running', folder: null });
  const missing = await h.ask(h.admin, 'POST', '/api/terminals', { folder });
  expect(missing.status).toBe(404);
}, 90_000);

it('is never within itself, and at most eight deep', async () => {
  let parent: string | null = null;
  const all: string[] = [];
  for (let depth = 1; depth <= 8; depth += 1) {
    parent = await make(`level ${depth}`, parent);
    all.push(parent);
  }
  const [top = '', second = ''] = all;
  expect((await ask('POST', '', { name: 'too deep', parent })).json).toMatchObject({ error: { code: 'bad_request', field: 'parent' } });
  for (const within of [top, second, all.at(-1)])
    expect((await ask('PATCH', `/${top}`, { parent: within })).json).toMatchObject({
      error: { message: 'A folder can’t be within itself.' },
    });
  // A tree that would become too deep by what is in it.
  const other = await make('other');
  expect((await ask('PATCH', `/${top}`, { parent: other })).json).toMatchObject({ error: { message: 'Folders are at most 8 deep.' } });
  expect((await ask('PATCH', `/${second}`, { parent: null })).json).toMatchObject({ parent: null });
  const full = await ask('DELETE', `/${second}`);
  expect([full.status, full.json]).toMatchObject([409, { error: { folders: 6 } }]);
  expect((await ask('DELETE', `/${second}?recursive=true`)).status).toBe(204);
  expect((await ask('GET', `/${all.at(-1)}`)).status).toBe(404);
});

it('refuses variables that are Toru’s, and everybody but admins', async () => {
  const refused = await ask('POST', '', { name: 'x', preferences: { env: { TORU_HOME: '/x' } } });
  expect(refused.json).toMatchObject({ error: { field: 'preferences.env' } });
  const client = await h.caller('cleo', 'client');
  for (const [method, path] of [
    ['GET', ''],
    ['POST', ''],
    ['GET', `/${crypto.randomUUID()}/context`],
  ] as const)
    expect((await h.ask(client, method, `/api/folders${path}`, method === 'POST' ? { name: 'x' } : undefined)).status).toBe(403);
});
