import type { Cursor } from '../../shared/browser-protocol.ts';

/** Fewer viewers than this wait for nobody: serving one of them alone costs little. */
const MIN_VIEWERS = 8;

interface HoldTimes {
  /** Waits so long while none of those it waits for gets on, in ms. */
  still: number;
  /** And so long at most, however they get on. */
  all: number;
}

/**
 * By what part of the viewers lacks credit. Who leaves comes back only at the tail, so the others wait for the same laggards
 * once and not for every frame. On a machine that others keep busy, a second passes between two acknowledgements of a thousand.
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

/** What of a viewer decides whether it has credit. */
export interface Member {
  readonly acked: Cursor;
  readonly window: number;
}

/**
 * When many viewers lack credit at the same moment, they are not slow: their acknowledgements are on the way. Each of
 * them served alone would be a copy of its own over the host's upload, and the flood of copies would delay the
 * acknowledgements further, until nobody shares anything. So the shared stream waits for them, briefly: at the pace of them
 * all there is one copy. The fewer are missing, the shorter the wait.
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

  /** @param lacking those of `live` viewers without credit for what ends at `to`. @returns true: publish nothing until `go`. */
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
    // Where the others took long, the rest may as well: the machine or the network is slow, not they.
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
