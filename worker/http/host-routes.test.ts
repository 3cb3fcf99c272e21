import { Hono } from 'hono';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { host } from '../../shared/hosts.ts';
import type { EdgeEnv } from './edge-context.ts';
import { hostRoutes } from './host-routes.ts';

const ID = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
const SEEN = Date.UTC(2026, 0, 1);
const site = { https: true, host: 'toru.example', origin: 'https://toru.example' };
const cookie = `__Host-toru=${'t'.repeat(43)}`;
const answer = z.object({ items: z.array(host), next_cursor: z.null() });

/** The edge's objects as stand-ins: they count what is asked of them, and a host's answers as it is told to. */
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
  const counting = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (of, name) => {
        asked.push(String(name));
        return Reflect.get(of, name);
      },
    });
  const account = counting({ useSession: () => session, hosts: () => records, useSessionAmongHosts: () => ({ session, hosts: records }) });
  const env = {
    ACCOUNT: { idFromName: (name: string) => name, get: () => account },
    HOST: { idFromName: (name: string) => name, get: (id: string) => ({ overview: async () => overview(id) }) },
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
  return { ask, asked };
}

const there = {
  online: true,
  last_seen: new Date(SEEN).toISOString(),
  name: 'as it calls itself',
  version: '1.1.0',
  recent_runs: [],
  pending_runs: [],
  duplicate: null,
};

it.each([1, 50])('the hosts of an installation with %i cost one request to its Account object', async (hosts) => {
  const { ask, asked } = stage(hosts, () => there);
  const items = await ask();
  expect(items.length).toBe(hosts);
  expect(items.filter(({ home }) => home).map(({ id }) => id)).toEqual([ID(0)]);
  // A member is called what the home host calls it.
  expect(items.map(({ name }) => name).slice(0, 2)).toEqual(['as it calls itself', 'host 1'].slice(0, hosts));
  expect(asked).toEqual(['useSessionAmongHosts']);
});

it('a host whose object does not answer, or fails, is given as unknown, with what the Account object has; the others as they are', async () => {
  const never = new Promise<object>(() => undefined);
  const { ask } = stage(5, (id) => (id === ID(2) ? never : id === ID(3) ? Promise.reject(new Error('overloaded')) : there));
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
    duplicate: null,
  });
});
