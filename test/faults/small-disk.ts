import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A disk that can be filled: a small tmpfs, where we may mount one. */
export interface SmallDisk {
  readonly folder: string;
  /** Takes so many MiB away from everybody else, or as many as there are left; gives them back with 0. */
  ballast(mib: number): void;
  remove(): void;
}

/** @returns null where nothing may be mounted: then the system's answer has to be injected. */
export function smallDisk(mib: number): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'toru-small-disk-'));
  if (!asRoot('mount', '-t', 'tmpfs', '-o', `size=${mib}m,mode=0700,uid=${process.getuid?.() ?? 0}`, 'tmpfs', folder)) {
    rmSync(folder, { recursive: true });
    return null;
  }
  return {
    folder,
    ballast: (wanted) => {
      try {
        writeFileSync(join(folder, 'ballast'), Buffer.alloc(wanted * 1024 * 1024, 1));
      } catch (error) {
        // Others write meanwhile: then the disk is full before all of it is taken.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
      }
    },
    remove: () => {
      asRoot('umount', '--lazy', folder);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function asRoot(command: string, ...args: string[]): boolean {
  const [file, all] = process.getuid?.() === 0 ? [command, args] : ['sudo', ['-n', command, ...args]];
  try {
    execFileSync(file, all, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
