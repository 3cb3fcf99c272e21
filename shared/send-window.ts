import { DelayBound } from './delay-bound.ts';
import { MAX_OUTPUT_FRAME } from './limits.ts';

/** What waits on the way may delay what comes after it by so much, beyond what the way itself takes, unless another is asked for. */
const TARGET_MS = 150;
/** One frame is on the line for about this part of it: a frame can't be overtaken. */
const FRAME_PART = 1 / 3;
const KiB = 1024;
/** Smaller, and a line would stand still between two answers: half a second at 128 kbit/s. */
const SMALLEST = 8 * KiB;
/** What a link begins with, and what is left of more after it said nothing for IDLE_MS: the line may be another by now. */
const INITIAL = 16 * KiB;
const IDLE_MS = 10_000;
const LARGEST = 16 * KiB * KiB;
const SMALLEST_FRAME = 2 * KiB;
/** Bytes after which, and at most how often, the way is asked while the window is larger: it may have become slow. */
const MARK_BYTES = 4 * KiB;
const MARK_MS = 50;
/** On a way longer than this, a whole window at once would wait at the slowest place: it is spread over the round trip. */
const FAR_MS = 30;
/** So much faster than the line was measured: it may have become faster; */
const CRUISE_GAIN = 1.1;
/** and while nothing has waited on it for FULL_MS and some round trips, its rate is not known yet. */
const START_GAIN = 2;
const FULL_MS = 1000;

/** A ping in the stream of bytes: its pong says that everything before it has arrived. */
interface Mark {
  /** Bytes sent before it. */
  readonly at: number;
  readonly sentAt: number;
  /** Bytes that had not arrived when it was sent, and how many might have been. */
  readonly underWay: number;
  readonly limit: number;
}

/**
 * How much may be on its way to the edge, so that it is never further away than a moment, at any speed of the line.
 *
 * `bufferedAmount` sees neither the kernel's buffer nor a router's, where a slow line keeps megabytes. So pings are put into
 * the stream: the edge answers each by itself, in its place, and their round trips say how much may be under way
 * (delay-bound.ts). The shortest one is measured on an empty line, so now and then the line is let run dry for one ping.
 */
export class SendWindow {
  readonly #now: () => number;
  readonly #target: number;
  readonly #marks: Mark[] = [];
  #sent = 0;
  #arrived = 0;
  #markedAt = 0;
  #lastSentAt = 0;
  /** When the line would be through with what was sent, if it is as fast as it was measured. */
  #busyUntil = 0;
  /** When something was last seen to have waited. */
  #fullAt = Number.NEGATIVE_INFINITY;
  readonly #bound: DelayBound;
  /** `emptying`: nothing more is sent until `last` has arrived. `probing`: `last` is on its way alone. */
  #measuring: { step: 'emptying' | 'probing'; last: Mark } | null = null;

  /** @param options.targetMs how long what waits may delay what comes after it. */
  constructor({ now = () => performance.now(), targetMs = TARGET_MS }: { now?: () => number; targetMs?: number } = {}) {
    this.#now = now;
    this.#target = targetMs;
    this.#bound = new DelayBound({ targetMs, initial: INITIAL, smallest: SMALLEST, largest: LARGEST });
  }

  /** May another frame of output be sent? */
  get open(): boolean {
    return this.#room && this.wait <= 0;
  }

  /** With room for it, how long the next frame has to wait in ms: a window is not sent at once on a long way. */
  get wait(): number {
    return this.#room ? this.#busyUntil - this.#now() - this.#target : 0;
  }

  get #room(): boolean {
    const underWay = this.#sent - this.#arrived;
    return this.#measuring === null && underWay < this.limit && (underWay < SMALLEST || !this.#late);
  }

  /** A pong should have come: the line has become slower than the window knows. */
  get #late(): boolean {
    const [oldest] = this.#marks;
    const { base } = this.#bound;
    return oldest !== undefined && base !== null && this.#now() - oldest.sentAt > base + 2 * this.#target;
  }

  /** What may wait in the socket, in bytes. */
  get limit(): number {
    return this.#bound.limit;
  }

  /** A frame of output should have at most so many bytes. */
  get frame(): number {
    const lasts = this.#target + (this.#bound.base ?? 0);
    return Math.max(SMALLEST_FRAME, Math.min(MAX_OUTPUT_FRAME, Math.floor((this.limit * this.#target * FRAME_PART) / lasts)));
  }

  /** Everything that is sent is counted. */
  sent(bytes: number): void {
    const now = this.#now();
    if (now - this.#lastSentAt > IDLE_MS) this.#bound.shrink();
    this.#lastSentAt = now;
    this.#sent += bytes;
    const base = this.#bound.base ?? 0;
    if (base < FAR_MS) this.#busyUntil = now;
    else {
      const gain = now - this.#fullAt < FULL_MS + 4 * base ? CRUISE_GAIN : START_GAIN;
      this.#busyUntil = Math.max(this.#busyUntil, now) + (bytes * (base + this.#target)) / (this.limit * gain);
    }
  }

  /**
   * Is it time for a ping? Often enough that the window opens again in parts, and always before it would stay shut.
   * @param waited somebody has more to send than goes at once. Else a ping is only due so that the window is open for whoever comes.
   */
  due(waited: boolean): boolean {
    const unmarked = this.#sent - this.#markedAt;
    if (this.#measuring !== null || unmarked === 0) return false;
    if (!waited) return unmarked >= this.limit / 2;
    if (unmarked >= this.limit / 4) return true;
    // A ping for each small message would be a storm: where one is on its way, its pong opens the window or asks again.
    if (!this.#room) return unmarked >= SMALLEST_FRAME || this.#marks.length === 0;
    return unmarked >= MARK_BYTES && this.#now() - (this.#marks.at(-1)?.sentAt ?? Number.NEGATIVE_INFINITY) >= MARK_MS;
  }

  /** A ping was sent. */
  marked(): void {
    this.#marks.push(this.#mark());
  }

  /**
   * A pong came: the oldest ping has arrived.
   * @returns true when a ping has to be sent at once, alone on its way.
   */
  arrived(): boolean {
    const mark = this.#marks.shift();
    if (mark === undefined) return false;
    this.#arrived = mark.at;
    const now = this.#now();
    const took = Math.max(now - mark.sentAt, 0.01);
    if (this.#measured(mark, took, now)) return true;
    const aged = this.#bound.aged(now);
    if (aged && mark.underWay === 0) this.#bound.rebase(took, now);
    this.#bound.arrived({ took, underWay: mark.underWay, limit: mark.limit }, now);
    if (took > (this.#bound.base ?? took) + this.#target / 2) this.#fullAt = now;
    return aged && mark.underWay > 0 && this.#measure('emptying');
  }

  #mark(): Mark {
    this.#markedAt = this.#sent;
    return { at: this.#sent, sentAt: this.#now(), underWay: this.#sent - this.#arrived, limit: this.limit };
  }

  /** Takes the measurement of the shortest way one step on. @returns true when that takes a ping. */
  #measured(mark: Mark, took: number, now: number): boolean {
    if (this.#measuring?.last !== mark) return false;
    if (this.#measuring.step === 'emptying') return this.#measure('probing');
    this.#measuring = null;
    this.#bound.rebase(took, now);
    return false;
  }

  #measure(step: 'emptying' | 'probing'): boolean {
    if (step === 'emptying' && this.#measuring !== null) return false;
    const last = this.#mark();
    this.#marks.push(last);
    this.#measuring = { step, last };
    return true;
  }
}
