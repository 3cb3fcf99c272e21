import { writeSync } from 'node:fs';
import { MAX_WAITING_INPUT } from '../../shared/terminal-limits.ts';

/** A program that reads nothing is looked at again after so long, and then less often. */
const AGAIN_MS = 2;
const MOST_MS = 50;

/** What was typed and not read yet. Bounded: what does not fit is refused, never dropped. */
export class InputQueue {
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #wait = AGAIN_MS;
  #closed = false;

  /** @param fd of the pty, which does not block. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** @returns false when it is too much: none of it is typed then. */
  push(bytes: Buffer): boolean {
    if (this.#closed || this.#bytes + bytes.length > MAX_WAITING_INPUT) return false;
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (this.#timer === null) this.#write();
    return true;
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting = [];
  }

  #write(): void {
    this.#timer = null;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const written = this.#writeSome(first);
      if (written === null) return this.close();
      this.#bytes -= written;
      if (written > 0) this.#wait = AGAIN_MS;
      if (written === first.length) this.#waiting.shift();
      else {
        this.#waiting[0] = first.subarray(written);
        this.#timer = setTimeout(() => this.#write(), this.#wait);
        this.#wait = Math.min(MOST_MS, this.#wait * 2);
        return;
      }
    }
  }

  /** @returns null when the pty is gone. */
  #writeSome(bytes: Buffer): number | null {
    try {
      return writeSync(this.#fd, bytes);
    } catch (error) {
      return error instanceof Error && 'code' in error && error.code === 'EAGAIN' ? 0 : null;
    }
  }
}
