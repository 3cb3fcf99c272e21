import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import * as z from 'zod';
import type { Host } from '../../shared/hosts.ts';
import { host as hostShape } from '../../shared/hosts.ts';
import type { TestEdge } from './edge.ts';
import { newHostKey, startEdge } from './edge.ts';
import { FakeAgent, userOf } from './fake-agent.ts';
import { login } from './socket-client.ts';

/** The list of hosts: what the Account object knows by reports stays true, whoever is evicted in between. */

const TOKEN = `e30.${'A'.repeat(86)}`;
const [attic, barn] = [newHostKey(), newHostKey()];
let edge: TestEdge;
let member: FakeAgent;
let cookie = '';

beforeAll(async () => {
  edge = await startEdge();
  const home = await FakeAgent.link(edge);
  const members = [attic, barn].map(({ id, publicKey }, at) => ({
    id,
    name: ['attic', 'barn'][at] ?? '',
    public_key: publicKey,
    certificate: TOKEN,
    roles: {},
  }));
  home.control({ type: 'members', members, directory: TOKEN, moves: [] });
  cookie = await login(edge, 'admin');
  while ((await list()).length < 3) await sleep(50);
  member = await FakeAgent.link(edge, attic);
  await FakeAgent.link(edge, barn);
});
afterAll(() => edge.stop());

async function list(): Promise<Host[]> {
  const answer = await edge.ask('/api/hosts', { headers: { cookie } });
  return z.object({ items: z.array(hostShape) }).parse(answer.json()).items;
}
const ofAttic = async (): Promise<Host | undefined> => (await list()).find(({ id }) => id === attic.id);
const presences = async (): Promise<string[]> => (await list()).map(({ presence }) => presence);
const evict = (name: 'Host' | 'Account', id: string) => edge.mf.unsafeEvictDurableObject('toru', name, { name: id });

function ran(state: 'running' | 'exited', task_id: string): void {
  const at = new Date().toISOString();
  const run = { task_id, user_id: userOf('admin').id, action: 'backup', label: 'Backup', exit_code: null };
  member.control({ type: 'run', run: { ...run, state, created_at: at, started_at: at, ended_at: null } });
}

it('what changes on a host is in the list, after an eviction of its object and of the Account object, too', async () => {
  await expect.poll(presences).toEqual(['online', 'online', 'online']);
  for (const evicted of [() => undefined, () => evict('Host', attic.id), () => evict('Account', 'account')]) {
    await evicted();
    const task = randomUUID();
    ran('running', task);
    await expect
      .poll(async () => (await ofAttic())?.recent_runs[0], { timeout: 20_000 })
      .toMatchObject({ task_id: task, state: 'running' });
    ran('exited', task);
    await expect.poll(async () => (await ofAttic())?.recent_runs[0]?.state, { timeout: 20_000 }).toBe('exited');
  }
  expect(await presences()).toEqual(['online', 'online', 'online']);
}, 60_000);

it('a host that went is away at once, with its last runs; back, it is there at once', async () => {
  await member.stop();
  await expect.poll(presences).toEqual(['online', 'away', 'online']);
  expect(await ofAttic()).toMatchObject({ recent_runs: expect.arrayContaining([expect.objectContaining({ state: 'exited' })]) });
  // Nobody but storage knows it now.
  await evict('Account', 'account');
  expect(await presences()).toEqual(['online', 'away', 'online']);
  member = await FakeAgent.link(edge, attic);
  await expect.poll(presences).toEqual(['online', 'online', 'online']);
});

it('runs of others are not a client’s to see', async () => {
  const as = cookie;
  cookie = await login(edge, 'ada');
  expect((await list()).map(({ recent_runs }) => recent_runs)).toEqual([[], [], []]);
  cookie = as;
  expect((await ofAttic())?.recent_runs.length).toBeGreaterThan(0);
});
