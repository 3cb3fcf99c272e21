import { MAX_OUTPUT_FRAME } from '../../shared/limits.ts';
import type { Utf8Text } from '../../shared/utf8.ts';

/** A full frame of lines with its escapes; one that is longer gets memory of its own. */
const KEPT_BYTES = 2 * MAX_OUTPUT_FRAME;

/**
 * Text messages as the bytes that the link sends. They are written into the same memory again as soon as the kernel has all
 * that was sent before: in a flood, new memory for each of them kept V8 collecting, and the kernel clearing pages.
 */
export class MessageBytes {
  readonly #socket: { readonly bufferedAmount: number };
  #kept: Buffer | null = null;

  /** @param socket what they are sent on at once, and nothing else writes there what this gave. */
  constructor(socket: { readonly bufferedAmount: number }) {
    this.#socket = socket;
  }

  /** `topic NUL text`, good until the next call. */
  utf8(topic: string, { utf8 }: Utf8Text): Buffer {
    const length = topic.length + 1 + utf8.length;
    const bytes = this.#memory(length);
    bytes.write(topic, 'latin1');
    bytes[topic.length] = 0;
    bytes.write(utf8, topic.length + 1, 'latin1');
    return bytes;
  }

  #memory(length: number): Buffer {
    if (length > KEPT_BYTES || this.#socket.bufferedAmount > 0) return Buffer.allocUnsafe(length);
    this.#kept ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
    return this.#kept.subarray(0, length);
  }
}
