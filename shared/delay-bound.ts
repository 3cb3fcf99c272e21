/** The shortest way is measured again after so long; sooner when the bound can't become smaller. */
const BASE_AGE_MS = 30_000;
const SMALLEST_AGE_MS = 3000;

export interface DelayBoundOptions {
  /** How long what waits may delay what comes after it, in ms. */
  targetMs: number;
  /** Bytes: what it begins with, and what it always is between. */
  initial: number;
  smallest: number;
  largest: number;
}

/** Something that was sent, and has arrived. */
export interface Arrival {
  /** From its sending until its arrival was known here, in ms. */
  readonly took: number;
  /** Bytes that had not arrived when it was sent, and how many might have been. */
  readonly underWay: number;
  readonly limit: number;
}

/**
 * How many bytes may be on a way so that they delay what comes after them by no more than a moment: what the way carries in
 * its own time and the target on top. Bytes under way by the time that they took are its rate; the shortest time that was
 * seen is the way's own.
 */
export class DelayBound {
  readonly #options: DelayBoundOptions;
  #limit: number;
  /** Null before the first arrival. */
  #base: { ms: number; at: number } | null = null;

  constructor(options: DelayBoundOptions) {
    this.#options = options;
    this.#limit = options.initial;
  }

  /** Bytes. */
  get limit(): number {
    return this.#limit;
  }

  /** The shortest time that is known, in ms; null before the first arrival. */
  get base(): number | null {
    return this.#base?.ms ?? null;
  }

  /** Was the shortest time seen too long ago? The way may have become longer. */
  aged(now: number): boolean {
    return this.#base !== null && now - this.#base.at > (this.#limit > this.#options.smallest ? BASE_AGE_MS : SMALLEST_AGE_MS);
  }

  /** The shortest time, measured on an empty way. */
  rebase(ms: number, now: number): void {
    this.#base = { ms, at: now };
  }

  /** What was known of more than the first bytes is not true any more. */
  shrink(): void {
    this.#limit = Math.min(this.#limit, this.#options.initial);
  }

  /** Begins again: nothing is known of the way. */
  restart(): void {
    this.shrink();
    this.#base = null;
  }

  arrived({ took, underWay, limit: then }: Arrival, now: number): void {
    if (this.#base === null || took <= this.#base.ms) this.rebase(took, now);
    const { targetMs, smallest, largest } = this.#options;
    const most = (this.#base?.ms ?? took) + targetMs;
    const wanted = (underWay * most) / took;
    // No more than double in a round trip: the way's own buffers fill before they tell.
    const limit = took > most ? Math.min(this.#limit, wanted) : Math.max(this.#limit, Math.min(wanted, then * 2));
    this.#limit = Math.min(largest, Math.max(smallest, limit));
  }
}
