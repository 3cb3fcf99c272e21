import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginDetails } from '../../shared/plugins.ts';
import { pluginDetails } from '../../shared/plugins.ts';
import { root } from '../../tools/root.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** Plugins through everything: browser, front, workerd, link, agent, socket, process, and back. */

const MiB = 1024 * 1024;
const ECHO = join(root, 'test/fixtures/plugins/echo.ts');

let toru: Toru;
let admin: Client;
let guest: Client;

beforeAll(async () => {
  toru = await startToru();
  admin = await Client.of(toru);
  const made = await admin.http('POST', '/api/users', { username: 'guest', password: 'guest-password', role: 'client' });
  expect(made.status).toBe(201);
  guest = await Client.of(toru, 'guest', 'guest-password');
  for (const [id, access] of [
    ['echo', 'everyone'],
    ['hidden', 'admin'],
  ] as const)
    add(id, access);
  expect((await admin.http('POST', '/api/plugin-admin/rescan')).status).toBe(204);
  for (const id of ['echo', 'hidden']) {
    const { sha256 } = await details(id);
    expect((await admin.http('POST', `/api/plugins/${id}/enable`, { sha256 })).status).toBe(200);
    await eventually(`${id} runs`, async () => (await details(id)).state, { holds: (seen) => seen === 'running' });
  }
});

afterAll(async () => {
  admin.close();
  guest.close();
  await toru[Symbol.asyncDispose]();
});

function add(id: string, access: string): void {
  const folder = join(toru.home, 'plugins', id);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const manifest = { id, name: id, version: '1.0.0', protocol: { min: 1, max: 1 }, run: ['node', 'plugin.ts'], access };
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest), { mode: 0o644 });
  writeFileSync(join(folder, 'plugin.ts'), `import ${JSON.stringify(ECHO)};\n`, { mode: 0o644 });
}

async function details(id: string): Promise<PluginDetails> {
  return pluginDetails.parse((await admin.http('GET', `/api/plugins/${id}`)).json());
}

const raw = (path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> =>
  fetch(toru.url + path, { ...init, headers: { origin: toru.url, cookie: guest.cookieHeader(), ...Object(init.headers) } });

test('a request and its answer cross it all; identity is the agent’s word and travels in no header', async () => {
  const { json, headers } = await guest.http('GET', '/api/plugins/echo/hello/you');
  expect(json()).toMatchObject({ hello: 'you', by: { username: 'guest', role: 'client' } });
  expect(headers.get('content-security-policy')).toContain('sandbox');
  const echoed = await guest.http('PUT', '/api/plugins/echo/a%20b?c=%26', undefined, {
    'content-type': 'text/plain',
    'x-mine': '1',
    'x-toru-user': 'admin',
    'x-forwarded-for': '1.2.3.4',
  });
  expect(echoed.json()).toMatchObject({ method: 'PUT', url: 'http://plugin/a%20b?c=%26' });
  expect(echoed.text).toContain('x-mine');
  expect(echoed.text).not.toMatch(/cookie|x-toru|forwarded/);
  const pot = await guest.http('GET', '/api/plugins/echo/teapot');
  expect([pot.status, pot.text, pot.headers.get('x-pot'), pot.headers.getSetCookie()]).toEqual([418, 'short and stout', 'yes', []]);
});

/** In agent/api/plugin-http.test.ts it is 100 MB, and the memory of both ends is looked at. */
test('a large body crosses it whole, each way', async () => {
  const large = 24 * MiB;
  const down = await raw(`/api/plugins/echo/zeros/${large}`);
  let bytes = 0;
  for await (const part of down.body ?? []) bytes += part.length;
  expect([down.headers.get('content-length'), bytes]).toEqual([String(large), large]);
  let sent = 0;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (sent === large) return controller.close();
      sent += MiB;
      controller.enqueue(new Uint8Array(MiB));
    },
  });
  expect(await (await raw('/api/plugins/echo/count', { method: 'POST', body, duplex: 'half' })).json()).toEqual({ bytes: large });
});

