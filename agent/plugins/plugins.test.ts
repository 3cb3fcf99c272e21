import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginsHarness } from './plugins-harness.ts';
import { ADMIN, makePlugins } from './plugins-harness.ts';

let h: PluginsHarness;
beforeAll(async () => {
  h = await makePlugins({ timing: { pingMs: 20 } });
});
afterAll(() => h.close());

test('found, accepted, started: handshake, init, ready, pings, and a service that gets its messages', async () => {
  h.add('good', 'serve', { environment: ['WEATHER_KEY', 'TORU_HOME', 'ADMIN_PASSWORD', 'MISSING'] });
  await h.plugins.rescan();
  expect(h.details('good')).toMatchObject({ state: 'new', enabled: false, accepted_sha256: null });
  await expect(h.plugins.enable(ADMIN, 'good', {})).rejects.toMatchObject({ code: 'plugin_changed' });
  const details = await h.enable('good');
  expect(details).toMatchObject({ state: 'running', enabled: true, problem: null, pid: expect.any(Number) });
  const peer = h.plugins.peer(ADMIN, 'good', 'GET', '/now');
  peer.send({
    type: 'http',
    timestamp: '',
    request_id: 'r1',
    payload: { action: 'request', method: 'GET', path: '/now', query: '', headers: [], user: { id: 'a', username: 'ada', role: 'admin' } },
  });
  await expect.poll(() => h.heard).toMatchObject([{ type: 'http', request_id: 'r1', payload: { action: 'response', body: '/now' } }]);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(h.details('good').state).toBe('running');
  await h.plugins.disable(ADMIN, 'good');
  expect(h.events('good')).toEqual(['found', 'accepted', 'enabled', 'started', 'disabled', 'stopped']);
});
