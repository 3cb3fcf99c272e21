import type { FileHandle } from 'node:fs/promises';
import { streamed } from '../http/streamed.ts';

const PART = 64 * 1024;

/**
 * A file as a download of this name. It is opened when its reader takes the first bytes: nobody may ever read a body, as of HEAD, and an
 * open file that is forgotten ends the process.
 * @param size in bytes, as the head says it.
 */
export function downloadOf(open: () => Promise<FileHandle>, size: number, name: string): Response {
  const headers = {
    'content-type': 'application/octet-stream',
    'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(name.toWellFormed())}`,
    'content-length': String(size),
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  };
  return new Response(streamOf(open, size), { headers });
}

/** The first bytes of a file, `size` of them, as its reader takes them. A file that grows meanwhile is read as far as that. */
export function streamOf(open: () => Promise<FileHandle>, size: number): ReadableStream<Uint8Array> {
  return streamed(partsOf(open, size));
}

async function* partsOf(open: () => Promise<FileHandle>, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await open();
  try {
    for (let at = 0; at < size; ) {
      const buffer = new Uint8Array(Math.min(PART, size - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) throw new Error('the file became shorter while it was read');
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
