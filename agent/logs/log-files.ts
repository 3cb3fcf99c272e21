import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { getOrInsert } from '../../shared/get-or-insert.ts';
import type { ByteSource, StreamFile } from './byte-source.ts';
import { openSource } from './byte-source.ts';
import { openRegular } from './regular-file.ts';

/** A log's files are closed when nobody has read them for so long: hundreds of finished runs hold no descriptors. */
const IDLE_MS = 2000;

/** A run's files, opened for reading when they are first needed, and closed when nobody reads. */
export class LogFiles {
  readonly #folder: string;
  readonly #sources = new Map<StreamFile, ByteSource>();
  #order: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #using = 0;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Does somebody read, or has somebody read a moment ago? */
  get open(): boolean {
    return this.#order !== null || this.#sources.size > 0;
  }

  /** The descriptor of `order`. @throws ENOENT when the run's folder is gone. */
  order(): number {
    if (this.#order !== null) return this.#order;
    this.#order = openRegular(join(this.#folder, 'order'));
    this.#rest();
    return this.#order;
  }

  /** @param bytes how long the stream is. @throws ENOENT when the run's folder is gone, DamagedOutput. */
  source(file: StreamFile, bytes: number): ByteSource {
    return getOrInsert(this.#sources, file, () => {
      const source = openSource(this.#folder, file, bytes);
      this.#rest();
      return source;
    });
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

  /** Closes the files now. The next read opens them again. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#using > 0) return;
    if (this.#order !== null) closeSync(this.#order);
    this.#order = null;
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
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
