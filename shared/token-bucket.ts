/** So many at once, then so many a second: the one way in which this edge says "not so fast". */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perMs: number;
  #tokens: number;
  #at: number;

  constructor(capacity: number, perSecond: number, now: number) {
    this.#capacity = capacity;
    this.#perMs = perSecond / 1000;
    this.#tokens = capacity;
    this.#at = now;
  }

  /** How long until there is a token, or so many, in ms: 0 = now. */
  wait(now: number, tokens = 1): number {
    this.#refill(now);
    return this.#tokens >= tokens ? 0 : Math.ceil((tokens - this.#tokens) / this.#perMs);
  }

  /** Takes a token, or so many. False, and nothing taken, when there are fewer. */
  take(now: number, tokens = 1): boolean {
    if (this.wait(now, tokens) > 0) return false;
    this.#tokens -= tokens;
    return true;
  }

  /** Takes so many in any case. @returns after how many ms what was taken too much is paid back: 0 = now. */
  spend(tokens: number, now: number): number {
    this.#refill(now);
    this.#tokens -= tokens;
    return this.#tokens >= 0 ? 0 : Math.ceil(-this.#tokens / this.#perMs);
  }

  giveBack(): void {
    this.#tokens = Math.min(this.#capacity, this.#tokens + 1);
  }

  full(now: number): boolean {
    this.#refill(now);
    return this.#tokens >= this.#capacity;
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#at) * this.#perMs);
    this.#at = now;
  }
}
