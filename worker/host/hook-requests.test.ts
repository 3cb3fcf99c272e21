import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { LinkWebhook } from '../../shared/webhooks.ts';
import { HookRequests } from './hook-requests.ts';

/** What of a flood reaches the host, and that it leaves room for other senders. */

let reached: string[];
let requests: HookRequests;
beforeEach(() => {
  vi.useFakeTimers();
  reached = [];
  requests = new HookRequests({
    kept: {
      names: [],
      size: 0,
      waits: () => false,
      add: () => 'nothing is kept',
      next: () => null,
      failed: () => undefined,
      remove: () => undefined,
      expire: () => null,
    },
    ask: async ({ name, address }) => {
      reached.push(`${address} ${name}`);
      return { ok: true, value: { job_id: crypto.randomUUID(), trigger: name, task: name, ended: null, wait_s: 0 } };
    },
    online: () => true,
    lastSeen: () => null,
    wake: () => undefined,
    later: () => undefined,
  });
});
afterEach(() => void vi.useRealTimers());

const sent = (name: string, address: string): LinkWebhook => ({ name, method: 'POST', query: '', headers: [], body: '', address });

/** A second with a thousand requests of one address, among them now and then an honest one. @returns how many honest ones were refused. */
async function flood(nameOf: (n: number) => string): Promise<number> {
  let refused = 0;
  for (let n = 0; n < 1000; n += 1) {
    await requests.take(sent(nameOf(n), '192.0.2.66'));
    if (n % 500 === 0 && !(await requests.take(sent('deploy', '198.51.100.1'))).ok) refused += 1;
    vi.advanceTimersByTime(1);
  }
  return refused;
}

it.each([
  ['the same hook', () => 'deploy', 20 + 2 * 60],
  ['a name that differs each time', (n: number) => `name-${n}`, 60 + 6 * 60],
])('a minute of a thousand requests a second of one address to %s: the honest sender gets through', async (_, nameOf, most) => {
  let refused = 0;
  for (let second = 0; second < 60; second += 1) refused += await flood((n) => nameOf(second * 1000 + n));
  expect(refused).toBe(0);
  expect(reached.filter((each) => each.startsWith('198.51.100.1'))).toHaveLength(120);
  expect(reached.filter((each) => each.startsWith('192.0.2.66')).length).toBeLessThanOrEqual(most);
});

it('says when to come again', async () => {
  for (let n = 0; n < 20; n += 1) expect((await requests.take(sent('deploy', '192.0.2.66'))).ok).toBe(true);
  expect(await requests.take(sent('deploy', '192.0.2.66'))).toMatchObject({
    ok: false,
    code: 'too_many_requests',
    extra: { retry_after: 1 },
  });
});
