import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits until `condition` holds. A generous limit: it tells a failure from a wait, it measures nothing.
 * @param what is in the error: a sentence that should have come true.
 */
export async function until(condition: () => boolean | Promise<boolean>, what: string | (() => string), limitMs = 60_000): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${limitMs} ms: ${typeof what === 'string' ? what : what()}`);
    await sleep(25);
  }
}
