interface Spent {
  left: number;
  at: number;
}

/** Working time of each user, in ms: so much at once, then so much of every second. What was spent too much is paid back. */
export class TimeBudget {
  readonly #burstMs: number;
  readonly #perMs: number;
  /** The users who spent any lately. */
  readonly #users = new Map<string, Spent>();

  constructor({ burstMs, msPerS }: { burstMs: number; msPerS: number }) {
    this.#burstMs = burstMs;
    this.#perMs = msPerS / 1000;
  }

  /** The time that this user may still spend, in ms. Less than nothing when they have to pay back. @param now in ms, as everywhere here. */
  left(user: string, now: number): number {
    const spent = this.#users.get(user);
    if (spent === undefined) return this.#burstMs;
    const left = Math.min(this.#burstMs, spent.left + Math.max(0, now - spent.at) * this.#perMs);
    if (left < this.#burstMs) return left;
    this.#users.delete(user);
    return this.#burstMs;
  }

  /** How long until there are `wanted` ms to spend. 0: now. */
  wait(user: string, wanted: number, now: number): number {
    return Math.ceil(Math.max(0, wanted - this.left(user, now)) / this.#perMs);
  }

  spend(user: string, ms: number, now: number): void {
    this.#users.set(user, { left: this.left(user, now) - Math.max(0, ms), at: now });
  }
}
