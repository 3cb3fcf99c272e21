import { DelayBound } from '../../shared/delay-bound.ts';
import { MAX_VIEWER_WINDOW, MIN_VIEWER_WINDOW } from '../../shared/limits.ts';

/**
 * What waits on the whole way to a browser may delay what comes after it by so much: as long as it may wait on the host's
 * own line, which is part of that way, and as long again on the browser's.
 */
const TARGET_MS = 300;
/** So long a browser that was told of the smallest window may take for its first acknowledgement, half of that at 128 kbit/s. */
const PATIENCE_MS = 1000;
/** Then it gets twice as much as often as this. */
const IMPATIENT_MS = 50;

/** An acknowledgement, and what it says of the way. */
export interface Acknowledged {
  /** Bytes since the one before. */
  readonly step: number;
  /** @returns of the frame that it answers, when that was sent and behind how much; null where that is not known. */
  frame(): { sentAt: number; underWay: number } | null;
}

/** What a window's owner does with it. @param told what the browser has to hear of it, where it is more than a little. */
type Apply = (window: number, told: number | null) => void;

/** Windows are whole KiB: parts of them are whole bytes. */
const UNIT = 1024;
/** A change by less is none. */
const CHANGE = 1.1;

/**
 * The window of one browser's connection, for each run that it watches: what its line carries in a moment, and never more
 * than its share of what an object holds. Acknowledgements say when a frame has arrived, so the browser is told of a small
 * window, which it acknowledges in small parts, and of a larger one as the line turns out to be fast.
 *
 * A client that acknowledges in larger parts than it was told to gets its whole share, after PATIENCE_MS: the way it is
 * on is not known.
 */
export class ViewerLine {
  readonly #apply: Apply;
  readonly #bound = new DelayBound({
    targetMs: TARGET_MS,
    initial: MIN_VIEWER_WINDOW,
    smallest: MIN_VIEWER_WINDOW,
    largest: MAX_VIEWER_WINDOW,
  });
  #share: number;
  #window: number;
  /** A power of two, so that it seldom changes. */
  #told: number;
  /** How it acknowledges; null: it has not yet. */
  #acks: 'as told' | 'coarsely' | null = null;
  #patience: NodeJS.Timeout | null = null;
  /** What was sent before says nothing of the way as it is. */
  #since = Number.NEGATIVE_INFINITY;

  /** @param share the most that it may have now. @param apply called when the window becomes another. */
  constructor(share: number, apply: Apply) {
    this.#share = share;
    this.#apply = apply;
    this.#window = this.#told = this.#least;
  }

  /** Bytes. */
  get window(): number {
    return this.#window;
  }

  /** What the browser knows of it: it acknowledges in parts of this. */
  get told(): number {
    return this.#told;
  }

  set share(bytes: number) {
    this.#share = bytes;
    this.#to(this.#acks === 'coarsely' ? bytes : Math.max(this.#least, Math.min(bytes, this.#window)));
  }

  /**
   * Where so many watch that each has but a part of the largest window, that is all: how long their acknowledgements take says how
   * busy host and edge are with them, and smaller windows would make more of the same work.
   */
  get #least(): number {
    return this.#share < MAX_VIEWER_WINDOW ? this.#share : MIN_VIEWER_WINDOW;
  }

  acknowledged({ step, frame }: Acknowledged): void {
    if (this.#acks === null) this.#first(step);
    if (this.#acks === 'coarsely' || this.#share === this.#least) return;
    const now = performance.now();
    const answered = frame();
    if (answered !== null && answered.sentAt >= this.#since) {
      const took = Math.max(now - answered.sentAt, 0.01);
      this.#bound.arrived({ took, underWay: answered.underWay, limit: this.#window }, now);
    }
    if (this.#bound.aged(now) && this.#window < this.#share) return this.#measure(now);
    if (this.#bound.base === null) return;
    const window = Math.max(this.#least, Math.min(this.#share, Math.floor(this.#bound.limit / UNIT) * UNIT));
    if (window === this.#share || window > this.#window * CHANGE || window < this.#window / CHANGE) this.#to(window);
  }

  /** The shortest way is measured with as little on it as still brings acknowledgements. */
  #measure(now: number): void {
    this.#bound.restart();
    this.#since = now;
    this.#to(this.#least);
    this.#to(this.#least / 2, false);
  }

  /** Its window is full. */
  full(): void {
    if (this.#acks === null && this.#window < this.#share) this.#wait(PATIENCE_MS);
  }

  /** It watches nothing any more. */
  close(): void {
    if (this.#patience !== null) clearTimeout(this.#patience);
    this.#patience = null;
  }

  #first(step: number): void {
    this.close();
    const widened = this.#window > this.#least;
    this.#acks = widened && step > this.#least ? 'coarsely' : 'as told';
    if (widened) this.#to(this.#acks === 'coarsely' ? this.#share : this.#least, false);
  }

  #wait(ms: number): void {
    if (this.#patience !== null) return;
    this.#patience = setTimeout(() => {
      this.#patience = null;
      this.#to(Math.min(this.#share, this.#window * 2), false);
      if (this.#window < this.#share) this.#wait(IMPATIENT_MS);
    }, ms).unref();
  }

  #to(window: number, told = true): void {
    if (window === this.#window) return;
    this.#window = window;
    // A little more than there is may be told: of that, too, less than all is acknowledged at a time.
    const tells = told && (window >= this.#told * 2 || window < this.#told / 1.5);
    if (tells) this.#told = 2 ** Math.floor(Math.log2(window));
    this.#apply(window, tells ? this.#told : null);
  }
}
