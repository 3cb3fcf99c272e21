import { loadavg } from 'node:os';

/** Between two looks: at first, and at the most. What takes a while is looked at less often: hundreds of looks are work, too. */
const LOOK_MS = { first: 2, most: 10 };
/** Longer than a cancelled script's grace; on a busy machine as much longer as it is busy, up to the limit of a test. */
export const UNTIL_MS = 15_000 * Math.min(7, Math.max(1, loadavg()[0] ?? 0));

/**
 * For the agent's tests: looks every few milliseconds until it sees something, and gives what it saw.
 * @param look null, undefined and false go on waiting. @param seen what else stands there, for the message.
 * @throws Error with the condition and what was seen last.
 */
export async function until<T>(look: () => T | undefined | null | false, seen: () => unknown = look): Promise<T> {
  for (const began = performance.now(); ; ) {
    const found = look();
    if (found !== undefined && found !== null && found !== false) return found;
    const waited = performance.now() - began;
    if (waited > UNTIL_MS)
      throw new Error(`Not within ${UNTIL_MS / 1000} s: ${look}. Seen last: ${JSON.stringify(seen(), null, 1) ?? 'nothing'}`);
    await new Promise((next) => setTimeout(next, Math.min(LOOK_MS.most, Math.max(LOOK_MS.first, waited / 20))));
  }
}
