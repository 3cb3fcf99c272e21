import { TokenBucket } from '../../shared/token-bucket.ts';

/** More often than a page asks that waits for a confirmation: so many at once, then so many a second. */
const AT_ONCE = 20;
const A_SECOND = 2;
/** Who tries so many others meanwhile begins again with the first. */
const KEPT = 500;

/**
 * How often a code of a login link may be tried from an address. The login's throttle has no say over these, and one that was used is
 * signed like one that was not: without a bound of its own, a stranger who has one could keep the host at work with it. So with hooks.
 */
export class CodePaces {
  readonly #atOnce: number;
  readonly #aSecond: number;
  /** By address and code, the latest at the end. */
  readonly #known = new Map<string, TokenBucket>();

  constructor(atOnce = AT_ONCE, aSecond = A_SECOND) {
    this.#atOnce = atOnce;
    this.#aSecond = aSecond;
  }

  /** Counts a try. @param now in ms. @returns 0 when it may be made, else after how many seconds the next one may. */
  try(code: string, address: string, now: number): number {
    const key = `${address} ${code}`;
    const pace = this.#known.get(key) ?? new TokenBucket(this.#atOnce, this.#aSecond, now);
    this.#known.delete(key);
    this.#known.set(key, pace);
    const oldest = this.#known.keys().next();
    if (this.#known.size > KEPT && oldest.done !== true) this.#known.delete(oldest.value);
    return pace.take(now) ? 0 : Math.ceil(pace.wait(now) / 1000);
  }
}
