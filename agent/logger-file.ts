import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

const MAX_BYTES = 10 * 1024 * 1024;
const KEEP = 5;

/** `agent.log`, and `agent.log.1` (newer) to `agent.log.5` (older). Written at once: the last line before a crash is there. */
export class LogFile {
  readonly #file: string;
  readonly #maxBytes: number;
  readonly #keep: number;
  #fd: number;
  #size: number;

  constructor(file: string, options: { maxBytes?: number; keep?: number } = {}) {
    this.#file = file;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#keep = options.keep ?? KEEP;
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#fd = openSync(file, 'a', 0o600);
    this.#size = fstatSync(this.#fd).size;
  }

  /** One line with its newline. A line that can't be written (a full disk) is lost: the agent goes on without it. */
  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      if (this.#size > 0 && this.#size + bytes.length > this.#maxBytes) this.#rotate();
      writeSync(this.#fd, bytes);
      this.#size += bytes.length;
    } catch {
      // Nowhere left to say it.
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #rotate(): void {
    for (let age = this.#keep; age > 0; age -= 1) {
      try {
        renameSync(age === 1 ? this.#file : `${this.#file}.${age - 1}`, `${this.#file}.${age}`);
      } catch (error) {
        // Not that many yet.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      }
    }
    const next = openSync(this.#file, 'a', 0o600);
    closeSync(this.#fd);
    this.#fd = next;
    this.#size = fstatSync(next).size;
  }
}
