import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { PluginsHarness } from '../plugins-harness.ts';
import { ADMIN, makePlugins } from '../plugins-harness.ts';
import type { PluginRequest } from './http-service.ts';
import { HttpService, MAX_PLUGIN_REQUESTS } from './http-service.ts';

/** What goes wrong between the agent and a plugin that speaks the protocol badly, or not. How it goes well: agent/api/plugin-http.test.ts. */

let h: PluginsHarness;
const patient = new HttpService();
/** For what is never answered: what is answered may take longer than that on a busy machine. */
const impatient = new HttpService(200);

beforeAll(async () => {
  h = await makePlugins();
  h.add('quiet', 'serve');
  await h.enable('quiet');
});
afterAll(() => h.close());

function ask(path: string, more: Partial<PluginRequest> = {}, http = path === '/silent' ? impatient : patient): Promise<Response> {
  h.plugins.serve(http);
  return http.ask(h.plugins.peer(ADMIN, 'quiet', 'GET', path), {
    method: 'GET',
    path,
    query: '',
    headers: [],
    user: { id: 'a', username: 'ada', role: 'admin' },
    body: null,
    signal: new AbortController().signal,
    ...more,
  });
}

it('gives up on a plugin that does not answer, in words, and tells it', async () => {
  await expect(ask('/silent')).rejects.toMatchObject({ code: 'plugin_timeout', status: 504, message: expect.stringContaining('0.2 s') });
  await vi.waitFor(async () => expect((await h.log('quiet')).map(({ message }) => message).join()).toContain('told to give up'), 20_000);
  expect(await (await ask('/next')).text()).toBe('/next');
});

it('an upload that a plugin does not read ends in time', async () => {
  const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(64 * 1024)) });
  // It reads nothing: after a window of bytes no more is sent, and time is up.
  await expect(ask('/silent', { method: 'POST', body })).rejects.toMatchObject({ code: 'plugin_timeout' });
});

it('refuses what is too many at once, and takes more when some are done', async () => {
  const many = Array.from({ length: MAX_PLUGIN_REQUESTS }, () => ask('/silent').catch(({ code }: { code: string }) => code));
  await expect(ask('/next', {}, impatient)).rejects.toMatchObject({ code: 'busy', status: 503 });
  expect(new Set(await Promise.all(many))).toEqual(new Set(['plugin_timeout']));
  // It has thousands of cancels to read first.
  await vi.waitFor(async () => expect((await ask('/next', {}, impatient)).status).toBe(200), 20_000);
});

it('a body that is longer than it says is refused', async () => {
  const body = new Blob(['x'.repeat(100_000)]).stream();
  await expect(ask('/next', { method: 'POST', headers: [['content-length', '3']], body })).rejects.toMatchObject({ code: 'bad_request' });
});
