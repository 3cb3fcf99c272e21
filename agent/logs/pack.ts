import type { FileHandle } from 'node:fs/promises';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { crc32, gzip as gzipCallback } from 'node:zlib';
import type { StreamFile } from './byte-source.ts';
import { isMissing, packedPath } from './byte-source.ts';
import { BLOCK_BYTES, encodeIndex } from './packed-index.ts';
import { PackedSource } from './packed-source.ts';
import { openRegularHandle } from './regular-file.ts';

const gzip = promisify<Buffer, { level: number }, Buffer>(gzipCallback);

/** Of log lines, level 3 leaves 27 %, level 6 leaves 24 % in twice the time, and level 1 28 % in 85 % of it. */
const LEVEL = 3;
/** Smaller files stay as they are: a file system gives them room by the 4 KiB. */
export const SMALLEST_PACKED = 16 * 1024;
/** A file that would become less than a tenth smaller is not packed: that is not worth the decoding. */
const WORTH_IT = 0.9;
/** Raw bytes between two pauses. */
const STEP_BYTES = 8 * BLOCK_BYTES;
/** The packed file is synced after so many bytes, so that no long fsync at the end holds up the journal's. */
const SYNC_BYTES = 4 * 1024 * 1024;

/** The outcome for one file: `later` when somebody still writes to it. */
export type PackOutcome = 'packed' | 'kept' | 'later';

/**
 * Puts a packed file in the place of a raw one, when nobody has written to the raw one since `quietSince` (ms since 1970). The raw
 * file stays until the packed one is complete on the disk, has been read back, and has its name: a crash at any step leaves one of
 * the two or both, and the next call finishes the work. Readers that hold the raw file go on with it.
 * @param pause called after each step of at most a megabyte; what it throws ends the work and leaves the raw file.
 */
export async function packFile(folder: string, file: StreamFile, quietSince: number, pause: () => Promise<void>): Promise<PackOutcome> {
  const raw = await openRegularHandle(join(folder, file)).catch((error: unknown) => {
    if (isMissing(error)) return null;
    throw error;
  });
  if (raw === null) return 'kept';
  const temporary = join(folder, `.${file}.gz`);
  try {
    const before = await raw.stat();
    if (before.mtimeMs > quietSince) return 'later';
    if (before.size < SMALLEST_PACKED) return 'kept';
    const { bytes, crc } = await writePacked(raw, before.size, temporary, pause);
    if (bytes > before.size * WORTH_IT) return 'kept';
    await verify(temporary, before.size, crc, pause);
    const after = await raw.stat();
    if (after.size !== before.size || after.mtimeMs !== before.mtimeMs) return 'later';
    await rename(temporary, packedPath(folder, file));
    await syncFolder(folder);
    await rm(join(folder, file));
    return 'packed';
  } finally {
    await raw.close();
    await rm(temporary, { force: true });
  }
}

/** @returns the size of the packed file, and the CRC-32 of the raw bytes. */
async function writePacked(
  raw: FileHandle,
  size: number,
  path: string,
  pause: () => Promise<void>,
): Promise<{ bytes: number; crc: number }> {
  const packed = await open(path, 'w', 0o600);
  try {
    const step = Buffer.allocUnsafe(Math.min(STEP_BYTES, size));
    const lengths: number[] = [];
    let crc = 0;
    let bytes = 0;
    let synced = 0;
    for (let at = 0; at < size; ) {
      const { bytesRead } = await raw.read(step, 0, Math.min(step.length, size - at), at);
      if (bytesRead === 0) throw new Error(`${path}: its raw file has become shorter`);
      // A read may bring less than requested, and only the last block may be shorter than the others.
      const usable = at + bytesRead === size ? bytesRead : bytesRead - (bytesRead % BLOCK_BYTES);
      if (usable === 0) throw new Error(`${path}: its raw file can’t be read in blocks`);
      const members: Buffer[] = [];
      for (let begin = 0; begin < usable; begin += BLOCK_BYTES) {
        const block = step.subarray(begin, Math.min(begin + BLOCK_BYTES, usable));
        crc = crc32(block, crc);
        const member = await gzip(block, { level: LEVEL });
        lengths.push(member.length);
        bytes += member.length;
        members.push(member);
      }
      await packed.writeFile(Buffer.concat(members));
      at += usable;
      if (bytes - synced >= SYNC_BYTES) {
        await packed.datasync();
        synced = bytes;
      }
      await pause();
    }
    const index = encodeIndex(lengths, size, crc);
    await packed.writeFile(index);
    await packed.sync();
    return { bytes: bytes + index.length, crc };
  } finally {
    await packed.close();
  }
}

/** Reads a packed file as every reader does. @throws when the bytes are not those that were put in. */
async function verify(path: string, size: number, crc: number, pause: () => Promise<void>): Promise<void> {
  const source = PackedSource.open(path);
  try {
    let found = 0;
    for (let at = 0; at < size; ) {
      // One block at a time: several would be decoded at once.
      const bytes = await source.read(at, BLOCK_BYTES);
      if (bytes.length === 0) break;
      found = crc32(bytes, found);
      at += bytes.length;
      if (at % STEP_BYTES === 0) await pause();
    }
    if (source.rawBytes !== size || source.crc !== crc || found !== crc) throw new Error(`${path} does not hold what was put into it`);
  } finally {
    source.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  await handle.sync().finally(() => handle.close());
}
