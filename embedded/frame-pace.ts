/** So much at once, then so much a second. */
interface Rate {
  readonly burst: number;
  readonly perS: number;
}

/** What of a client's is read: as much of it as it has left, and more slowly what is beyond. */
export class Pace {
  readonly #rate: Rate;
  #left: number;
  #at: number;

  /** @param now in ms, as everywhere here. */
  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#left = rate.burst;
    this.#at = now;
  }

  /** @returns after how many ms more of this client may be read: 0 = now. */
  pay(amount: number, now: number): number {
    const { burst, perS } = this.#rate;
    this.#left = Math.min(burst, this.#left + ((now - this.#at) / 1000) * perS) - amount;
    this.#at = now;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left / perS) * 1000);
  }
}

/** More than a browser sends in a minute. */
const FRAMES: Rate = { burst: 200, perS: 200 };

/**
 * Frames that the Worker never hears of: pings, which the edge answers by itself, and pieces of a message that are nearly empty, each of
 * which workerd keeps until the last one comes. A client that sends more of them than anybody needs is read more slowly.
 */
export class FramePace extends Pace {
  constructor(now: number) {
    super(FRAMES, now);
  }
}
