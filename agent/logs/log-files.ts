import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';

/** After so long without a read, a log's files are closed: hundreds of finished runs hold no descriptors. */
const IDLE_MS = 2000;

export type LogFile = 'out' | 'err' | 'order';

/** A run's files, opened for reading when they are first needed, and closed when nobody reads. */
export class LogFiles {
  readonly #folder: string;
  readonly #fds = new Map<LogFile, number>();
  #timer: NodeJS.Timeout | null = null;
  #using = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws ENOENT when the run's folder is gone. */
  fd(file: LogFile): number {
    const known = this.#fds.get(file);
    if (known !== undefined) return known;
    const fd = openSync(join(this.#folder, file), 'r');
    this.#fds.set(file, fd);
    this.#rest();
    return fd;
  }

  /** Keeps the files open while `work` waits for the disk. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#using += 1;
    try {
      return await work();
    } finally {
      this.#using -= 1;
      this.#rest();
    }
  }

  /** Closes them now. They open again by themselves. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#using > 0) return;
    for (const fd of this.#fds.values()) closeSync(fd);
    this.#fds.clear();
  }

  #rest(): void {
    if (this.#timer !== null) {
      this.#timer.refresh();
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      if (this.#using > 0) this.#rest();
      else this.close();
    }, IDLE_MS);
    this.#timer.unref();
  }
}
