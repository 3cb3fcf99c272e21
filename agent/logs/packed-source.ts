import { closeSync, read as readCallback, readSync } from 'node:fs';
import { promisify } from 'node:util';
import { gunzip as gunzipCallback, gunzipSync } from 'node:zlib';
import { DamagedOutput } from './damaged.ts';
import type { PackedIndex } from './packed-index.ts';
import { BLOCK_BYTES, readIndex, rebuildIndex } from './packed-index.ts';
import { openRegular } from './regular-file.ts';

const readAt = promisify(readCallback);
const gunzip = promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzipCallback);

/** Decoded blocks that are kept: the next read begins in the last one, and an excerpt looks into the one before. */
const KEPT_BLOCKS = 2;

/** A packed stream, as a `ByteSource`. A read decodes the blocks that it touches, away from the event loop, and no other. */
export class PackedSource {
  readonly #fd: number;
  readonly #index: PackedIndex;
  readonly #kept = new Map<number, Buffer>();
  readonly #damaged = new Set<number>();

  /**
   * @param rawBytes how many the file should hold: with that known, a file with a damaged index can be read. @throws ENOENT, DamagedOutput
   */
  static open(path: string, rawBytes: number | null = null): PackedSource {
    const fd = openRegular(path);
    try {
      return new PackedSource(fd, indexOf(fd, rawBytes));
    } catch (error) {
      closeSync(fd);
      throw new DamagedOutput(0, null, error);
    }
  }

  private constructor(fd: number, index: PackedIndex) {
    this.#fd = fd;
    this.#index = index;
  }

  /** How many raw bytes were packed. */
  get rawBytes(): number {
    return this.#index.rawBytes;
  }

  /** Null when the index was damaged. */
  get crc(): number | null {
    return this.#index.crc;
  }

  async read(at: number, length: number): Promise<Buffer> {
    const blocks = this.#blocksOf(at, length);
    const missing = blocks.filter((block) => !this.#kept.has(block));
    const decoded = new Map(blocks.flatMap((block) => this.#known(block)));
    const [first] = missing;
    const last = missing.at(-1);
    if (first !== undefined && last !== undefined) {
      const packed = Buffer.allocUnsafe(this.#start(last + 1) - this.#start(first));
      const { bytesRead } = await readAt(this.#fd, packed, 0, packed.length, this.#start(first));
      await Promise.all(
        missing.map(async (block) => {
          const member = packed
            .subarray(0, bytesRead)
            .subarray(this.#start(block) - this.#start(first), this.#start(block + 1) - this.#start(first));
          const bytes = await gunzip(member, { maxOutputLength: BLOCK_BYTES }).catch(() => null);
          this.#take(block, bytes, decoded);
        }),
      );
    }
    return this.#join(at, length, blocks, decoded);
  }

  readSync(at: number, length: number): Buffer {
    const blocks = this.#blocksOf(at, length);
    const decoded = new Map(blocks.flatMap((block) => this.#known(block)));
    for (const block of blocks) {
      if (decoded.has(block)) continue;
      const member = Buffer.allocUnsafe(this.#start(block + 1) - this.#start(block));
      const read = readSync(this.#fd, member, 0, member.length, this.#start(block));
      this.#take(block, tryGunzip(member.subarray(0, read)), decoded);
    }
    return this.#join(at, length, blocks, decoded);
  }

  pastDamage(at: number): number | null {
    const block = Math.floor(at / BLOCK_BYTES);
    return this.#damaged.has(block) ? this.#rawEnd(block) : null;
  }

  close(): void {
    closeSync(this.#fd);
  }

  #blocksOf(at: number, length: number): number[] {
    const end = Math.min(at + length, this.#index.rawBytes);
    const first = Math.floor(at / BLOCK_BYTES);
    return at >= end ? [] : Array.from({ length: Math.ceil(end / BLOCK_BYTES) - first }, (_, i) => first + i);
  }

  #known(block: number): [number, Buffer][] {
    const bytes = this.#kept.get(block);
    return bytes === undefined ? [] : [[block, bytes]];
  }

  #take(block: number, bytes: Buffer | null, decoded: Map<number, Buffer>): void {
    if (bytes === null || bytes.length !== this.#rawEnd(block) - block * BLOCK_BYTES) this.#damaged.add(block);
    else decoded.set(block, bytes);
  }

  /** The requested bytes, up to the first block that could not be decoded. */
  #join(at: number, length: number, blocks: readonly number[], decoded: ReadonlyMap<number, Buffer>): Buffer {
    const parts: Buffer[] = [];
    for (const block of blocks) {
      const bytes = decoded.get(block);
      if (bytes === undefined) break;
      const begin = block * BLOCK_BYTES;
      parts.push(bytes.subarray(Math.max(0, at - begin), Math.max(0, at + length - begin)));
    }
    for (const block of blocks.slice(-KEPT_BLOCKS)) {
      const bytes = decoded.get(block);
      this.#kept.delete(block);
      if (bytes !== undefined) this.#kept.set(block, bytes);
    }
    for (const block of this.#kept.keys()) if (this.#kept.size > KEPT_BLOCKS) this.#kept.delete(block);
    const [only] = parts;
    return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
  }

  #start(block: number): number {
    return this.#index.starts[block] ?? 0;
  }

  #rawEnd(block: number): number {
    return Math.min((block + 1) * BLOCK_BYTES, this.#index.rawBytes);
  }
}

function indexOf(fd: number, rawBytes: number | null): PackedIndex {
  try {
    return readIndex(fd);
  } catch (error) {
    if (rawBytes === null) throw error;
    return rebuildIndex(fd, rawBytes);
  }
}

function tryGunzip(member: Buffer): Buffer | null {
  try {
    return gunzipSync(member, { maxOutputLength: BLOCK_BYTES });
  } catch {
    return null;
  }
}
