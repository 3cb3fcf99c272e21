/** Ctrl-]: leaves at once, wherever it is typed. */
const LEAVE = 0x1d;
const TILDE = 0x7e;
const DOT = 0x2e;
const LINE_ENDS = new Set([0x0d, 0x0a]);

/**
 * What is typed into a terminal, without the keys that leave it: Ctrl-], and `~.` at the beginning of a line; `~~` there is one tilde. As
 * ssh has it.
 */
export class DetachKeys {
  #lineStart = true;
  #tilde = false;

  /** @returns what is to be passed on, and whether to leave. */
  take(typed: Buffer): { data: Buffer; leave: boolean } {
    const out: number[] = [];
    for (const byte of typed) {
      if (byte === LEAVE) return { data: Buffer.from(out), leave: true };
      if (this.#tilde) {
        this.#tilde = false;
        if (byte === DOT) return { data: Buffer.from(out), leave: true };
        out.push(TILDE);
        if (byte === TILDE) continue;
      } else if (byte === TILDE && this.#lineStart) {
        this.#tilde = true;
        this.#lineStart = false;
        continue;
      }
      out.push(byte);
      this.#lineStart = LINE_ENDS.has(byte);
    }
    return { data: Buffer.from(out), leave: false };
  }
}
