import { loadavg } from 'node:os';

const LOOK_MS = 2;
/** Longer than a cancelled script's grace; on a busy machine as much longer as it is busy, up to the limit of a test. */
export const UNTIL_MS = 15_000 * Math.min(7, Math.max(1, loadavg()[0] ?? 0));

/**
 * For the agent's tests: looks every few milliseconds until it sees something, and gives what it saw.
 * @param look null, undefined and false go on waiting. @param seen what else stands there, for the message.
 * @throws Error with the condition and what was seen last.
 */
export async function until<T>(look: () => T | undefined | null | false, seen: () => unknown = look): Promise<T> {
  for (const began = performance.now(); ; await new Promise((next) => setTimeout(next, LOOK_MS))) {
    const found = look();
    if (found !== undefined && found !== null && found !== false) return found;
    if (performance.now() - began > UNTIL_MS)
      throw new Error(`Not within ${UNTIL_MS / 1000} s: ${look}. Seen last: ${JSON.stringify(seen(), null, 1) ?? 'nothing'}`);
  }
}
