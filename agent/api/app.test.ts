import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { actionCreate } from '../../shared/actions.ts';
import { MAX_JSON_BODY } from '../../shared/limits.ts';
import { VERSION } from '../../shared/version.ts';
import { ROUTES } from '../systems.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

let api: ApiHarness;
let client: Caller;
beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  api.script('hello.sh', '#!/bin/sh\necho hello\n');
});
afterAll(() => api.close());

const SAMPLE_ID = '00000000-0000-4000-8000-000000000001';
/** Every route of the table, with ids in the places of ids. */
const ALL = [...ROUTES].map(([key, permission]) => {
  const [method = '', path = ''] = key.split(' ');
  return { key, method, path: path.replace(':id', SAMPLE_ID), permission };
});

describe('permissions', () => {
  it('has a line in the table for every route, and a route for every line', () => {
    const registered = new Set(api.app.routes.filter(({ method }) => method !== 'ALL').map(({ method, path }) => `${method} ${path}`));
    expect([...registered].sort()).toEqual([...ROUTES.keys()].sort());
  });

  it.each(ALL.filter(({ permission }) => permission.role === 'admin'))('refuses a client: $key', async ({ method, path }) => {
    expect(await api.ask(client, method, path, method === 'GET' ? undefined : {})).toMatchObject({
      status: 403,
      json: { error: { code: 'forbidden' } },
    });
  });

  it.each(ALL.filter(({ permission }) => 'reauth' in permission))(
    'asks an admin for the password again: $key',
    async ({ method, path }) => {
      const stale = { ...api.admin, auth_time: Date.now() - 16 * 60_000 };
      expect(await api.ask(stale, method, path, {})).toMatchObject({ status: 403, json: { error: { code: 'reauth_required' } } });
    },
  );

  it('refuses a route that is not in the table, to an admin too', async () => {
    const extra = await makeApi();
    extra.app.get('/api/forgotten', (c) => c.text('secret'));
    expect(await extra.ask(extra.admin, 'GET', '/api/forgotten')).toMatchObject({ status: 403, json: { error: { code: 'forbidden' } } });
    await extra.close();
  });

  it('takes identity from the transport only', async () => {
    const request = new Request('http://host/api/users', {
      headers: { 'x-user': 'admin', 'x-role': 'admin', authorization: 'Bearer x', cookie: '__Host-toru=x', 'x-forwarded-user': 'admin' },
    });
    expect((await api.app.fetch(request, { caller: client })).status).toBe(403);
  });

  it('ignores method overrides', async () => {
    const { id } = await api.actions.create(null, actionCreate.parse({ label: 'Keep me', script: 'hello.sh' }));
    const request = new Request(`http://host/api/actions/${id}?_method=DELETE`, {
      headers: { 'x-http-method-override': 'DELETE', 'x-method': 'DELETE' },
    });
    expect((await api.app.fetch(request, { caller: api.admin })).status).toBe(200);
    expect(api.actions.get(id)).not.toBeNull();
  });
});