test('what it publishes reaches whoever may see it, and only while they listen', async () => {
  const [mine, theirs] = [await admin.openSocket(), await guest.openSocket()];
  for (const socket of [mine, theirs]) socket.send({ type: 'subscribe', topic: 'plugin', plugin: 'echo' });
  for (const socket of [mine, theirs]) expect(await socket.next('subscribed')).toMatchObject({ topic: 'plugin', plugin: 'echo' });
  await guest.http('POST', '/api/plugins/echo/publish', { n: 1 });
  for (const socket of [mine, theirs])
    expect(await socket.next('plugin_event')).toEqual({ type: 'plugin_event', plugin: 'echo', name: 'said', data: { n: 1 } });
  mine.send({ type: 'unsubscribe', topic: 'plugin', plugin: 'echo' });
  await mine.next('unsubscribed');
  await guest.http('POST', '/api/plugins/echo/publish', { n: 2 });
  await theirs.next('plugin_event', undefined, ({ data }) => JSON.stringify(data) === '{"n":2}');
  expect(mine.of('plugin_event')).toHaveLength(1);
  for (const frame of [
    { type: 'subscribe', topic: 'plugin', plugin: 'hidden' },
    { type: 'subscribe', topic: 'plugin', plugin: 'nobody' },
    { type: 'subscribe', topic: 'plugin_log', plugin: 'echo' },
    { type: 'subscribe', topic: 'plugins' },
  ] as const)
    theirs.send(frame);
  await eventually('four refusals', () => theirs.of('error').length, { holds: (seen) => seen === 4 });
  expect(
    theirs
      .of('error')
      .map(({ code }) => code)
      .sort(),
  ).toEqual(['forbidden', 'forbidden', 'unknown_plugin', 'unknown_plugin']);
});

test('its state and its log are live for admins, and a kill brings it back', async () => {
  const socket = await admin.openSocket();
  socket.send({ type: 'subscribe', topic: 'plugins' });
  socket.send({ type: 'subscribe', topic: 'plugin_log', plugin: 'echo' });
  await eventually('both topics', () => socket.of('subscribed').length, { holds: (seen) => seen === 2 });
  const { pid } = await details('echo');
  if (pid !== null) process.kill(pid, 'SIGKILL');
  expect(await socket.next('plugin', undefined, ({ plugin }) => plugin.state === 'waiting')).toMatchObject({
    plugin: { id: 'echo', crashes: 1 },
  });
  const down = await guest.http('GET', '/api/plugins/echo/hello/you');
  // It comes back after a second: a busy machine may ask later than that.
  const isAway = socket.of('plugin').at(-1)?.plugin.state === 'waiting';
  if (isAway) expect([down.status, down.json()]).toEqual([502, { error: expect.objectContaining({ code: 'plugin_down' }) }]);
  await socket.next('plugin', undefined, ({ plugin }) => plugin.state === 'running');
  await eventually('its first line after the kill', () =>
    socket.of('plugin_log').some(({ lines }) => lines.some(({ message }) => message === 'echo is here')),
  );
  expect((await guest.http('GET', '/api/plugins/echo/hello/you')).status).toBe(200);
});

test('it is never a document, and a link of another site starts nothing', async () => {
  for (const destination of ['document', 'iframe', 'script', 'image'])
    expect((await guest.http('GET', '/api/plugins/echo/hello/x', undefined, { 'sec-fetch-dest': destination })).status).toBe(403);
  const foreign = await guest.http(
    'POST',
    '/api/plugins/echo/publish',
    { n: 3 },
    { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  );
  expect(foreign.json()).toMatchObject({ error: { code: 'cross_site' } });
  expect((await fetch(`${toru.url}/api/plugins/echo/hello/x`)).status).toBe(401);
});

test('one that becomes one for admins is heard by admins only, whoever has listened before', async () => {
  const [mine, theirs] = [await admin.openSocket(), await guest.openSocket()];
  for (const socket of [mine, theirs]) {
    socket.send({ type: 'subscribe', topic: 'plugin', plugin: 'echo' });
    await socket.next('subscribed');
  }
  add('echo', 'admin');
  await eventually('it is accepted', async () => {
    await admin.http('POST', '/api/plugin-admin/rescan');
    const { sha256 } = await details('echo');
    return (await admin.http('POST', '/api/plugins/echo/enable', { sha256 })).status === 200;
  });
  await eventually('it runs again', async () => (await admin.http('POST', '/api/plugins/echo/publish', { n: 4 })).status, {
    holds: (seen) => seen === 204,
  });
  await mine.next('plugin_event', undefined, ({ data }) => JSON.stringify(data) === '{"n":4}');
  // What the agent says to it afterwards is there: so would be the event.
  theirs.send({ type: 'subscribe', topic: 'plugin', plugin: 'nobody' });
  await theirs.next('error');
  expect(theirs.of('plugin_event')).toEqual([]);
});
