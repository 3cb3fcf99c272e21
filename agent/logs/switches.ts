import { closeSync, existsSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { openRegular } from './regular-file.ts';

export type Stream = 'out' | 'err';

/** The file that the native runner writes while a script prints into both streams: see Switches. */
export const SWITCHES_FILE = 'switches';

/** A switch is two 64-bit numbers, little-endian. */
const SWITCH_BYTES = 16;
const READ_SWITCHES = 4096;

/**
 * The order of a run's two streams as its native runner saw it. `out` comes first, and each record says how long both streams were
 * when the other one went on. A record is written before the bytes that it describes. Scripts of the same user can write into the
 * file: from the first record on that makes no sense, nothing is known.
 */
export class Switches {
  readonly #path: string;
  #fd: number | null = null;
  #broken = false;
  #count = 0;
  #last = { out: 0, err: 0 };

  /** @param folder the run's. Nothing is opened yet: most runs print into one stream. */
  constructor(folder: string) {
    this.#path = join(folder, SWITCHES_FILE);
  }

  /** To be called when `err` has grown: by then the file is there, or never will be. */
  open(): void {
    if (this.#fd !== null || this.#broken || !existsSync(this.#path)) return;
    try {
      this.#fd = openRegular(this.#path);
    } catch {
      this.#broken = true;
    }
  }

  /** Does the file say which stream came first? */
  get known(): boolean {
    return this.#fd !== null && !this.#broken;
  }

  /**
   * Which stream grew how far, one after the other. The last record comes again with the next call, earlier ones do not.
   * @param until how far each stream can be taken.
   */
  *stretches(until: Readonly<Record<Stream, number>>): Generator<{ stream: Stream; to: number }, void> {
    while (this.known) {
      const records = this.#read();
      for (let at = 0; at < records.length; at += SWITCH_BYTES) {
        const next = { out: Number(records.readBigUInt64LE(at)), err: Number(records.readBigUInt64LE(at + 8)) };
        if (next.out < this.#last.out || next.err < this.#last.err) {
          this.#broken = true;
          return;
        }
        yield { stream: this.#active, to: next[this.#active] };
        if (next.out > until.out || next.err > until.err) return;
        this.#count += 1;
        this.#last = next;
      }
      if (records.length > 0) continue;
      yield { stream: this.#active, to: until[this.#active] };
      return;
    }
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  get #active(): Stream {
    return this.#count % 2 === 0 ? 'out' : 'err';
  }

  #read(): Buffer {
    if (this.#fd === null) return Buffer.alloc(0);
    const bytes = Buffer.allocUnsafe(READ_SWITCHES * SWITCH_BYTES);
    const read = readSync(this.#fd, bytes, 0, bytes.length, this.#count * SWITCH_BYTES);
    return bytes.subarray(0, read - (read % SWITCH_BYTES));
  }
}
