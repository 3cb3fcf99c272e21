/** One request's window always has so many bytes: it moves, whatever all others hold. */
const SMALLEST = 64 * 1024;
const UNIT = 1024;
/** A request gets at most this part of what is left. */
const PART_OF_FREE = 1 / 16;

/**
 * What bodies may have under way, given out request by request. A window is taken whole when its request begins, is never
 * waited for, and is never smaller than SMALLEST: no request needs what another holds. What all windows have together is
 * at most `budget` and SMALLEST for each request under way.
 */
export class WindowPool {
  #free: number;
  readonly #largest: number;

  /** @param budget bytes for all. @param largest bytes for one. */
  constructor(budget: number, largest: number) {
    this.#free = budget;
    this.#largest = largest;
  }

  /** @returns bytes; `giveBack` takes the same number. */
  take(): number {
    const part = Math.floor((Math.max(0, this.#free) * PART_OF_FREE) / UNIT) * UNIT;
    const window = Math.min(this.#largest, Math.max(SMALLEST, part));
    this.#free -= window;
    return window;
  }

  giveBack(window: number): void {
    this.#free += window;
  }
}
