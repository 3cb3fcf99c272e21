import type { Cursor } from '../../shared/browser-protocol.ts';

/** With fewer viewers than this there is no wait: serving one of them alone costs little. */
const MIN_VIEWERS = 8;

interface HoldTimes {
  /** The wait ends when no lacking viewer has acknowledged anything for so long, in ms. */
  still: number;
  /** The wait ends after so long in any case. */
  all: number;
}

/**
 * The times depend on how many of the viewers lack credit. A viewer that leaves the shared stream comes back only at the tail, so
 * the others wait for the same viewers once and not for every frame. On a busy machine a second passes between two acknowledgements
 * of a thousand viewers.
 */
const FOR_MOST: HoldTimes = { still: 2000, all: 10_000 };
const FOR_SOME: HoldTimes = { still: 500, all: 3000 };
const FOR_FEW: HoldTimes = { still: 100, all: 500 };
/** No wait is longer, all its parts together. */
const LONGEST_MS = 15_000;

function holdTimesFor(lacking: number, live: number): HoldTimes {
  if (lacking * 2 > live) return FOR_MOST;
  return lacking * 20 > live ? FOR_SOME : FOR_FEW;
}

/** A viewer, as far as its credit goes. */
export interface Member {
  readonly acked: Cursor;
  readonly window: number;
}

/**
 * When many viewers lack credit at the same moment, they are not slow: their acknowledgements are on the way. Serving each of
 * these viewers alone would send one copy each over the host's upload, and the flood of copies would delay the acknowledgements
 * further, until no two viewers share anything. So the shared stream waits for the acknowledgements, briefly: then one copy is
 * enough. The fewer viewers are missing, the shorter the wait.
 */
export class AckBarrier<M extends Member> {
  readonly #go: () => void;
  #held: { lacking: Set<M>; live: number; to: Cursor; since: number; still: number; all: number; until: number; end: number } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #gaveUp = false;

  /** @param go called when the wait is over; the stream asks `waits` again then. */
  constructor(go: () => void) {
    this.#go = go;
  }

  get holding(): boolean {
    return this.#held !== null;
  }

  /** @param lacking the viewers, of `live` ones, that have no credit for output up to `to`. @returns true: publish nothing until `go`. */
  waits(lacking: readonly M[], live: number, to: Cursor): boolean {
    if (this.#held !== null) return true;
    const gaveUp = this.#gaveUp;
    this.#gaveUp = false;
    if (gaveUp || lacking.length === 0 || live < MIN_VIEWERS) return false;
    const now = performance.now();
    const { still, all } = holdTimesFor(lacking.length, live);
    this.#held = { lacking: new Set(lacking), live, to, since: now, still, all, until: now + still, end: now + all };
    this.#sleep(still);
    return true;
  }

  /** A viewer acknowledged, or has another window. */
  moved(member: M): void {
    const held = this.#held;
    if (held === null || !held.lacking.has(member)) return;
    held.until = Math.min(performance.now() + held.still, held.end);
    if (held.to - member.acked <= member.window) this.left(member);
  }

  /** A viewer is not live any more, or has credit again. */
  left(member: M): void {
    const held = this.#held;
    if (held?.lacking.delete(member) !== true) return;
    if (held.lacking.size === 0) {
      this.close();
      this.#go();
      return;
    }
    const { still, all } = holdTimesFor(held.lacking.size, held.live);
    if (all >= held.all) return;
    // When the first acknowledgements took long, the last ones may, too: the machine or the network is slow, not the viewers.
    const now = performance.now();
    const took = now - held.since;
    held.all = all;
    held.still = Math.max(still, took / 2);
    held.end = Math.min(held.since + LONGEST_MS, now + Math.max(all, took * 2));
    held.until = Math.min(now + held.still, held.end);
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#sleep(held.until - now);
  }

  /** Forgets the wait. */
  close(): void {
    this.#held = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #sleep(ms: number): void {
    this.#timer = setTimeout(() => {
      const left = (this.#held?.until ?? 0) - performance.now();
      if (left > 0) return this.#sleep(left);
      this.close();
      this.#gaveUp = true;
      this.#go();
    }, ms);
  }
}
