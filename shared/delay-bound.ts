/** The shortest way is measured again after so long; sooner when the bound can't become smaller. */
const BASE_AGE_MS = 30_000;
const SMALLEST_AGE_MS = 3000;
/** Of two arrivals that are compared, the later one had at most so much under way of what the earlier one had. */
const FEWER = 0.7;

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
  #base: { ms: number; at: number; guessed?: true } | null = null;
  /** The first of the arrivals that come too late, for as long as they do. */
  #late: Arrival | null = null;

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
    this.#late = null;
  }

  arrived({ took, underWay, limit: then }: Arrival, now: number): void {
    // What waits here may be what makes a guess come true, so that a guess grows old all the same.
    if (this.#base?.guessed === true) this.#base.ms = Math.min(this.#base.ms, took);
    else if (this.#base === null || took <= this.#base.ms) this.rebase(took, now);
    const { targetMs, smallest, largest } = this.#options;
    this.#learn({ took, underWay, limit: then }, this.#base === null || took <= this.#base.ms + targetMs, now);
    const most = (this.#base?.ms ?? took) + targetMs;
    const wanted = (underWay * most) / took;
    // No more than double in a round trip: the way's own buffers fill before they tell.
    const limit = took > most ? Math.min(this.#limit, wanted) : Math.max(this.#limit, Math.min(wanted, then * 2));
    this.#limit = Math.min(largest, Math.max(smallest, limit));
  }

  /**
   * Fewer bytes under way that take about as long: then the bytes are not what takes the time, but a busy machine at either end, and
   * still fewer would not be faster. What is left of the time without bytes is the way's own, for a while.
   */
  #learn(arrival: Arrival, inTime: boolean, now: number): void {
    const late = this.#late;
    if (inTime) this.#late = null;
    else if (late === null) this.#late = arrival;
    else if (arrival.underWay <= late.underWay * FEWER) {
      const perByte = Math.max(0, late.took - arrival.took) / (late.underWay - arrival.underWay);
      const own = arrival.took - perByte * arrival.underWay;
      if (own > (this.#base?.ms ?? 0) + this.#options.targetMs)
        this.#base = { ms: own, at: now - BASE_AGE_MS + SMALLEST_AGE_MS, guessed: true };
      this.#late = arrival;
    }
  }
}
