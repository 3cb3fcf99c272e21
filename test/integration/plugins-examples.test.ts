import { spawnSync } from 'node:child_process';
import { appendFileSync, globSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installInto } from '../../agent/plugins/installed/install-plugin.ts';
import { ADMIN, CLIENT, makePlugins, type PluginsHarness } from '../../agent/plugins/plugins-harness.ts';
import { EventService } from '../../agent/plugins/services/event-service.ts';
import { HttpService } from '../../agent/plugins/services/http-service.ts';
import { KvService } from '../../agent/plugins/services/kv-service.ts';
import { PluginKv } from '../../agent/plugins/services/kv-store.ts';
import { RunService } from '../../agent/plugins/services/run-service.ts';
import { root } from '../../tools/root.ts';
import { eventually } from '../harness/eventually.ts';

/** The examples as they are built, installed and run by the real supervisor, each in its process. */

const EXAMPLES = join(root, 'dist/examples/plugins');

let host: PluginsHarness;
let kv: PluginKv;
const http = new HttpService();
const events: { plugin: string; name: string; data: unknown }[] = [];
const started: { action: string; user: string }[] = [];

beforeAll(async () => {
  host = await makePlugins();
  kv = new PluginKv(host.db);
  host.plugins.serve(new KvService(kv));
  host.plugins.serve(http);
  const eventService = new EventService();
  eventService.onEvent((plugin, name, data) => events.push({ plugin, name, data }));
  host.plugins.serve(eventService);
  host.plugins.serve(
    new RunService({
      start: async (caller, { action }) => {
        started.push({ action: action ?? '', user: caller.username });
        return { task_id: '00000000-0000-4000-8000-000000000001', state: 'running' };
      },
      get: () => {
        throw new Error('it has only just begun');
      },
      onChange: () => () => undefined,
    }),
  );
});
afterAll(() => host.close());

async function running(id: string, settings: Record<string, string | number | boolean> = {}): Promise<void> {
  expect(await installInto(join(host.home, 'plugins'), join(EXAMPLES, id))).toMatchObject({ id });
  expect(await host.enable(id)).toMatchObject({ state: 'running', problem: null });
  if (Object.keys(settings).length > 0) await host.admin.updateSettings(ADMIN, id, settings);
}

async function ask(
  id: string,
  method: string,
  path: string,
  caller = ADMIN,
  body: ReadableStream<Uint8Array> | null = null,
): Promise<Response> {
  const peer = host.plugins.peer(caller, id, method, path.replace(/\?.*/, ''));
  const user = { id: caller.user_id, username: caller.username, role: caller.role };
  const query = /\?.*/.exec(path)?.[0] ?? '';
  return http.ask(peer, {
    method,
    path: path.replace(/\?.*/, ''),
    query,
    headers: [],
    user,
    body,
    signal: new AbortController().signal,
  });
}

describe('weather', () => {
  it('keeps a history over its restarts, and lets only admins take a reading', async () => {
    await running('weather', { place: 'Bergen' });
    await eventually('a first reading', () => events.some(({ plugin, name }) => plugin === 'weather' && name === 'changed'));
    const { place, reading } = await (await ask('weather', 'GET', '/now', CLIENT)).json();
    expect({ place, demo: reading.demo }).toEqual({ place: 'Bergen', demo: true });
    await expect(ask('weather', 'POST', '/refresh', CLIENT)).rejects.toMatchObject({ code: 'forbidden' });
    expect((await ask('weather', 'POST', '/refresh')).status).toBe(200);
    await host.admin.disable(ADMIN, 'weather');
    await host.enable('weather');
    const { readings } = await (await ask('weather', 'GET', '/history?hours=1')).json();
    expect(readings.length).toBeGreaterThanOrEqual(2);
    expect(readings).toContainEqual(reading);
    expect((await host.plugins.bundle(ADMIN, 'weather')).bytes.length).toBeGreaterThan(1000);
  });
});

describe('log-watch', () => {
  it('publishes what matches, and starts the one action that it may', async () => {
    const file = join(host.home, 'app.log');
    writeFileSync(file, '');
    await running('log-watch', { file, pattern: '^FATAL', start: true, pause: 0 });
    await eventually('a run', () => {
      appendFileSync(file, 'all is well\nFATAL: no coffee\n');
      return started.length > 0;
    });
    expect(started[0]).toEqual({ action: 'log-alert', user: 'plugin:log-watch' });
    expect(events).toContainEqual({ plugin: 'log-watch', name: 'match', data: { time: expect.any(String), line: 'FATAL: no coffee' } });
    expect(() => host.plugins.peer(CLIENT, 'log-watch', 'GET', '/matches')).toThrow('no such plugin');
  });
});

describe('disk-usage, in Python', () => {
  it('answers, keeps what it has seen, and takes new settings', async () => {
    await running('disk-usage');
    const { disks } = await (await ask('disk-usage', 'GET', '/disks', CLIENT)).json();
    expect(disks).toEqual([{ path: '/', total: expect.any(Number), used: expect.any(Number), highest: expect.any(Number) }]);
    expect(kv.get('disk-usage', 'highest//')?.value).toBe(disks[0].highest);
    await host.admin.updateSettings(ADMIN, 'disk-usage', { paths: '/nowhere' });
    await eventually('the new path', async () => (await (await ask('disk-usage', 'GET', '/disks')).json()).disks[0].problem, {
      holds: (seen) => seen !== undefined,
    });
  });

  it('has its files as they were accepted after it ran', () => {
    expect(host.details('disk-usage')).toMatchObject({ state: 'running' });
    expect(readdirSync(join(host.home, 'plugins/disk-usage'))).not.toContain('__pycache__');
  });
});

