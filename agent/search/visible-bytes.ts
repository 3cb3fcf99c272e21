import { Parser, type Sink } from '../../shared/terminal/parser.ts';

/** A stretch of visible bytes: where it begins among them, and in the stream. */
export interface Stretch {
  at: number;
  from: number;
}

const ESC = 0x1b;
/** A step to the right is a gap that somebody sees; no gap is wider than this. */
const MAX_GAP = 512;

/**
 * Takes what only a terminal understands out of a stream of bytes: what is left is what somebody reads, and can look for. The
 * parser has the bytes as characters of latin1, so that places are offsets in bytes.
 */
export class VisibleBytes implements Sink {
  readonly #parser = new Parser(this, { bytes: true });
  #pieces: string[] = [];
  #stretches: Stretch[] = [];
  #length = 0;
  #base = 0;
  /** Where the last stretch would go on, in the stream. */
  #next = -1;

  /**
   * @param bytes the next ones. @param from where they begin in the stream.
   * @returns what is visible of them, and in which stretches of the stream it stands, in their order.
   */
  read(bytes: Uint8Array, from: number): { visible: Uint8Array; stretches: Stretch[] } {
    if (this.#parser.idle && !bytes.includes(ESC)) return { visible: bytes, stretches: [{ at: 0, from }] };
    this.#pieces = [];
    this.#stretches = [];
    this.#length = 0;
    this.#base = from;
    this.#next = -1;
    this.#parser.feed(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    return { visible: Buffer.from(this.#pieces.join(''), 'latin1'), stretches: this.#stretches };
  }

  text(text: string, at: number): void {
    const from = this.#base + Math.max(0, at);
    if (from !== this.#next) this.#stretches.push({ at: this.#length, from });
    this.#pieces.push(text);
    this.#length += text.length;
    this.#next = from + text.length;
  }

  control(char: string, at: number): void {
    this.text(char, at);
  }

  csi(params: string, final: string, at: number): void {
    if (final !== 'C' || !/^\d*$/.test(params)) return;
    this.text(' '.repeat(Math.min(MAX_GAP, Math.max(1, Number(params)))), at);
    this.#next = -1;
  }

  escape(): void {
    // Nothing to be read.
  }

  osc(): void {
    // Nothing to be read.
  }
}
