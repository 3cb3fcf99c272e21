/** More than a browser sends in a minute. */
const BURST = 200;
const PER_S = 200;

/**
 * Frames that the Worker never hears of: pings, which the edge answers by itself, and pieces of a message that are nearly empty, each of
 * which workerd keeps until the last one comes. A client that sends more of them than anybody needs is read more slowly.
 */
export class FramePace {
  #left = BURST;
  #at: number;

  /** @param now in ms. */
  constructor(now: number) {
    this.#at = now;
  }

  /** @returns after how many ms more of this client may be read: 0 = now. */
  pay(frames: number, now: number): number {
    this.#left = Math.min(BURST, this.#left + ((now - this.#at) / 1000) * PER_S) - frames;
    this.#at = now;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / PER_S) * 1000);
  }
}
