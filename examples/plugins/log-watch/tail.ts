import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as sleep } from 'node:timers/promises';

const EVERY_MS = 250;
const CHUNK = 64 * 1024;
/** Of one line: what is longer is cut. */
const MAX_LINE = 4096;

/**
 * The lines that are added to a file from now on, over its rotation, until the signal aborts.
 * A file that is not there yet is waited for, and read from its beginning.
 */
export async function* tail(path: string, signal: AbortSignal): AsyncGenerator<string> {
  let file = await openQuietly(path);
  let at = file === null ? 0 : (await file.stat()).size;
  let rest = '';
  let decoder = new StringDecoder('utf8');
  try {
    while (!signal.aborted) {
      const read = file === null ? 0 : await readSome(file, at);
      if (typeof read !== 'number') {
        at += read.length;
        const lines = (rest + decoder.write(read)).split('\n');
        rest = (lines.pop() ?? '').slice(0, MAX_LINE);
        yield* lines.map((line) => line.slice(0, MAX_LINE));
        continue;
      }
      if (file === null || (await isReplaced(path, file, at))) {
        await file?.close();
        file = await openQuietly(path);
        at = 0;
        rest = '';
        decoder = new StringDecoder('utf8');
        if (file !== null) continue;
      }
      await sleep(EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  } finally {
    await file?.close();
  }
}

async function openQuietly(path: string): Promise<FileHandle | null> {
  return open(path, 'r').catch(() => null);
}

/** @returns 0 when nothing is there. */
async function readSome(file: FileHandle, at: number): Promise<Buffer | 0> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, CHUNK, at);
  return bytesRead === 0 ? 0 : buffer.subarray(0, bytesRead);
}

/** Another file has its name now, or it was cut and begins again. */
async function isReplaced(path: string, file: FileHandle, at: number): Promise<boolean> {
  const [own, named] = await Promise.all([file.stat(), stat(path).catch(() => null)]);
  return named !== null && (named.ino !== own.ino || named.dev !== own.dev || own.size < at);
}
