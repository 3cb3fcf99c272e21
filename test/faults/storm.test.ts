import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { loadIdentity } from '../../agent/link/identity.ts';
import { Link } from '../../agent/link/link.ts';
import { freePort } from '../../embedded/ports.ts';
import { backoff } from '../../shared/backoff.ts';
import { FaultProxy } from './proxy.ts';
import { numbers } from './runs.ts';
import { scaled } from './scale.ts';

/** After the edge's restart its agents come back one by one, not as one. */

/** The most that come within one step, when each comes at these times. */
function crowd(times: readonly number[], stepMs: number): number {
  const steps = new Map<number, number>();
  for (const time of times) steps.set(Math.floor(time / stepMs), (steps.get(Math.floor(time / stepMs)) ?? 0) + 1);
  return Math.max(0, ...steps.values());
}

test('1,000 agents that lose their edge for a minute come back within 30 s of its return, at most 80 in a second', () => {
  for (const _round of numbers(scaled(50, 5))) {
    const returns = numbers(1000).map(() => {
      const away = 60_000;
      let at = 0;
      for (let failures = 0; at < away; failures += 1) at += backoff(failures);
      return at - away;
    });
    expect(Math.max(...returns)).toBeLessThan(30_000);
    // Of waits that are spread over 30 s, 1,000 come with 67 in the fullest second at the mean.
    expect(crowd(returns, 1000)).toBeLessThan(110);
  }
});

const LINKS = scaled(300, 60);

test(`${LINKS} real links to an edge that breaks every connection spread their next tries`, async () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-storm-'));
  const identity = loadIdentity(home);
  const network = await FaultProxy.before(await freePort());
  network.refuse(true);
  const listener = { up: () => undefined, control: () => undefined, text: () => undefined, binary: () => undefined, down: () => undefined };
  const log = { info: () => undefined, warn: () => undefined };
  const links = numbers(LINKS).map(() => {
    const id = crypto.randomUUID();
    const self = () => ({ id, name: 'one of many', version: '0' });
    return new Link({ edge: { url: network.url, origin: network.url }, identity, self, listener, log });
  });
  // Counted by the network, in steps: what comes first is the storm itself.
  for (const link of links) link.start();
  while (network.accepted < LINKS) await sleep(5);
  const steps: number[] = [];
  let seen = network.accepted;
  for (const until = Date.now() + scaled(10_000, 5000); Date.now() < until; ) {
    await sleep(100);
    steps.push(network.accepted - seen);
    seen = network.accepted;
  }
  await Promise.all(links.map((link) => link.stop()));
  await network.close();
  rmSync(home, { recursive: true, force: true });
  expect(seen, 'they all tried again').toBeGreaterThan(2 * LINKS);
  // Without jitter all come in one step. With it, some tenths of them do; a machine that stands still for a moment adds to that.
  expect(Math.max(...steps), `within 100 ms: ${steps.join(' ')}`).toBeLessThan(LINKS * 0.75);
}, 60_000);
