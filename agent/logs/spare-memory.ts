/**
 * Memory for reads that are soon over: one piece, used again and again. Whoever comes while it is taken gets new memory,
 * which is what everybody would cost V8 otherwise: to be collected, and its pages to be cleared anew.
 */
export class SpareMemory {
  readonly #size: number;
  #spare: Buffer | null = null;

  /** @param size of the piece that is kept, in bytes. */
  constructor(size: number) {
    this.#size = size;
  }

  /** At least so many bytes, with anything in them. */
  take(length: number): Buffer {
    const spare = this.#spare;
    if (spare === null || spare.length < length) return Buffer.allocUnsafe(length);
    this.#spare = null;
    return spare;
  }

  /** Nobody looks into it any more. */
  giveBack(memory: Buffer): void {
    if (memory.length === this.#size) this.#spare = memory;
  }
}
