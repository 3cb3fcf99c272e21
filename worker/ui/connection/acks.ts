/**
 * When to tell the host that output arrived. The host sends at most `window` bytes that were not acknowledged; one ack
 * for every quarter of it keeps the stream flowing without a frame for every frame.
 */
export class Acks {
  #acked: number;
  #window: number;

  constructor(cursor: number, window: number) {
    this.#acked = cursor;
    this.#window = window;
  }

  /** Begins again, after an attach. */
  reset(cursor: number, window: number): void {
    this.#acked = cursor;
    this.#window = window;
  }

  /** More viewers share the budget now, or fewer. */
  set window(bytes: number) {
    this.#window = bytes;
  }

  /** Everything before `cursor` was taken in. @returns the cursor to acknowledge now, or null when it can wait. */
  taken(cursor: number): number | null {
    if (cursor - this.#acked < Math.max(1, this.#window / 4)) return null;
    this.#acked = cursor;
    return cursor;
  }
}
