import { appendFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootId, identify, isAlive } from '../../process/process-identity.ts';
import type { PluginsHarness } from '../plugins-harness.ts';
import { ADMIN, makePlugins } from '../plugins-harness.ts';

let h: PluginsHarness;
const BACKOFF = [10, 20, 40, 80, 160];

beforeAll(async () => {
  h = await makePlugins({ timing: { backoffMs: BACKOFF } });
});
afterAll(() => h.close());

test('kill -9 ten times: up again after each pause, then given up with the reason; one click brings it back', async () => {
  h.add('killed', 'serve');
  await h.enable('killed');
  for (let crash = 1; crash <= 10; crash += 1) {
    const { pid } = h.details('killed');
    process.kill(pid ?? 0, 'SIGKILL');
    await h.when('killed', ({ state, crashes }) => crashes === crash && (state === 'running' || state === 'failed'));
  }
  const given = h.details('killed');
  expect(given).toMatchObject({ state: 'failed', enabled: false, pid: null, crashes: 10 });
  expect(given.problem).toBe(
    'It crashed 10 times, and is not started any more. The last time: it was ended by SIGKILL. Fix it, then enable it again.',
  );
  const crashes = given.events.filter(({ event }) => event === 'crashed').reverse();
  expect(crashes.map(({ detail }) => detail['crashes'])).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  for (const [at, { detail }] of crashes.slice(0, 9).entries()) {
    const base = BACKOFF[Math.min(at, 4)] ?? 0;
    expect(detail['retry_ms']).toBeGreaterThanOrEqual(base * 0.8);
    expect(detail['retry_ms']).toBeLessThanOrEqual(base * 1.2);
  }
  expect(crashes[9]?.detail['retry_ms']).toBeUndefined();
  expect(h.events('killed').slice(-2)).toEqual(['crashed', 'disabled']);

  // Also after a restart of the agent.
  await h.plugins.close();
  await h.restart();
  expect(h.details('killed')).toMatchObject({ state: 'failed', problem: given.problem });
  expect(await h.admin.enable(ADMIN, 'killed', {})).toMatchObject({ state: 'running', enabled: true, crashes: 0, problem: null });
});

test('healthy for long enough, its crashes are forgotten', async () => {
  await h.plugins.close();
  await h.restart({ timing: { healthyMs: 50 } });
  h.add('healthy', 'serve');
  const { pid } = await h.enable('healthy');
  process.kill(pid ?? 0, 'SIGKILL');
  await h.when('healthy', ({ crashes }) => crashes === 1);
  await h.when('healthy', ({ state, crashes }) => state === 'running' && crashes === 0);
});

test('who waits for its next start is started at once by an admin, and stopped by one', async () => {
  await h.plugins.close();
  await h.restart({ timing: { backoffMs: [3_600_000], settleMs: 20_000 } });
  h.add('waiting', 'serve');
  const kill = async (): Promise<void> => {
    process.kill(h.details('waiting').pid ?? 0, 'SIGKILL');
    await h.when('waiting', ({ state, retry_at }) => state === 'waiting' && retry_at !== null);
  };
  await h.enable('waiting');
  await kill();
  expect(h.details('waiting').problem).toBe('It was ended by SIGKILL.');
  expect(() => h.plugins.peer(ADMIN, 'waiting', 'GET', '/')).toThrow(/\(waiting\).*Try again in a moment/);
  expect(await h.admin.enable(ADMIN, 'waiting', {})).toMatchObject({ state: 'running', retry_at: null });
  await kill();
  expect(await h.admin.disable(ADMIN, 'waiting')).toMatchObject({ state: 'disabled', retry_at: null });
});

test('what is enabled is started by the next agent, what is disabled is not', async () => {
  h.add('on', 'serve');
  h.add('off', 'serve');
  await h.enable('on');
  await h.enable('off');
  await h.admin.disable(ADMIN, 'off');
  const folder = h.add('away', 'serve');
  await h.enable('away');
  await h.admin.disable(ADMIN, 'away');
  await h.plugins.close();
  rmSync(folder, { recursive: true });
  const starting = h.restart();
  // Their files were not looked at yet: that is not to say that they are gone.
  expect(['on', 'off', 'away'].map((id) => [h.details(id).state, h.details(id).problem])).toEqual([
    ['starting', null],
    ['disabled', null],
    ['disabled', null],
  ]);
  await h.when('away', ({ state }) => state === 'missing');
  expect((await starting).list(ADMIN).map(({ id }) => id)).toContain('on');
  await h.when('on', ({ state }) => state === 'running');
  expect(h.details('off')).toMatchObject({ state: 'disabled', enabled: false });
  expect(h.events('on').slice(-3)).toEqual(['started', 'stopped', 'started']);
});

