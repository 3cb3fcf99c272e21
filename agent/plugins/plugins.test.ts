import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { PluginLogLine } from '../../shared/plugins.ts';
import { loginPath } from '../system/login-environment.ts';
import type { PluginsHarness } from './plugins-harness.ts';
import { ADMIN, CLIENT, makePlugins } from './plugins-harness.ts';

const SECRET = 'swordfish-4711';
let h: PluginsHarness;

beforeAll(async () => {
  h = await makePlugins();
});
afterAll(() => h.close());

const messages = async (id: string): Promise<string[]> => (await h.log(id)).map(({ message }) => message);

/** What the plugin said in JSON behind a word. */
async function said(id: string, word: string): Promise<unknown> {
  const line = (await messages(id)).find((message) => message.startsWith(`${word} `)) ?? '';
  return JSON.parse(line.slice(word.length + 1));
}

test('found, accepted, started: handshake, init, ready, and a service that gets its messages', async () => {
  h.add('good', 'serve', { environment: ['WEATHER_KEY', 'TORU_HOME', 'ADMIN_PASSWORD', 'MISSING'] });
  await h.plugins.rescan();
  expect(h.details('good')).toMatchObject({ state: 'new', enabled: false, accepted_sha256: null });
  await expect(h.admin.enable(ADMIN, 'good', {})).rejects.toMatchObject({ code: 'plugin_changed' });
  expect(() => h.plugins.peer(ADMIN, 'good', 'GET', '/')).toThrow(expect.objectContaining({ code: 'unknown_plugin' }));
  const followed: PluginLogLine[] = [];
  const stop = h.plugins.followLog('good', (line) => followed.push(line));
  expect(await h.enable('good')).toMatchObject({ state: 'running', enabled: true, problem: null, pid: expect.any(Number) });
  const peer = h.plugins.peer(ADMIN, 'good', 'GET', '/now');
  peer.send({
    type: 'http',
    timestamp: '',
    request_id: 'r1',
    payload: { action: 'request', method: 'GET', path: '/now', query: '', headers: [], user: { id: 'a', username: 'ada', role: 'admin' } },
  });
  await expect.poll(() => h.heard).toMatchObject([{ type: 'http', request_id: 'r1', payload: { action: 'response', body: '/now' } }]);
  expect(await said('good', 'init')).toMatchObject({
    protocol: 1,
    plugin: 'good',
    instance_id: '00000000-0000-4000-8000-00000000abcd',
    log_path: join(h.home, 'logs/plugins/good.log'),
    kv: { quota_bytes: expect.any(Number) },
  });
  stop();
  expect(followed).toEqual((await h.log('good')).slice(-followed.length));
  await h.admin.disable(ADMIN, 'good');
  expect(h.events('good')).toEqual(['found', 'accepted', 'enabled', 'started', 'disabled', 'stopped']);
  expect(await messages('good')).toContain('asked to stop: disabled');
  expect(peer.gone.reason).toMatchObject({ code: 'plugin_down' });
  expect(() => h.plugins.peer(ADMIN, 'good', 'GET', '/')).toThrow(/good does not run \(disabled\)/);
});

test('its environment is PATH, what it declares, and who it is: nothing of the agent', async () => {
  const { PATH, PWD: _set, TORU_LAUNCH, ...rest } = Object(await said('good', 'environment'));
  expect(rest).toEqual({ TORU_PLUGIN: 'good', WEATHER_KEY: 'declared', PYTHONDONTWRITEBYTECODE: '1' });
  expect([PATH, TORU_LAUNCH]).toEqual([loginPath(process.env['PATH']), expect.stringMatching(/^[0-9a-f-]{36}$/)]);
});

