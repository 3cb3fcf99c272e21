import type { PluginTiming } from './timing.ts';

/** How often a plugin crashed since it was last healthy, and what follows from it. */
export class Crashes {
  readonly #timing: Pick<PluginTiming, 'backoffMs' | 'jitter' | 'maxCrashes'>;
  readonly #random: () => number;
  #count = 0;

  /** @param random from 0 to 1. */
  constructor(timing: Pick<PluginTiming, 'backoffMs' | 'jitter' | 'maxCrashes'>, random: () => number = Math.random) {
    this.#timing = timing;
    this.#random = random;
  }

  get count(): number {
    return this.#count;
  }

  /** One more. @returns how long to wait before the next start, in ms; null: give it up. */
  add(): number | null {
    this.#count += 1;
    const { backoffMs, jitter, maxCrashes } = this.#timing;
    if (this.#count >= maxCrashes) return null;
    const base = backoffMs[Math.min(this.#count, backoffMs.length) - 1] ?? 0;
    return Math.round(base * (1 + jitter * (2 * this.#random() - 1)));
  }

  reset(): void {
    this.#count = 0;
  }
}
