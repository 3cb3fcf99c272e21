import type { TransformCallback } from 'node:stream';
import { Transform } from 'node:stream';

/** Opcodes from 8 on are control frames (RFC 6455, section 5.2). */
const FIRST_CONTROL_OPCODE = 8;
const CLOSE_OPCODE = 8;

/**
 * Cuts a WebSocket message from a client after `cap` bytes. workerd drops a message above 32 MiB without a word: neither
 * an answer nor a close. Cut to a size that the edge refuses by name, it gets its error, and the socket lives.
 *
 * Only headers are read; payloads pass as they come, or not at all. Nothing is kept but a header that is not whole yet
 * (at most 14 bytes). Extensions must be off: a compressed message can't be cut.
 */
export class FrameCap extends Transform {
  readonly #cap: number;
  readonly #closing: () => void;
  #header: Buffer = Buffer.alloc(0);
  /** Of the frame under way: bytes that still pass, and bytes after them that do not. */
  #pass = 0;
  #drop = 0;
  /** Of the message under way, in all its frames. */
  #passed = 0;

  /** @param closing called when the client's Close frame begins: it will say nothing more. */
  constructor(cap: number, closing: () => void) {
    super();
    this.#cap = cap;
    this.#closing = closing;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#pass > 0) {
        this.push(rest.subarray(0, this.#pass));
        rest = this.#past(rest, this.#pass, 'pass');
      } else if (this.#drop > 0) {
        rest = this.#past(rest, this.#drop, 'drop');
      } else {
        rest = this.#readHeader(rest);
      }
    }
    done();
  }

  #past(rest: Buffer, wanted: number, of: 'pass' | 'drop'): Buffer {
    const taken = Math.min(wanted, rest.length);
    if (of === 'pass') this.#pass -= taken;
    else this.#drop -= taken;
    return rest.subarray(taken);
  }

  /** Takes what a header needs, and when it is whole, sends it on with the length that may pass. @returns what follows it. */
  #readHeader(rest: Buffer): Buffer {
    const before = this.#header.length;
    const seen = Buffer.concat([this.#header, rest.subarray(0, 14 - before)]);
    const size = headerSize(seen);
    if (size === null || seen.length < size) {
      this.#header = seen;
      return rest.subarray(seen.length - before);
    }
    this.#header = Buffer.alloc(0);
    this.#begin(seen.subarray(0, size));
    return rest.subarray(size - before);
  }

  #begin(header: Buffer): void {
    const [first = 0] = header;
    const length = lengthOf(header);
    const opcode = first & 0x0f;
    if (opcode === CLOSE_OPCODE) this.#closing();
    if (opcode >= FIRST_CONTROL_OPCODE) {
      this.#pass = length;
      this.push(header);
      return;
    }
    this.#pass = Math.min(length, this.#cap - this.#passed);
    this.#drop = length - this.#pass;
    this.push(this.#drop === 0 ? header : withLength(header, this.#pass));
    const last = (first & 0x80) !== 0;
    this.#passed = last ? 0 : this.#passed + this.#pass;
  }
}

/** Null while the two bytes that tell are not there. */
function headerSize(bytes: Buffer): number | null {
  const second = bytes[1];
  if (second === undefined) return null;
  const short = second & 0x7f;
  return 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
}

function lengthOf(header: Buffer): number {
  const short = (header[1] ?? 0) & 0x7f;
  return short === 126 ? header.readUInt16BE(2) : short === 127 ? Number(header.readBigUInt64BE(2)) : short;
}

/** The same header for a shorter payload. The mask goes by position, so what passes needs no other one. */
function withLength(header: Buffer, length: number): Buffer {
  const [first = 0, second = 0] = header;
  const masked = second & 0x80;
  const prefix = Buffer.alloc(10);
  prefix[0] = first;
  prefix[1] = masked | 127;
  prefix.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([prefix, masked === 0 ? Buffer.alloc(0) : header.subarray(header.length - 4)]);
}