test('settings: checked, told at once, secrets to the plugin alone; a required one is waited for', async () => {
  const settings = [
    { type: 'text', name: 'city', label: 'City', default: 'Bern' },
    { type: 'secret', name: 'key', label: 'API key', required: true },
    { type: 'number', name: 'days', label: 'Days', min: 1, max: 7 },
    { type: 'choice', name: 'unit', label: 'Unit', options: [{ value: 'C' }, { value: 'F' }] },
  ];
  h.add('set', 'serve', { settings });
  expect(await h.enable('set')).toMatchObject({ state: 'broken', problem: expect.stringContaining('“API key” is missing'), enabled: true });
  const set = (patch: Record<string, string | number | boolean | null>): Promise<unknown> => h.admin.updateSettings(ADMIN, 'set', patch);
  await expect(set({ days: 8 })).rejects.toMatchObject({ code: 'input_invalid', extra: { field: 'days' } });
  await expect(set({ days: '3' })).rejects.toMatchObject({ code: 'input_invalid' });
  await expect(set({ unit: 'K' })).rejects.toMatchObject({ code: 'input_invalid' });
  await expect(set({ colour: 'red' })).rejects.toMatchObject({ code: 'input_undeclared' });
  await expect(h.admin.updateSettings(CLIENT, 'set', { days: 3 })).rejects.toMatchObject({ code: 'forbidden' });
  await set({ key: SECRET });
  await h.when('set', ({ state }) => state === 'running');
  expect(h.details('set').settings).toEqual({ city: 'Bern', key: true });
  await set({ city: 'Basel', days: 3 });
  await expect.poll(() => messages('set')).toContain('settings {"city":"Basel","key":"[hidden]","days":3}');
  await set({ city: null });
  expect(h.details('set').settings).toEqual({ city: 'Bern', key: true, days: 3 });
  expect(await messages('set')).toContain('a token [hidden] in the log');
  for (const file of ['plugins/set.log', 'plugin-supervisor.log'])
    expect(readFileSync(join(h.home, 'logs', file), 'utf8')).not.toContain(SECRET);
  expect(JSON.stringify([h.details('set'), h.audit])).not.toContain(SECRET);
});

test('its page is served as it was accepted, and not otherwise', async () => {
  const folder = h.add('paged', 'serve', { access: 'everyone', page: { bundle: 'page.js', slots: ['card'] } });
  writeFileSync(join(folder, 'page.js'), 'one()');
  const { page } = await h.enable('paged');
  const bundle = await h.plugins.bundle(CLIENT, 'paged');
  expect([Buffer.from(bundle.bytes).toString(), bundle.etag]).toEqual(['one()', `"${page?.revision}"`]);
  writeFileSync(join(folder, 'page.js'), 'other()');
  const changed = (): Promise<void> => expect(h.plugins.bundle(CLIENT, 'paged')).rejects.toMatchObject({ code: 'plugin_changed' });
  await changed();
  // Neither read nor waited for.
  truncateSync(join(folder, 'page.js'), 1e12);
  await changed();
  rmSync(join(folder, 'page.js'));
  await changed();
  execFileSync('mkfifo', [join(folder, 'page.js')]);
  await changed();
  await expect(h.plugins.bundle(CLIENT, 'good')).rejects.toMatchObject({ code: 'unknown_plugin' });
  await expect(h.plugins.bundle(ADMIN, 'set')).rejects.toMatchObject({ code: 'not_found' });
  await h.admin.disable(ADMIN, 'paged');
  await expect(h.plugins.bundle(ADMIN, 'paged')).rejects.toMatchObject({ code: 'plugin_down' });
});

test('what it may start and whom it tells are asked of what was accepted, at that moment', async () => {
  const folder = h.add('presser', 'serve', { access: 'everyone', capabilities: { run: ['greet'] } });
  const may = (): boolean[] => [
    h.plugins.mayStart('presser', 'greet'),
    h.plugins.mayStart('presser', 'other'),
    h.plugins.mayStart('nobody', 'greet'),
    h.plugins.isForEveryone('presser'),
    h.plugins.isForEveryone('good'),
    h.plugins.isForEveryone('nobody'),
  ];
  await h.plugins.rescan();
  expect(may()).toEqual([false, false, false, false, false, false]);
  await h.enable('presser');
  expect(may()).toEqual([true, false, false, true, false, false]);
  await h.admin.disable(ADMIN, 'presser');
  expect(may()).toEqual([false, false, false, true, false, false]);
  h.add('presser', 'serve', { access: 'admin', capabilities: { run: ['other'] } });
  expect(folder).toContain('presser');
  await h.enable('presser');
  expect(may()).toEqual([false, true, false, false, false, false]);
  await h.admin.disable(ADMIN, 'presser');
});

test('the log files are JSON lines that a watcher can follow', () => {
  const lines: unknown[] = readFileSync(join(h.home, 'logs/plugin-supervisor.log'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  for (const line of lines)
    expect(line).toMatchObject({
      timestamp: expect.stringMatching(/Z$/),
      level: expect.stringMatching(/^(?:info|warn)$/),
      plugin: expect.any(String),
      message: expect.any(String),
    });
});

test('the history of one plugin is bounded', async () => {
  for (let i = 0; i < 300; i += 1) {
    h.db.prepare("INSERT INTO plugin_events (plugin_id, event, created_at) VALUES ('good', 'a', 1), ('good', 'b', 1)").run();
  }
  await h.admin.enable(ADMIN, 'good', {});
  expect(h.db.prepare("SELECT count(*) FROM plugin_events WHERE plugin_id = 'good'").pluck().get()).toBe(500);
  expect(h.events('good').slice(-2)).toEqual(['enabled', 'started']);
});
