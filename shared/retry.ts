import { BACKOFF_BASE_MS, BACKOFF_HEALTHY_MS, BACKOFF_MAX_MS } from './limits.ts';

/**
 * Full jitter: U(0, min(30 s, 0.5 s · 2ⁿ)), so that a thousand agents do not come back as one
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param failures in a row so far, from 0. @param range of a kind of its own: ms. @returns milliseconds to wait.
 */
export function backoff(
  failures: number,
  random: () => number = Math.random,
  { base, max }: { base: number; max: number } = { base: BACKOFF_BASE_MS, max: BACKOFF_MAX_MS },
): number {
  return random() * Math.min(max, base * 2 ** Math.min(failures, 20));
}

export interface RetryPolicy<End> {
  /** The count of a first failure: 0, unless so many begin together that their first wait has to be longer. */
  first?: number;
  /** @param failures in a row; 0 after a healthy attempt. @returns milliseconds to wait; null: no further attempt. */
  wait(end: End, failures: number): number | null;
  /** Called as each wait begins. @param wake ends the wait at once. */
  waiting?(ms: number, end: End, wake: () => void): void;
}

/**
 * An endless loop around an attempt that may fail. An attempt that lasted BACKOFF_HEALTHY_MS was healthy: the failures before it
 * do not count any more.
 * @param attempt resolves with how it ended; must not reject. @param signal ends the loop, and a wait.
 */
export async function retry<End>(attempt: () => Promise<End>, policy: RetryPolicy<End>, signal: AbortSignal): Promise<void> {
  for (let failures = policy.first ?? 0; !signal.aborted; failures += 1) {
    const since = Date.now();
    const end = await attempt();
    if (signal.aborted) return;
    if (Date.now() - since >= BACKOFF_HEALTHY_MS) failures = 0;
    const ms = policy.wait(end, failures);
    if (ms === null) return;
    await new Promise<void>((resolve) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const wake = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      signal.addEventListener('abort', wake);
      // Before the clock runs: the wait that was told is never longer than the one that is waited.
      policy.waiting?.(ms, end, wake);
      timer = setTimeout(wake, ms);
    });
  }
}
