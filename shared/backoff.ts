import { BACKOFF_BASE_MS, BACKOFF_MAX_MS } from './limits.ts';

/**
 * Full jitter: U(0, min(30 s, 0.5 s · 2ⁿ)), so that a thousand agents do not come back as one
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 * @param attempt failures in a row so far, from 0. @returns milliseconds to wait.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 20));
}
