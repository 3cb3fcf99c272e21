import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open } from 'node:fs/promises';

const NEVER_WAIT = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/**
 * Opens a file of a run, which that run's script could have replaced: by a pipe, at which every reader would wait for ever and the
 * process with it, or by a link to something else.
 * @returns a descriptor. @throws ENOENT also when the path is no regular file any more: what the run wrote is gone.
 */
export function openRegular(path: string, access: 'r' | 'r+' = 'r'): number {
  const fd = openNow(path, access === 'r' ? constants.O_RDONLY : constants.O_RDWR);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw gone(path);
}

/** Reads a full file as `openRegular` opens it. */
export function readRegular(path: string, encoding: 'latin1' | 'utf8'): string {
  const fd = openRegular(path);
  try {
    return readFileSync(fd, encoding);
  } finally {
    closeSync(fd);
  }
}

/** Opens a file to be read away from the event loop. @throws another error than ENOENT when it is no regular file: then it is not packed. */
export async function openRegularHandle(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | NEVER_WAIT);
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path} is no regular file`);
}

function openNow(path: string, access: number): number {
  try {
    return openSync(path, access | NEVER_WAIT);
  } catch (error) {
    throw translated(path, error);
  }
}

/** The codes of a link, a folder or a socket become ENOENT. */
function translated(path: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ELOOP' || code === 'EMLINK' || code === 'EISDIR' || code === 'ENXIO' ? gone(path, error) : error;
}

function gone(path: string, cause?: unknown): Error {
  return Object.assign(new Error(`${path} is no regular file`, { cause }), { code: 'ENOENT' });
}
