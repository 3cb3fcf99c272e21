import { statfsSync } from 'node:fs';
import { ToruError } from '../../shared/errors.ts';

/** No new run begins with less room than this on the disk: the rest is for the runs under way and for the journal. */
export const MIN_FREE_BYTES = 64 * 1024 * 1024;

/** @throws ToruError disk_full when the disk that holds `folder` has too little room left. */
export function checkDisk(folder: string, minFree: number = MIN_FREE_BYTES): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free >= minFree) return;
  throw new ToruError(
    'disk_full',
    `The host’s disk is full: ${Math.floor(free / 1024 / 1024)} MB are left. Free some room, then try again.`,
  );
}

/** Does the error, of a file or of SQLite, come from a full disk? */
export function isDiskFull(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === 'ENOSPC' || code === 'EDQUOT' || code === 'SQLITE_FULL' || (typeof code === 'string' && code.startsWith('SQLITE_IOERR'));
}
