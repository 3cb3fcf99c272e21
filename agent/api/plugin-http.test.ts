import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PluginDetails } from '../../shared/plugins.ts';
import { pluginDetails } from '../../shared/plugins.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { makeApi } from '../systems-harness.ts';
import type { Caller } from '../users/caller.ts';

const MiB = 1024 * 1024;
const ECHO = join(import.meta.dirname, '../../test/fixtures/plugins/echo.ts');

let api: ApiHarness;
let client: Caller;

beforeAll(async () => {
  api = await makeApi();
  client = await api.caller('cleo', 'client');
  api.script('greet.sh', '#!/bin/sh\necho hello\nexit 3\n');
  await api.actions.create(null, { ...ACTION, id: 'greet', label: 'Greet' });
  await api.actions.create(null, { ...ACTION, id: 'other', label: 'Other' });
  add('echo', { access: 'everyone', routes: [{ method: 'GET', path: '/memory', access: 'admin' }], capabilities: { run: ['greet'] } });
  add('shown', { access: 'everyone', page: { bundle: 'page.js', slots: ['card'], kv: 'read' } });
  add('kept', { access: 'everyone', page: { bundle: 'page.js', slots: ['page'], kv: 'write' } });
  add('private', {});
  await api.ask(api.admin, 'POST', '/api/plugin-admin/rescan');
  for (const id of ['echo', 'shown', 'kept', 'private']) await enable(id);
});

afterAll(() => api.close());

const ACTION = {
  script: 'greet.sh',
  description: '',
  args: [],
  group: '',
  icon: 'play',
  color: 'slate' as const,
  inputs: [],
  confirm: 'none' as const,
  timeout_s: 0,
  env: {},
  stop_signal: 'TERM' as const,
  grace_s: null,
  max_concurrent: 0,
  when_full: 'queue' as const,
  allow: [],
  stdin: false,
  tty: false,
};

function add(id: string, manifest: Record<string, unknown>): void {
  const folder = join(api.home, 'plugins', id);
  mkdirSync(folder, { recursive: true });
  const basic = { id, name: `Plugin ${id}`, version: '1.0.0', protocol: { min: 1, max: 1 }, run: ['node', 'plugin.ts'] };
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify({ ...basic, ...manifest }));
  writeFileSync(join(folder, 'plugin.ts'), `import ${JSON.stringify(ECHO)};\n`);
  writeFileSync(join(folder, 'page.js'), `export default (root) => { root.textContent = '${id}'; };`);
}

async function details(id: string): Promise<PluginDetails> {
  return pluginDetails.parse((await api.ask(api.admin, 'GET', `/api/plugins/${id}`)).json);
}

async function running(id: string): Promise<PluginDetails> {
  for (;;) {
    const plugin = await details(id);
    if (plugin.state === 'running') return plugin;
    await sleep(20);
  }
}

async function answering(id: string): Promise<void> {
  await expect.poll(async () => (await api.ask(api.admin, 'GET', `/api/plugins/${id}/hello/x`)).status).toBe(200);
}

async function enable(id: string): Promise<void> {
  const { sha256 } = await details(id);
  const answer = await api.ask(api.admin, 'POST', `/api/plugins/${id}/enable`, sha256 === null ? {} : { sha256 });
  expect([id, answer.status]).toEqual([id, 200]);
  await running(id);
}

const raw = (path: string, init: RequestInit & { duplex?: 'half' } = {}, who = api.admin): Promise<Response> =>
  Promise.resolve(api.app.fetch(new Request(`http://host${path}`, init), { caller: who }));