describe('errors', () => {
  const post = (body: BodyInit | null, type: string | null = 'application/json', caller: Caller = api.admin): Promise<Response> =>
    Promise.resolve(
      api.app.fetch(new Request('http://host/api/runs', { method: 'POST', body, headers: type === null ? {} : { 'content-type': type } }), {
        caller,
      }),
    );
  const errorOf = async (response: Response | Promise<Response>): Promise<unknown> => {
    const answer = await response;
    expect(answer.headers.get('content-type')).toBe('application/json');
    return { status: answer.status, ...Object(await answer.json()).error };
  };

  it('knows nothing at an unknown path', async () => {
    for (const path of ['/api/nothing', '/api', '/api/runs/x/y', '/', '/api/runs/', '/API/runs']) {
      expect(await api.ask(api.admin, 'GET', path), path).toMatchObject({ status: 404, json: { error: { code: 'not_found' } } });
    }
  });

  it('names the methods that work', async () => {
    const answer = await api.ask(api.admin, 'DELETE', '/api/actions');
    expect(answer).toMatchObject({ status: 405, json: { error: { code: 'method_not_allowed' } } });
    expect(answer.headers.get('allow')).toBe('GET, POST');
    expect(await api.ask(api.admin, 'OPTIONS', `/api/runs/${SAMPLE_ID}`)).toMatchObject({ status: 405 });
    expect(await api.ask(client, 'TRACE_', '/api/users')).toMatchObject({ status: 405 });
  });

  it('refuses what is not JSON, says so wrongly, or is too large', async () => {
    expect(await errorOf(post('{'))).toMatchObject({ status: 400, code: 'bad_json' });
    expect(await errorOf(post('{}', 'text/plain'))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
    expect(await errorOf(post('{}', 'application/x-www-form-urlencoded'))).toMatchObject({ status: 415 });
    expect(await errorOf(post(new TextEncoder().encode('{}'), null))).toMatchObject({ status: 415 });
    expect(await errorOf(post('{}', 'application/jsonx'))).toMatchObject({ status: 415 });
    expect(await errorOf(post(`"${'x'.repeat(MAX_JSON_BODY)}"`))).toMatchObject({ status: 413, code: 'too_large' });
    expect(await errorOf(post(null))).toMatchObject({ status: 400, code: 'bad_json' });
    for (const body of ['null', '[]', '"x"', '7'])
      expect(await errorOf(post(body)), body).toMatchObject({ status: 400, code: 'bad_request' });
  });

  it('looks at depth and size of a body before anything is made of it', async () => {
    const parse = vi.spyOn(JSON, 'parse');
    const deep = `{"action":"x","inputs":{"a":${'['.repeat(400_000)}${']'.repeat(400_000)}}}`;
    const wide = `{"action":"x","inputs":{"a":[${Array(200_000).fill('[]').join(',')}]}}`;
    const keys = `{"action":"x","inputs":{${Array.from({ length: 60_000 }, (_, n) => `"k${n}":1`).join(',')}}}`;
    for (const body of [deep, wide, keys]) expect(await errorOf(post(body))).toMatchObject({ status: 400, code: 'bad_json' });
    expect(parse.mock.calls.filter(([text]) => text.length > 10_000)).toEqual([]);
    parse.mockRestore();
  });

  it('stops reading a body without length when it is too large', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += 65_536;
        controller.enqueue(new Uint8Array(65_536).fill(32));
      },
    });
    const request = new Request('http://host/api/runs', {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      ...{ duplex: 'half' },
    });
    expect((await api.app.fetch(request, { caller: api.admin })).status).toBe(413);
    expect(sent).toBeLessThan(2 * MAX_JSON_BODY);
  });

  it.each([
    [{}, '', 'script'],
    [{ action: 'a', script: 'b' }, '', 'action'],
    [{ action: 'a', args: [] }, 'args', 'inputs'],
    [{ script: 'a', inputs: {} }, 'inputs', 'args'],
    [{ script: 'a', args: ['b', 7] }, 'args.1', 'a text'],
    [{ script: 'a', arg: [] }, 'arg', 'arg'],
    [{ script: 'a', request_id: 'x' }, 'request_id', 'UUID'],
    [{ script: 'a', args: Array.from({ length: 300 }, () => 'x') }, 'args', '256'],
  ])('names the field of %j', async (body, field, message) => {
    const { status, json } = await api.ask(api.admin, 'POST', '/api/runs', body);
    expect(status).toBe(400);
    expect(json).toMatchObject({
      error: { code: 'bad_request', message: expect.stringContaining(message), ...(field === '' ? {} : { field }) },
    });
  });

  it.each([
    '/api/runs?limit=0',
    '/api/runs?limit=201',
    '/api/runs?limit=x',
    '/api/runs?limit=1&limit=2',
    '/api/runs?status=asleep',
    '/api/runs?nope=1',
    '/api/audit?outcome=maybe',
    `/api/runs/${SAMPLE_ID}/output?format=xml`,
  ])('refuses the query %s', async (path) =>
    expect(await api.ask(api.admin, 'GET', path)).toMatchObject({
      status: 400,
      json: { error: { code: 'bad_request' } },
    }),
  );

  it('refuses ids that are none, and paths that can be read in two ways', async () => {
    expect(await api.ask(api.admin, 'GET', '/api/runs/not-an-id')).toMatchObject({
      status: 400,
      json: { error: { code: 'bad_request', field: 'id' } },
    });
    expect(await api.ask(api.admin, 'GET', '/api/actions/UPPER')).toMatchObject({ status: 400 });
    for (const path of ['/api/actions/a%2fb', '/api/actions/%2E%2e%2Fusers', '/api/actions/a%00', '/api//users', '/api/actions/a%5cb']) {
      expect(await api.ask(api.admin, 'GET', path), path).toMatchObject({ status: 400, json: { error: { code: 'bad_path' } } });
    }
  });

  it('hides what was not foreseen, and logs it', async () => {
    const broken = await makeApi();
    await broken.close();
    const { status, text } = await broken.ask(broken.admin, 'GET', '/api/users');
    expect(status).toBe(500);
    expect(JSON.parse(text)).toEqual({ error: { code: 'internal', message: expect.any(String) } });
    expect(text).not.toMatch(/database|open|stack|\.ts/);
    expect(broken.logged).toMatchObject([{ err: expect.any(Error), method: 'GET', path: '/api/users', user: 'admin' }]);
  });
});

