import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { loadIdentity } from '../../agent/link/identity.ts';
import { Link } from '../../agent/link/link.ts';
import { backoff } from '../../shared/retry.ts';
import { scaled } from '../../tools/test-pace.ts';
import { eventually } from '../harness/eventually.ts';
import { freePort } from '../harness/toru.ts';
import { FaultProxy } from './proxy.ts';
import { numbers } from './runs.ts';

/** After the edge's restart its agents come back one by one, not as one. */

/** The most that come within one step, when each comes at these times. */
function crowd(times: readonly number[], stepMs: number): number {
  const steps = new Map<number, number>();
  for (const time of times) steps.set(Math.floor(time / stepMs), (steps.get(Math.floor(time / stepMs)) ?? 0) + 1);
  return Math.max(0, ...steps.values());
}

test('1,000 agents that lose their edge for a minute come back within 30 s of its return, spread over them', () => {
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
const TRIES = 2;

test(`${LINKS} real links to an edge that breaks every connection spread their next tries`, async () => {
  const home = mkdtempSync(join(tmpdir(), 'toru-storm-'));
  const identity = loadIdentity(home);
  const network = await FaultProxy.before(await freePort());
  network.refuse(true);
  const listener = { up: () => undefined, control: () => undefined, text: () => undefined, binary: () => undefined, down: () => undefined };
  /** Of each, what it chose to wait after each failure, and when it had failed so often. */
  const tries = numbers(LINKS).map((): { wait: number; at: number }[] => []);
  const links = tries.map((mine) => {
    const id = crypto.randomUUID();
    const self = () => ({ id, name: 'one of many', version: '0' });
    const warn = (detail: object): void => {
      if ('retry_ms' in detail && typeof detail.retry_ms === 'number') mine.push({ wait: detail.retry_ms, at: performance.now() });
    };
    return new Link({ edge: { url: network.url, origin: network.url }, identity, self, listener, log: { info: () => undefined, warn } });
  });
  for (const link of links) link.start();
  await eventually('they all tried again and again', () => tries.every(({ length }) => length > TRIES));
  await Promise.all(links.map((link) => link.stop()));
  await network.close();
  rmSync(home, { recursive: true, force: true });
  expect(network.accepted, 'none of them without the network').toBeGreaterThan(TRIES * LINKS);
  for (const mine of tries) {
    for (const [n, { at }] of mine.entries()) {
      const before = mine[n - 1];
      // Written down in whole milliseconds.
      if (before !== undefined) expect(at - before.at, 'it waited as it said').toBeGreaterThan(before.wait - 2);
    }
  }
  // What they chose, not when they came: a machine that stands still for a moment would look like a crowd. Without jitter all choose the same.
  for (const n of numbers(TRIES)) {
    const chosen = tries.map((mine) => mine[n]?.wait ?? 0);
    expect(crowd(chosen, 100), `the most within 100 ms, of the wait after failure ${n + 1}`).toBeLessThan(LINKS / 2);
  }
}, 120_000);