describe('a request to a plugin', () => {
  it('arrives as it was sent, with who asks beside it, and its answer comes back', async () => {
    const { json } = await api.ask(client, 'GET', '/api/plugins/echo/hello/W%C3%B6rld');
    expect(json).toEqual({ hello: 'Wörld', by: { id: client.user_id, username: 'cleo', role: 'client' } });
    const answer = await raw('/api/plugins/echo/any/th%20ing?a=%26&b', {
      method: 'PATCH',
      headers: { 'content-type': 'text/plain', 'x-mine': '1', 'x-forwarded-for': '1.2.3.4', cookie: 'a=b', authorization: 'Bearer x' },
      body: 'ä body',
    });
    expect(await answer.json()).toEqual({
      method: 'PATCH',
      url: 'http://plugin/any/th%20ing?a=%26&b',
      headers: expect.arrayContaining([
        ['content-type', 'text/plain'],
        ['x-mine', '1'],
      ]),
      body: 'ä body',
    });
    const names = JSON.stringify(await (await raw('/api/plugins/echo/x', { headers: { cookie: 'a=b', 'x-toru-user': 'root' } })).json());
    expect(names).not.toMatch(/cookie|toru/);
  });

  it('is answered with the plugin’s own status and headers, but none that is ours', async () => {
    const { status, headers, text } = await api.ask(api.admin, 'GET', '/api/plugins/echo/teapot');
    expect([status, text, headers.get('x-pot')]).toEqual([418, 'short and stout', 'yes']);
    expect([headers.get('set-cookie'), headers.get('x-toru-user')]).toEqual([null, null]);
  });

  it('takes any type of body, JSON or not, and HEAD', async () => {
    expect(await (await raw('/api/plugins/echo/count', { method: 'POST', body: new Uint8Array([0xff, 0xfe, 0]) })).json()).toEqual({
      bytes: 3,
    });
    expect(await (await raw('/api/plugins/echo/count', { method: 'POST', body: '{broken' })).json()).toEqual({ bytes: 7 });
    const head = await raw('/api/plugins/echo/zeros/10', { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('without a body comes without one, also from the local socket', async () => {
    const asked = (who: Caller): Promise<Response> => {
      const body = new ReadableStream({ start: (controller) => controller.close() });
      return raw('/api/plugins/echo/has-body', { method: 'POST', body, duplex: 'half' }, who);
    };
    expect(await (await asked({ ...api.admin, via: 'local' })).json()).toEqual({ body: false });
    expect(await (await asked(api.admin)).json()).toEqual({ body: true });
  });

  it('carries 100 MB each way, and neither side holds them', async () => {
    const rss = async (): Promise<number> => Object(await (await raw('/api/plugins/echo/memory')).json()).rss;
    const before = [process.memoryUsage().rss, await rss()];
    let most = [0, 0];
    const watch = setInterval(() => {
      most = [Math.max(most[0] ?? 0, process.memoryUsage().rss), most[1] ?? 0];
    }, 20);
    const down = await raw(`/api/plugins/echo/zeros/${100 * MiB}`);
    expect(down.headers.get('content-length')).toBe(String(100 * MiB));
    let bytes = 0;
    for await (const part of down.body ?? []) bytes += part.length;
    expect(bytes).toBe(100 * MiB);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (sent === 100 * MiB) return controller.close();
        sent += MiB;
        controller.enqueue(new Uint8Array(MiB));
      },
    });
    expect(await (await raw('/api/plugins/echo/count', { method: 'POST', body, duplex: 'half' })).json()).toEqual({ bytes: 100 * MiB });
    clearInterval(watch);
    // All of it in memory would be 100 MB at least, in base64 133.
    expect((most[0] ?? 0) - (before[0] ?? 0)).toBeLessThan(90 * MiB);
    expect((await rss()) - (before[1] ?? 0)).toBeLessThan(90 * MiB);
  });

  it('a thousand at once are answered', async () => {
    const answers = await Promise.all(
      Array.from({ length: 1000 }, (_, n) => api.ask(client, 'GET', `/api/plugins/echo/slow/${300 + (n % 7)}`)),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  });

  it('that the plugin refuses is refused in its words; a failure says nothing of its inside, but the log does', async () => {
    expect(await api.ask(client, 'GET', '/api/plugins/echo/refuse')).toMatchObject({
      status: 409,
      text: expect.stringContaining('Not now.'),
    });
    const failed = await api.ask(client, 'GET', '/api/plugins/echo/throw');
    expect(failed.status).toBe(500);
    expect(failed.text).not.toContain('secret detail');
    const { text } = await api.ask(api.admin, 'GET', '/api/plugins/echo/logs');
    expect(text).toContain('secret detail');
  });

  it('ends at the plugin when whoever asked has left', async () => {
    const leaving = new AbortController();
    const asked = raw('/api/plugins/echo/never', { signal: leaving.signal });
    const seen = async (): Promise<unknown> => (await api.ask(api.admin, 'GET', '/api/plugins/echo/left')).json;
    await expect.poll(seen).toEqual({ left: [], waiting: 1 });
    leaving.abort();
    await asked.then(
      (answer) => expect(answer.status).toBe(400),
      () => undefined,
    );
    await expect.poll(seen).toEqual({ left: ['never'], waiting: 1 });
  });

  it('finds nothing without a slash behind the id, and no way around', async () => {
    expect((await api.ask(api.admin, 'POST', '/api/plugins/echo')).status).toBe(404);
    expect((await api.ask(api.admin, 'GET', '/api/plugins/nobody/x')).json).toMatchObject({ error: { code: 'unknown_plugin' } });
    expect((await api.ask(api.admin, 'GET', '/api/plugins/e%63ho/x')).status).toBe(404);
    expect((await api.ask(api.admin, 'GET', '/api/plugins/echo/..%2fusers')).json).toMatchObject({ error: { code: 'bad_path' } });
  });
});

describe('a plugin that dies', () => {
  it('in a request: 502 with the reason; and the next one is answered', async () => {
    const { json, status } = await api.ask(api.admin, 'GET', '/api/plugins/private/die');
    expect([status, json]).toMatchObject([
      502,
      { error: { code: 'plugin_down', message: expect.stringMatching(/^Plugin private is not there any more: it /) } },
    ]);
    await answering('private');
  });

  it('in a request of a client: they are not told why, for its last words may hold anything', async () => {
    const told = (await api.ask(client, 'GET', '/api/plugins/shown/die')).text;
    expect(told).toMatch(/"plugin_down".*An admin of this host can see why/);
    expect(told).not.toContain('not there any more');
  });

  it('in the middle of an answer: whoever reads it sees that it is not whole', async () => {
    const answer = await raw('/api/plugins/private/half');
    expect(answer.status).toBe(200);
    await expect(answer.text()).rejects.toThrow();
    await answering('private');
  });

  it('that is disabled says so; what is under way is answered first', async () => {
    const late = api.ask(api.admin, 'GET', '/api/plugins/private/slow/500');
    // In the order in which they were asked: the one before it is there.
    await api.ask(api.admin, 'GET', '/api/plugins/private/hello/x');
    expect((await api.ask(api.admin, 'POST', '/api/plugins/private/disable')).json).toMatchObject({ state: 'disabled', enabled: false });
    expect((await late).json).toEqual({ after: 500 });
    expect((await api.ask(api.admin, 'GET', '/api/plugins/private/hello/x')).json).toMatchObject({ error: { code: 'plugin_down' } });
    await enable('private');
  });
});

describe('who may', () => {
  it('a client sees and reaches what is for everyone, and the rest does not exist', async () => {
    const { json } = await api.ask(client, 'GET', '/api/plugins');
    expect(
      Object(json)
        .items.map(({ id }: { id: string }) => id)
        .sort(),
    ).toEqual(['echo', 'kept', 'shown']);
    for (const path of ['', '/', '/hello/x', '/bundle.js'])
      expect([path, (await api.ask(client, 'GET', `/api/plugins/private${path}`)).json]).toEqual([
        path,
        { error: expect.objectContaining({ code: 'unknown_plugin' }) },
      ]);
    expect((await api.ask(client, 'GET', '/api/plugins/echo/memory')).status).toBe(403);
    expect(Object((await api.ask(client, 'GET', '/api/plugins/echo')).json)).not.toHaveProperty('manifest');
  });

  it('only an admin who typed the password lately enables; only an admin does the rest', async () => {
    const stale = { ...api.admin, auth_time: Date.now() - 3_600_000 };
    add('fresh', {});
    await api.ask(api.admin, 'POST', '/api/plugin-admin/rescan');
    const { sha256 } = await details('fresh');
    expect((await api.ask(stale, 'POST', '/api/plugins/fresh/enable', { sha256 })).json).toMatchObject({
      error: { code: 'reauth_required' },
    });
    expect((await details('fresh')).state).toBe('new');
    // What is enabled may be started again; what is off, and other settings, decide what runs.
    expect((await api.ask(stale, 'POST', '/api/plugins/echo/enable', {})).status).toBe(200);
    for (const [method, path] of [
      ['POST', '/api/plugins/echo/enable'],
      ['POST', '/api/plugins/echo/disable'],
      ['GET', '/api/plugins/echo/logs'],
      ['POST', '/api/plugin-admin/rescan'],
      ['PUT', '/api/plugin-admin/echo/settings'],
      ['GET', '/api/plugin-admin/echo/kv'],
    ] as const)
      expect([path, (await api.ask(client, method, path, method === 'GET' ? undefined : {})).status]).toEqual([path, 403]);
  });

  it('a page reaches its storage as far as its manifest says', async () => {
    const put = (id: string): Promise<number> =>
      api.ask(client, 'PUT', `/api/plugin-kv/${id}/entry?key=a%2Fb`, { value: [1] }).then(({ status }) => status);
    expect([await put('echo'), await put('shown'), await put('kept'), await put('private')]).toEqual([403, 403, 200, 404]);
    expect((await api.ask(client, 'GET', '/api/plugin-kv/kept/entry?key=a%2Fb')).json).toMatchObject({ entry: { key: 'a/b', value: [1] } });
    expect((await api.ask(client, 'GET', '/api/plugin-kv/kept?prefix=a')).json).toMatchObject({ entries: [{ key: 'a/b' }], next: null });
    expect((await api.ask(api.admin, 'GET', '/api/plugin-admin/kept/kv')).text).toMatch(/^\{"key":"a\/b","value":\[1\],.*\}\n$/);
    expect((await api.ask(client, 'GET', '/api/plugin-kv/shown?prefix=')).json).toEqual({ entries: [], next: null });
    expect((await api.ask(client, 'DELETE', '/api/plugin-kv/kept/entry?key=a%2Fb&if_version=1')).status).toBe(409);
    expect((await api.ask(client, 'DELETE', '/api/plugin-kv/kept/entry?key=a%2Fb')).json).toEqual({ existed: true });
    // Switched off, it is off: also for a page that is still open somewhere.
    await api.ask(api.admin, 'POST', '/api/plugins/kept/disable');
    expect(await put('kept')).toBe(502);
  });
});

it('gives a page its bundle, once', async () => {
  const first = await api.ask(client, 'GET', '/api/plugins/shown/bundle.js');
  expect([first.status, first.headers.get('content-type'), first.text]).toEqual([
    200,
    'text/javascript; charset=utf-8',
    expect.stringContaining('shown'),
  ]);
  const again = await raw('/api/plugins/shown/bundle.js', { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  expect((await api.ask(client, 'GET', '/api/plugins/echo/bundle.js')).status).toBe(404);
});

it('lets a plugin press the actions that its manifest names, and tells it how they ended', async () => {
  const { json } = await api.ask(api.admin, 'POST', '/api/plugins/echo/press/greet');
  expect(json).toMatchObject({ task_id: expect.any(String), end: { state: 'exited', exit_code: 3 } });
  const run = api.runs.get(api.admin, Object(json).task_id);
  expect(run).toMatchObject({ user: 'plugin:echo', source: 'plugin', action: 'greet' });
  expect((await api.ask(api.admin, 'POST', '/api/plugins/echo/press/other')).text).toContain('capabilities.run');
});

it('keeps a log that is read back, and followed at the local socket', async () => {
  expect((await api.ask(api.admin, 'GET', '/api/plugins/echo/logs?limit=1000')).text).toContain('echo is here');
  expect((await api.ask(api.admin, 'GET', '/api/plugins/echo/logs?follow=1')).status).toBe(400);
  const leaving = new AbortController();
  const local: Caller = { ...api.admin, via: 'local' };
  const answer = await raw('/api/plugins/echo/logs?follow=1&limit=1', { signal: leaving.signal }, local);
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
  await api.ask(api.admin, 'GET', '/api/plugins/echo/throw');
  let seen = '';
  while (!seen.includes('secret detail')) seen += (await reader?.read())?.value ?? '';
  leaving.abort();
});