describe('HEAD', () => {
  it('answers as GET, without a body and with the same rights', async () => {
    expect(await api.ask(api.admin, 'HEAD', '/api/users')).toMatchObject({ status: 200, text: '' });
    expect(await api.ask(client, 'HEAD', '/api/users')).toMatchObject({ status: 403 });
  });
});

describe('resources', () => {
  it('scripts', async () => {
    expect(await api.ask(api.admin, 'GET', '/api/scripts')).toMatchObject({
      status: 200,
      json: { items: [{ name: 'hello.sh', runnable: true }], next_cursor: null },
    });
  });

  it('system', async () => {
    expect(await api.ask(api.admin, 'GET', '/api/system')).toMatchObject({
      status: 200,
      json: { agent: { version: VERSION, pid: process.pid } },
    });
  });

  it('settings: PUT changes what it names', async () => {
    const before = (await api.ask(api.admin, 'GET', '/api/settings')).json;
    expect(await api.ask(api.admin, 'PUT', '/api/settings', { host_name: 'attic' })).toMatchObject({
      status: 200,
      json: { ...Object(before), host_name: 'attic' },
    });
    expect(await api.ask(api.admin, 'PUT', '/api/settings', { instance_id: randomUUID() })).toMatchObject({
      status: 400,
      json: { error: { field: 'instance_id' } },
    });
    const stale = { ...api.admin, auth_time: Date.now() - 16 * 60_000 };
    expect(await api.ask(stale, 'PUT', '/api/settings', { keep_days: 7 })).toMatchObject({ status: 200 });
    expect(await api.ask(stale, 'PUT', '/api/settings', { scripts_dir: '/tmp' })).toMatchObject({
      status: 403,
      json: { error: { code: 'reauth_required' } },
    });
  });

  it('users: made, listed, changed, removed, and never with a hash', async () => {
    const made = await api.ask(api.admin, 'POST', '/api/users', { username: 'ute', password: 'long enough', role: 'client' });
    expect(made).toMatchObject({ status: 201, json: { username: 'ute', role: 'client', disabled: false } });
    const { id } = Object(made.json);
    expect(await api.ask(api.admin, 'GET', `/api/users/${id}`)).toMatchObject({ status: 200, json: made.json });
    expect(await api.ask(api.admin, 'PATCH', `/api/users/${id}`, { disabled: true })).toMatchObject({
      status: 200,
      json: { disabled: true },
    });
    const list = await api.ask(api.admin, 'GET', '/api/users');
    expect(list.text).not.toMatch(/argon2|hash|epoch/);
    expect(await api.ask(api.admin, 'DELETE', `/api/users/${id}`)).toMatchObject({ status: 204, text: '' });
    expect(await api.ask(api.admin, 'GET', `/api/users/${id}`)).toMatchObject({ status: 404, json: { error: { code: 'unknown_user' } } });
    expect(await api.ask(api.admin, 'DELETE', `/api/users/${api.admin.user_id}`)).toMatchObject({
      status: 409,
      json: { error: { code: 'last_admin' } },
    });
    expect(await api.ask(api.admin, 'POST', '/api/users', { username: 'x', password: 'short', role: 'client' })).toMatchObject({
      status: 400,
      json: { error: { field: 'password' } },
    });
  });

  it('users: a client changes their own password, and no other field or user', async () => {
    const own = await api.caller('olga', 'client');
    const patch = { password: 'a new password', current_password: 'olga-password' };
    expect(await api.ask(own, 'PATCH', `/api/users/${client.user_id}`, patch)).toMatchObject({ status: 403 });
    expect(await api.ask(own, 'PATCH', `/api/users/${own.user_id}`, { role: 'admin', current_password: 'olga-password' })).toMatchObject({
      status: 403,
    });
    expect(await api.ask(own, 'PATCH', `/api/users/${own.user_id}`, patch)).toMatchObject({ status: 200 });
    expect(await api.users.verify('olga', 'a new password')).not.toBeNull();
  });

  it('audit: says who did what', async () => {
    const { json } = await api.ask(api.admin, 'GET', '/api/audit?event=user&limit=2');
    expect(json).toMatchObject({ items: [{ event: expect.stringMatching(/^user\./) }, {}], next_cursor: expect.any(String) });
  });
});
