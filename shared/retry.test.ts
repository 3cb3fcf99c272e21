import { afterEach, describe, expect, it, vi } from 'vitest';
import { seededRandom } from './fixtures/seeded-random.ts';
import { BACKOFF_BASE_MS, BACKOFF_HEALTHY_MS, BACKOFF_MAX_MS } from './limits.ts';
import { backoff, retry } from './retry.ts';

const AGENTS = 1000;

/** When each agent dials, in ms after an edge went that all were linked to, and that is back after `away` ms. */
function storm(away: number, wait: (attempt: number) => number): { refused: number[]; linked: number[] } {
  const refused: number[] = [];
  const linked: number[] = [];
  for (let agent = 0; agent < AGENTS; agent += 1) {
    let at = wait(0);
    for (let attempt = 1; at < away; attempt += 1) {
      refused.push(at);
      at += wait(attempt);
    }
    linked.push(at);
  }
  return { refused, linked };
}

/** The most in any window of so many ms. */
function peak(times: readonly number[], window: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  let from = 0;
  return Math.max(
    ...sorted.map((at, to) => {
      while ((sorted[from] ?? 0) < at - window) from += 1;
      return to - from + 1;
    }),
  );
}

describe('backoff', () => {
  it('is anywhere up to 0.5 s · 2ⁿ, and up to 30 s at most', () => {
    for (let attempt = 0; attempt < 2000; attempt += 1) {
      const most = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** attempt);
      expect(backoff(attempt, () => 0)).toBe(0);
      expect(backoff(attempt, () => 1)).toBe(most);
    }
  });

  it.each([1, 2, 3])('spreads a thousand agents over an edge that restarts in 3 s: never a fifth of them in 100 ms (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const { refused, linked } = storm(3000, (attempt) => backoff(attempt, random));
    expect(peak(linked, 100)).toBeLessThan(AGENTS / 5);
    // Those who come too early are fewer each time.
    expect(refused.length).toBeLessThan(AGENTS * 5);
    expect(Math.max(...linked)).toBeLessThan(3000 + BACKOFF_MAX_MS);
    // What everybody would do with a fixed delay.
    expect(peak(storm(3000, () => 1000).linked, 100)).toBe(AGENTS);
  });

  it.each([30_000, 300_000])('after %i ms away they come back over half a minute, not at once', (away) => {
    const random = seededRandom(7);
    const { linked } = storm(away, (attempt) => backoff(attempt, random));
    expect(peak(linked, 1000)).toBeLessThan(AGENTS / 8);
    expect(Math.max(...linked) - away).toBeLessThanOrEqual(BACKOFF_MAX_MS);
  });
});

describe('retry', () => {
  afterEach(() => void vi.useRealTimers());

  it('waits longer after each failure, begins again after a healthy attempt, and ends where the policy does', async () => {
    vi.useFakeTimers({ now: 0 });
    const lasting = [0, 0, BACKOFF_HEALTHY_MS, 0, 0];
    const failures: number[] = [];
    const attempt = (): Promise<number> => {
      const ms = lasting[failures.length] ?? 0;
      return new Promise((resolve) => setTimeout(() => resolve(ms), ms));
    };
    const wait = (_end: number, count: number): number | null => {
      failures.push(count);
      return failures.length < lasting.length ? 10 : null;
    };
    const done = retry(attempt, { wait }, new AbortController().signal);
    await vi.runAllTimersAsync();
    await done;
    expect(failures).toEqual([0, 1, 0, 1, 2]);
  });

  it('is woken from a wait, and ended in one', async () => {
    const stop = new AbortController();
    let attempts = 0;
    const attempt = async (): Promise<void> => {
      attempts += 1;
    };
    const waiting = (_ms: number, _end: undefined, wake: () => void): void => (attempts < 3 ? wake() : stop.abort());
    await retry<void>(attempt, { wait: () => 3_600_000, waiting: (ms, _end, wake) => waiting(ms, undefined, wake) }, stop.signal);
    expect(attempts).toBe(3);
  });
});
