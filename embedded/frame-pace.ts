import { TokenBucket } from '../shared/token-bucket.ts';

/** More than a browser sends in a minute. */
const BURST = 200;
const PER_S = 200;

/**
 * Frames that the Worker never hears of: pings, which the edge answers by itself, and pieces of a message that are nearly empty, each of
 * which workerd keeps until the last one comes. A client that sends more of them than anybody needs is read more slowly.
 */
export class FramePace {
  readonly #frames: TokenBucket;

  /** @param now in ms. */
  constructor(now: number) {
    this.#frames = new TokenBucket(BURST, PER_S, now);
  }

  /** @returns after how many ms more of this client may be read: 0 = now. */
  pay(frames: number, now: number): number {
    return this.#frames.spend(frames, now);
  }
}
