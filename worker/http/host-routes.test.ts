import { Hono } from 'hono';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { host } from '../../shared/hosts.ts';
import { LINK_DEAD_MS } from '../../shared/limits.ts';
import { HostReports } from '../account/host-reports.ts';
import { shownHost } from '../account/shown-host.ts';
import type { HostReport } from '../host/host-report.ts';
import type { EdgeEnv } from './edge-context.ts';
import { hostRoutes } from './host-routes.ts';

const ID = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const SEEN = Date.UTC(2026, 0, 1);
const site = { https: true, host: 'toru.example', origin: 'https://toru.example' };
const cookie = `__Host-toru=${'t'.repeat(43)}`;
const answer = z.object({ items: z.array(host), next_cursor: z.null() });

/** The edge's objects as stand-ins: they count what is asked of them, and a host's object answers as it is told to. */
function stage(hosts: number, overview: (host: string) => Promise<object> | object) {
  const asked: string[] = [];
  const session = {
    sid: 'a',
    home: ID(0),
    sub: ID(99),
    username: 'ada',
    role: 'admin',
    grant: 'g',
    grant_exp: Date.now() + 3_600_000,
    member_grants: [],
  };
  const records = Array.from({ length: hosts }, (_, n) => ({
    id: ID(n),
    name: `host ${n}`,
    public_key: '',
    version: '1.0.0',
    last_seen_at: SEEN,
  }));
  const kept = new Map<string, unknown>();
  const reports = new HostReports({
    store: { get: () => undefined, put: (key, value) => void kept.set(key, value), delete: (key) => kept.delete(key) },
    ask: async (host) => {
      asked.push(host);
      return { ...there(), ...(await overview(host)) };
    },
    later: () => undefined,
  });
  const account = {
    async useSessionAndMembers() {
      asked.push('account');
      const [home = null, ...members] = records;
      const of = await reports.of(members.map(({ id }) => id));
      const shown = members.map((record, at) => JSON.stringify(shownHost(record, { home: false, role: null }, of[at] ?? null)));
      return { session, home, members: shown };
    },
  };
  const env = {
    ACCOUNT: { idFromName: (name: string) => name, get: () => account },
    HOST: {
      idFromName: (name: string) => name,
      get: (id: string) => ({ overview: async () => ({ ...there(), ...(await overview(id)) }) }),
    },
  };
  const app = new Hono<EdgeEnv>()
    .use(async (c, next) => {
      c.set('site', site);
      await next();
    })
    .route('/', hostRoutes);
  const ask = async () => {
    const response = await app.request('/api/hosts', { headers: { cookie } }, env);
    return answer.parse(await response.json()).items;
  };
  return { ask, asked, reports };
}

const there = (): HostReport => ({
  at: Date.now(),
  online: true,
  last_sign: Date.now(),
  name: 'as it calls itself',
  version: '1.1.0',
  recent_runs: [],
  pending_runs: [],
  kept_webhooks: [],
  duplicate: null,
});

it.each([1, 50])(
  'the hosts of an installation with %i cost one request to its Account object, and none to those that reported',
  async (hosts) => {
    const { ask, asked, reports } = stage(hosts, () => ({}));
    for (let n = 1; n < hosts; n += 1) reports.put(ID(n), there());
    const items = await ask();
    expect(items.length).toBe(hosts);
    expect(items.filter(({ home }) => home).map(({ id }) => id)).toEqual([ID(0)]);
    // A member is called what the home host calls it.
    expect(items.map(({ name }) => name).slice(0, 2)).toEqual(['as it calls itself', 'host 1'].slice(0, hosts));
    expect(asked).toEqual(['account']);
  },
);

it('a report is believed for no longer than its host must be there: then its object is asked, once for all who look', async () => {
  const { ask, asked, reports } = stage(4, () => ({ online: false }));
  const silent = Date.now() - LINK_DEAD_MS;
  reports.put(ID(1), { ...there(), at: 1, last_sign: silent });
  reports.put(ID(2), { ...there(), at: Date.now() - 61_000, online: false });
  reports.put(ID(3), { ...there(), at: 1, last_sign: silent + 5_000 });
  const [first, second] = await Promise.all([ask(), ask()]);
  expect(first.map(({ presence }) => presence)).toEqual(['away', 'away', 'away', 'online']);
  expect(second.map(({ presence }) => presence).slice(0, 3)).toEqual(['away', 'away', 'away']);
  // The third is believed still, and its object asked for the next time.
  await expect.poll(() => asked.toSorted()).toEqual(['account', 'account', ...[1, 2, 3].map(ID)].toSorted());
  expect((await ask()).map(({ presence }) => presence)).toEqual(['away', 'away', 'away', 'away']);
});

it('a host that never linked is away at once: its object is asked for the next answer, and nobody waits for it', async () => {
  const never = new Promise<object>(() => undefined);
  const { ask, asked } = stage(3, (id) => (id === ID(0) ? {} : never));
  const items = await ask();
  expect(items.map(({ presence, last_seen }) => [presence, last_seen]).slice(1)).toEqual([
    ['away', new Date(SEEN).toISOString()],
    ['away', new Date(SEEN).toISOString()],
  ]);
  expect(asked).toEqual(['account']);
  await expect.poll(() => asked.toSorted()).toEqual(['account', ID(1), ID(2)].toSorted());
});

it('of two reports the later one counts, in whatever order they come', async () => {
  const { ask, reports } = stage(2, () => ({}));
  reports.put(ID(1), { ...there(), at: Date.now() + 1, online: false });
  reports.put(ID(1), there());
  expect((await ask()).map(({ presence }) => presence)).toEqual(['online', 'away']);
});

it('a host whose object does not answer, or fails, is given as unknown, with what the Account object has; the others as they are', async () => {
  const never = new Promise<object>(() => undefined);
  const { ask, reports } = stage(5, (id) => (id === ID(2) ? never : id === ID(3) ? Promise.reject(new Error('overloaded')) : {}));
  for (let n = 1; n < 5; n += 1) reports.put(ID(n), { ...there(), at: 1, last_sign: Date.now() - LINK_DEAD_MS });
  const items = await ask();
  expect(items.map(({ presence }) => presence)).toEqual(['online', 'online', 'unknown', 'unknown', 'online']);
  expect(items[2]).toEqual({
    id: ID(2),
    name: 'host 2',
    home: false,
    presence: 'unknown',
    role: null,
    online: false,
    last_seen: new Date(SEEN).toISOString(),
    version: '1.0.0',
    recent_runs: [],
    pending_runs: [],
    kept_webhooks: [],
    duplicate: null,
  });
});
