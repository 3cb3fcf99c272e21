/**
 * Memory for reads that are soon over: one piece, used again and again. A reader that comes while the piece is taken gets new memory.
 * Without the piece every read would cost V8 that: new memory must be cleared first and collected later.
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

  /** The reader is through with `memory`. */
  release(memory: Buffer): void {
    if (memory.length === this.#size) this.#spare = memory;
  }
}