/** Written by somebody who had read the two pages on plugins, and nothing else of Toru. */
describe('countdown, in Python from the documentation alone', () => {
  const moment = (at: string) => new Blob([JSON.stringify({ at })]).stream();

  it('keeps moments, once each however many write at once, and says how long they are away', async () => {
    await running('countdown', { title: 'Soon' });
    expect((await ask('countdown', 'GET', '/left/launch', CLIENT)).status).toBe(404);
    const at = new Date(Date.now() + 60_000).toISOString();
    const puts = await Promise.all(Array.from({ length: 5 }, () => ask('countdown', 'PUT', '/moments/launch', CLIENT, moment(at))));
    expect(puts.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(kv.get('countdown', 'moment/launch')).toMatchObject({ value: { changes: 5 }, expires_at: expect.any(String) });
    const { title, left } = await (await ask('countdown', 'GET', '/left/launch', CLIENT)).json();
    expect([title, left > 0 && left <= 60]).toEqual(['Soon', true]);
    expect(await (await ask('countdown', 'GET', '/moments')).json()).toMatchObject({ moments: [{ name: 'launch' }] });
    expect((await ask('countdown', 'PUT', '/moments/never', ADMIN, moment('soon'))).status).toBe(400);
    expect(events).toContainEqual({ plugin: 'countdown', name: 'changed', data: expect.objectContaining({ name: 'launch' }) });
  });

  it('takes and gives more than a window of credit', async () => {
    const large = new Blob([new Uint8Array(3 * 1024 * 1024)]).stream();
    expect(await (await ask('countdown', 'POST', '/echo-size', CLIENT, large)).json()).toEqual({ size: 3 * 1024 * 1024 });
    const numbers = await (await ask('countdown', 'GET', '/numbers?n=400000', CLIENT)).text();
    expect([numbers.length > 2 * 1024 * 1024, numbers.endsWith('\n399999\n400000\n')]).toEqual([true, true]);
  });
});

/** A command in a process of its own, as an author types it. */
function toru(cwd: string, ...args: string[]): { status: number | null; output: string } {
  // The tests under `node --test` must not take this test for the one around them.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'dist/agent/cli.js'), ...args], {
    cwd,
    env,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

describe('the author’s commands', () => {
  let work: string;
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'toru-author-'));
  });
  afterAll(() => rmSync(work, { recursive: true, force: true }));

  it.each(['ts', 'js', 'python'])('new --template %s makes a plugin that passes its test, and can be packed and run', async (template) => {
    const id = `my-${template}`;
    expect(toru(work, 'plugin', 'new', id, '--template', template)).toMatchObject({ status: 0 });
    expect(toru(work, 'plugin', 'new', id)).toMatchObject({ status: 125, output: expect.stringContaining('exists') });
    const test = toru(work, 'plugin', 'test', id);
    expect(test).toMatchObject({ status: 0, output: expect.stringMatching(/pass 1\b/) });
    expect(toru(work, 'plugin', 'pack', id)).toMatchObject({ status: 0 });
    expect(await installInto(join(host.home, 'plugins'), join(work, `${id}-0.1.0.tgz`))).toMatchObject({ id });
    expect(await host.enable(id)).toMatchObject({ state: 'running', problem: null });
    expect(await (await ask(id, 'POST', '/count', CLIENT)).json()).toEqual({ count: 1 });
    await host.admin.disable(ADMIN, id);
  });

  it('test fails when a test fails', () => {
    writeFileSync(
      join(work, 'my-js/wrong.test.js'),
      "import { test } from 'node:test';\ntest('wrong', () => { throw new Error('no'); });\n",
    );
    expect(toru(work, 'plugin', 'test', 'my-js', '--', 'wrong.test.js')).toMatchObject({ status: 1 });
  });

  it('pack gives the same bytes twice, and says what is wrong', () => {
    toru(work, 'plugin', 'pack', 'my-ts', '--out', 'again.tgz');
    expect(readFileSync(join(work, 'again.tgz')).equals(readFileSync(join(work, 'my-ts-0.1.0.tgz'))), 'the same bytes').toBe(true);
    writeFileSync(join(work, 'my-ts/plugin.json'), '{"id":"x"}');
    expect(toru(work, 'plugin', 'pack', 'my-ts')).toMatchObject({ status: 125, output: expect.stringContaining('plugin_invalid') });
  });

  it('the examples pass their own tests', () => {
    const files = globSync('*/plugin.test.*', { cwd: EXAMPLES });
    expect(files.map((file) => dirname(file)).sort()).toEqual(
      readdirSync(join(root, 'examples/plugins')).filter((name) => !name.includes('.')),
    );
    expect(toru(EXAMPLES, 'plugin', 'test', '.', '--', ...files)).toMatchObject({ status: 0 });
  });
});
