/** Opcodes from 8 on are control frames (RFC 6455, section 5.2). */
const FIRST_CONTROL_OPCODE = 8;
const CLOSE_OPCODE = 8;
const LONGEST_HEADER = 14;
/** As long as the shortest message that means something, a heartbeat. */
const SMALL = 15;
const NOTHING: Buffer = Buffer.alloc(0);

/**
 * Cuts a WebSocket message from a client after `cap` bytes. workerd drops a message above 32 MiB without a word: neither
 * an answer nor a close. Cut to a size that the edge refuses by name, it gets its error, and the socket lives.
 *
 * Only headers are read; payloads pass as they come, or not at all. Nothing is kept but a header that is not whole yet
 * (at most 14 bytes). Extensions must be off: a compressed message can't be cut.
 */
export class FrameCap {
  readonly #cap: number;
  readonly #closing: () => void;
  #header: Buffer = NOTHING;
  /** Of the frame under way: bytes that still pass, and bytes after them that do not. */
  #pass = 0;
  #drop = 0;
  /** Of the message under way, in all its frames. */
  #passed = 0;
  #small = 0;

  /** @param closing called when the client's Close frame begins: it will say nothing more. */
  constructor(cap: number, closing: () => void) {
    this.#cap = cap;
    this.#closing = closing;
  }

  /** How many small frames began since this was asked last: control frames, heartbeats, nearly empty pieces of a message. */
  takeSmall(): number {
    const small = this.#small;
    this.#small = 0;
    return small;
  }

  /** @returns what of it goes on, in order: parts of the chunk itself, mostly all of it in one. */
  pass(chunk: Buffer): Buffer[] {
    const out: Buffer[] = [];
    // What lies between `from` and `at` goes on as it came.
    let from = 0;
    let at = 0;
    const upToHere = (): void => {
      if (at > from) out.push(chunk.subarray(from, at));
    };
    while (at < chunk.length) {
      if (this.#pass > 0) {
        const taken = Math.min(this.#pass, chunk.length - at);
        this.#pass -= taken;
        at += taken;
      } else if (this.#drop > 0) {
        upToHere();
        const taken = Math.min(this.#drop, chunk.length - at);
        this.#drop -= taken;
        at += taken;
        from = at;
      } else {
        const before = this.#header.length;
        const next = chunk.subarray(at, at + LONGEST_HEADER - before);
        const seen = before === 0 ? next : Buffer.concat([this.#header, next]);
        const size = headerSize(seen);
        if (size === null || seen.length < size) {
          upToHere();
          // A copy: the chunk's memory is not ours to keep.
          this.#header = Buffer.from(seen);
          return out;
        }
        const header = seen.subarray(0, size);
        const passed = this.#begin(header);
        if (before > 0 || passed !== header) {
          upToHere();
          out.push(passed);
          from = at + size - before;
          this.#header = NOTHING;
        }
        at += size - before;
      }
    }
    upToHere();
    return out;
  }

  /** @returns the header that goes on: the same, or a longer one that says a smaller length. */
  #begin(header: Buffer): Buffer {
    const [first = 0] = header;
    const length = lengthOf(header);
    const opcode = first & 0x0f;
    if (opcode === CLOSE_OPCODE) this.#closing();
    if (opcode >= FIRST_CONTROL_OPCODE || length <= SMALL) this.#small += 1;
    if (opcode >= FIRST_CONTROL_OPCODE) {
      this.#pass = length;
      return header;
    }
    this.#pass = Math.min(length, this.#cap - this.#passed);
    this.#drop = length - this.#pass;
    const last = (first & 0x80) !== 0;
    this.#passed = last ? 0 : this.#passed + this.#pass;
    return this.#drop === 0 ? header : withLength(header, this.#pass);
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
