import { TokenBucket } from '../../shared/token-bucket.ts';

/** [at once, then one per so many seconds]. Each that is kept costs this edge some five rows: a day of strangers less than half of its quota. */
const NETWORK = [30, 60] as const;
const EVERYONE = [60, 10] as const;
/** Networks that are remembered: past it the one that was not seen for the longest begins again. `EVERYONE` bounds all of them. */
const KEPT = 500;

/** How often hosts may ask to be paired: who asks is nobody yet, and each request is written down, and asked of the home host. */
export class PairPaces {
  readonly #everyone = bucket(EVERYONE);
  /** The latest at the end. */
  readonly #networks = new Map<string, TokenBucket>();

  /** Counts a request. @param now in ms. @returns 0 when it may be kept, else after how many seconds the next one may. */
  try(network: string, now: number): number {
    const pace = this.#networks.get(network) ?? bucket(NETWORK, now);
    this.#networks.delete(network);
    this.#networks.set(network, pace);
    const oldest = this.#networks.keys().next();
    if (this.#networks.size > KEPT && oldest.done !== true) this.#networks.delete(oldest.value);
    const wait = Math.max(pace.wait(now), this.#everyone.wait(now));
    if (wait > 0) return Math.ceil(wait / 1000);
    pace.take(now);
    this.#everyone.take(now);
    return 0;
  }
}

function bucket([atOnce, every_s]: readonly [number, number], now = 0): TokenBucket {
  return new TokenBucket(atOnce, 1 / every_s, now);
}
