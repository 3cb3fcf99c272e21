import { setTimeout as sleep } from 'node:timers/promises';
import { scaled, slowness } from '../../tools/test-pace.ts';

/** Real crashes at full size get more. */
const LIMIT_MS = scaled(30_000, 10_000);
/** Between two looks: at first, and at the most. What has taken a second is seen a tenth of that later, for a third of the looks. */
const LOOK_MS = { first: 25, most: 100 };

/**
 * Looks until it sees what it waits for, and gives what it saw.
 * @param what that should have come true, in words. @param look what is seen at the moment; null, false and the like go on waiting.
 * @param limit ms on a machine with nothing else to do: it tells a failure from a wait, it measures nothing. `holds` says when
 * what is seen is right.
 * @throws Error with the last thing seen.
 */
export async function eventually<T>(
  what: string,
  look: () => T | Promise<T>,
  limit: number | { holds?: (seen: T) => boolean; limitMs?: number } = LIMIT_MS,
): Promise<T> {
  const { holds = Boolean, limitMs = LIMIT_MS } = typeof limit === 'number' ? { limitMs: limit } : limit;
  for (const began = performance.now(); ; ) {
    const seen = await look();
    if (holds(seen)) return seen;
    const waited = performance.now() - began;
    if (waited > limitMs * slowness()) throw new Error(`Not within ${Math.round(waited / 1000)} s: ${what}. Seen last: ${shown(seen)}`);
    await sleep(Math.min(LOOK_MS.most, Math.max(LOOK_MS.first, waited / 10)));
  }
}

function shown(seen: unknown): string {
  const text =
    typeof seen === 'string' ? JSON.stringify(seen) : seen instanceof Error ? String(seen) : (JSON.stringify(seen) ?? String(seen));
  return text.length > 2000 ? `${text.slice(0, 1000)} … ${text.slice(-1000)}` : text;
}