test('one whose turn to start comes while an admin starts it again is left to the admin', async () => {
  const own = await makePlugins({ timing: { connectMs: 60_000, settleMs: 0, graceMs: 1, termMs: 1, backoffMs: [3_600_000] } });
  /** Ends one, however it is; it waits a long time then. */
  const kill = async (id: string): Promise<void> => {
    await expect.poll(() => own.details(id).pid).not.toBeNull();
    process.kill(own.details(id).pid ?? 0, 'SIGKILL');
  };
  const others = ['a', 'b', 'c', 'd'];
  try {
    // As many as are started at once; as long as they have not said hello, the next one waits for its turn.
    for (const id of others) own.add(id, 'silent');
    const folder = own.add('late', 'stubborn');
    for (const id of [...others, 'late']) await own.enable(id);
    await own.plugins.close();
    await own.restart({ timing: { settleMs: 60_000, graceMs: 60_000 } });
    expect(await own.admin.enable(ADMIN, 'late', {})).toMatchObject({ state: 'running' });
    appendFileSync(join(folder, 'plugin.mjs'), '\n// One more line.\n');
    await own.when('late', ({ problem }) => problem !== null);
    const { sha256 } = own.details('late');
    const again = own.admin.enable(ADMIN, 'late', { sha256: sha256 ?? '' });
    await own.when('late', ({ state }) => state === 'stopping');
    for (const id of others) await kill(id);
    for (const id of others) await own.when(id, ({ state }) => state === 'waiting');
    // Its turn has come, or comes within a look of 10 ms.
    await sleep(100);
    await kill('late');
    expect(await again).toMatchObject({ state: 'running', enabled: true, problem: null });
    await kill('late');
  } finally {
    await own.close();
  }
});

test('changed files are never started; those that were accepted are, when they are back', async () => {
  const folder = h.add('edited', 'serve');
  const { pid } = await h.enable('edited');
  const plugin = join(folder, 'plugin.mjs');
  const accepted = readFileSync(plugin);
  appendFileSync(plugin, '\n// One more line.\n');
  await h.when('edited', ({ state, problem }) => state === 'running' && problem?.startsWith('Its files were changed') === true);
  process.kill(pid ?? 0, 'SIGKILL');
  await h.when('edited', ({ state }) => state === 'changed');
  expect(h.details('edited')).toMatchObject({ enabled: true, pid: null });
  await expect(h.admin.enable(ADMIN, 'edited', {})).rejects.toMatchObject({ code: 'plugin_changed' });
  await expect(h.admin.enable(ADMIN, 'edited', { sha256: 'a'.repeat(64) })).rejects.toMatchObject({ code: 'plugin_changed' });
  writeFileSync(plugin, accepted);
  await h.when('edited', ({ state }) => state === 'running');
  expect(h.events('edited')).toContain('changed');

  appendFileSync(plugin, '\n// Accepted this time.\n');
  await h.when('edited', ({ problem }) => problem !== null);
  const before = h.details('edited').pid;
  const details = await h.enable('edited');
  expect(details).toMatchObject({ state: 'running', problem: null });
  expect(details.pid).not.toBe(before);
});

test('a folder that goes and comes back', async () => {
  const folder = h.add('gone', 'serve');
  await h.enable('gone');
  renameSync(folder, join(h.home, 'elsewhere'));
  await h.when('gone', ({ problem }) => problem?.startsWith('Its files are gone') === true);
  await h.admin.disable(ADMIN, 'gone');
  expect(h.details('gone').state).toBe('missing');
  await expect(h.admin.enable(ADMIN, 'gone', {})).rejects.toMatchObject({ code: 'plugin_invalid' });
  renameSync(join(h.home, 'elsewhere'), folder);
  await h.when('gone', ({ state }) => state === 'disabled');
  expect(await h.admin.enable(ADMIN, 'gone', {})).toMatchObject({ state: 'running' });
});

test('uninstalled: stopped, its files gone, and what it keeps only if that was said', async () => {
  h.add('kept', 'serve');
  h.add('removed', 'serve');
  const { pid } = await h.enable('kept');
  const identity = identify(pid ?? 0, bootId());
  await h.enable('removed');
  await h.admin.uninstall(ADMIN, 'kept', { data: 'keep' });
  expect([identity, identity !== null && isAlive(identity, bootId())]).toEqual([identity, false]);
  expect(h.details('kept')).toMatchObject({ state: 'missing', enabled: false });
  expect(h.events('kept').slice(-2)).toEqual(['missing', 'uninstalled']);
  await h.admin.uninstall(ADMIN, 'removed', { data: 'remove' });
  expect(() => h.details('removed')).toThrow(expect.objectContaining({ code: 'unknown_plugin' }));
  expect(h.db.prepare("SELECT count(*) FROM plugin_events WHERE plugin_id = 'removed'").pluck().get()).toBe(0);
});

test('installed from a folder, on the host only; a new version waits to be accepted', async () => {
  const source = h.add('.source', 'serve', { id: 'shipped' });
  const remote = { ...ADMIN, via: 'edge', auth_time: Date.now() } as const;
  await expect(h.admin.install(remote, source)).rejects.toMatchObject({ code: 'forbidden' });
  await expect(h.admin.install(ADMIN, 'plugins/.source')).rejects.toMatchObject({ code: 'bad_request' });
  expect(await h.admin.install(ADMIN, source)).toMatchObject({ id: 'shipped', state: 'new', version: '1.0.0' });
  await h.enable('shipped');
  h.add('.source', 'serve', { id: 'shipped', version: '1.1.0' });
  expect(await h.admin.install(ADMIN, source)).toMatchObject({ state: 'running', version: '1.0.0', manifest: { version: '1.1.0' } });
  expect(await h.enable('shipped')).toMatchObject({ state: 'running', version: '1.1.0', problem: null });
  expect(h.events('shipped').slice(0, 2)).toEqual(['found', 'installed']);
});
