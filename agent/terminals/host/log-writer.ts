import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { SEGMENT_BYTES } from '../../../shared/terminal-limits.ts';
import { incompleteTail } from '../../../shared/utf8.ts';
import { firstKept, lengthOnDisk, logFolder, segmentFile, segmentOf } from '../segments.ts';

/** Appends to a terminal's log, and removes what is older than what is kept. */
export class LogWriter {
  readonly #folder: string;
  #fd: number | null = null;
  #segment = -1;
  #length: number;
  /** The last bytes, for whether a character is complete. */
  #last: Buffer = Buffer.alloc(0);

  /** @param folder the terminal's; a log that is there is continued. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(logFolder(folder), { recursive: true, mode: 0o700 });
    this.#length = lengthOnDisk(folder);
  }

  /** How many bytes it has. */
  get length(): number {
    return this.#length;
  }

  /** Up to the last complete character. */
  get end(): number {
    return this.#length - incompleteTail(this.#last);
  }

  /** @returns how many of the bytes were written: fewer on a full disk. */
  append(bytes: Buffer): number {
    let done = 0;
    try {
      while (done < bytes.length) {
        const fd = this.#open();
        const room = SEGMENT_BYTES - (this.#length % SEGMENT_BYTES);
        const written = writeSync(fd, bytes, done, Math.min(room, bytes.length - done));
        done += written;
        this.#length += written;
      }
    } catch {
      // The disk is full, or broken: the caller keeps the rest, and tries again.
    }
    this.#last =
      done >= 3 ? Buffer.from(bytes.subarray(done - 3, done)) : Buffer.concat([this.#last, bytes.subarray(0, done)]).subarray(-3);
    return done;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
    this.#segment = -1;
  }

  #open(): number {
    const segment = segmentOf(this.#length);
    if (this.#fd !== null && this.#segment === segment) return this.#fd;
    this.close();
    const fd = openSync(segmentFile(this.#folder, segment), 'a', 0o600);
    this.#fd = fd;
    this.#segment = segment;
    const first = firstKept(this.#length);
    if (first > 0) rmSync(segmentFile(this.#folder, first - 1), { force: true });
    return fd;
  }
}
