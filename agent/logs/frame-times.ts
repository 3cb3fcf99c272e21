import type { Cursor } from '../../shared/browser-protocol.ts';

/** More frames than this are under way only where they are small, and of those nobody needs to know. */
const KEPT = 64;

interface Sent {
  readonly from: Cursor;
  readonly to: Cursor;
  readonly at: number;
}

/** When the last pieces of output were sent. */
export class FrameTimes {
  readonly #sent: Sent[] = [];

  /** @param at in ms, as `performance.now()` says it. */
  sent(from: Cursor, to: Cursor, at: number): void {
    this.#sent.push({ from, to, at });
    if (this.#sent.length > 2 * KEPT) this.#sent.splice(0, KEPT);
  }

  /** When what ends at this cursor was sent; null where that is not known. */
  of(end: Cursor): number | null {
    return this.#sent.findLast(({ from, to }) => from < end && end <= to)?.at ?? null;
  }
}
