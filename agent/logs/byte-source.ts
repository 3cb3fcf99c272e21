import { closeSync, read as readCallback, readSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PackedSource } from './packed-source.ts';
import { openRegular } from './regular-file.ts';

const readAt = promisify(readCallback);

export type StreamFile = 'out' | 'err';

/** The bytes of one stream of a run by their place in it, in whichever form they are on the disk. */
export interface ByteSource {
  /**
   * Reads fewer bytes than requested where the file ends, and before a damaged place.
   * @param into memory that may be read into instead of new one.
   */
  read(at: number, length: number, into?: Buffer): Promise<Buffer>;
  readSync(at: number, length: number): Buffer;
  /** Where a damaged place that a read has come to ends; null when there is none at `at`. */
  pastDamage(at: number): number | null;
  close(): void;
}

/**
 * Opens the raw file as the pumps wrote it or, when that is gone, the packed one. Both may be there (pack.ts), with the same bytes.
 * @param bytes how long the stream is. @throws ENOENT when neither is there, DamagedOutput when the packed one can't be read.
 */
export function openSource(folder: string, file: StreamFile, bytes: number): ByteSource {
  const raw = join(folder, file);
  try {
    return new RawSource(openRegular(raw));
  } catch (error) {
    if (!isMissing(error)) throw error;
    return PackedSource.open(packedPath(folder, file), bytes);
  }
}

/** Beside `out` and `err`: any gzip reads it. */
export function packedPath(folder: string, file: StreamFile): string {
  return join(folder, `${file}.gz`);
}

export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

class RawSource implements ByteSource {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  async read(at: number, length: number, into?: Buffer): Promise<Buffer> {
    const bytes = into !== undefined && into.length >= length ? into : Buffer.allocUnsafe(length);
    const { bytesRead } = await readAt(this.#fd, bytes, 0, length, at);
    return bytes.subarray(0, bytesRead);
  }

  readSync(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    return bytes.subarray(0, readSync(this.#fd, bytes, 0, length, at));
  }

  pastDamage(): null {
    return null;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
