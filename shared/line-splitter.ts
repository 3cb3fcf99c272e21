const NEWLINE = 10;
const FIRST_BYTES = 4096;

/** Cuts a stream of bytes into lines, and keeps no more than `maxBytes` of one. */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #onLine: (line: Uint8Array, cut: boolean) => void;
  /** The line that is not complete yet. Grows by doubling: bytes may come one at a time. */
  #kept = new Uint8Array();
  #size = 0;
  #cut = false;

  /** @param onLine gets it without its newline; `cut`: it was longer. The bytes are good until it returns. */
  constructor(maxBytes: number, onLine: (line: Uint8Array, cut: boolean) => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
  }

  /** Is the line that is under way too long already? */
  get overlong(): boolean {
    return this.#cut;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; ; ) {
      const end = chunk.indexOf(NEWLINE, at);
      if (end < 0) return this.#keep(chunk.subarray(at));
      const part = chunk.subarray(at, end);
      at = end + 1;
      if (this.#size === 0 && !this.#cut && part.length <= this.#maxBytes) this.#onLine(part, false);
      else {
        this.#keep(part);
        this.#emit();
      }
    }
  }

  /** The last line, when the stream ended without a newline. */
  flush(): void {
    if (this.#size > 0 || this.#cut) this.#emit();
  }

  /** Drops the line that is under way, and gives its room back. */
  forget(): void {
    this.#size = 0;
    this.#cut = false;
    this.#kept = new Uint8Array();
  }

  #emit(): void {
    const line = this.#kept.subarray(0, this.#size);
    const cut = this.#cut;
    this.forget();
    this.#onLine(line, cut);
  }

  #keep(part: Uint8Array): void {
    const room = this.#maxBytes - this.#size;
    if (part.length > room) this.#cut = true;
    const bytes = part.subarray(0, room);
    if (this.#size + bytes.length > this.#kept.length) {
      const next = new Uint8Array(Math.max(FIRST_BYTES, 2 * this.#kept.length, this.#size + bytes.length));
      next.set(this.#kept.subarray(0, this.#size));
      this.#kept = next;
    }
    this.#kept.set(bytes, this.#size);
    this.#size += bytes.length;
  }
}
