import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { spawned } from './spawned.ts';
import { LIMIT_BLOCKS_PER_MB, WRAPPER } from './wrapper.ts';

/** What a wrapper is born with, whatever it will run. */
export interface Room {
  /** With the run's files in it, absolute. */
  folder: string;
  environment: Readonly<Record<string, string>>;
  /** Made for it; null without one. */
  cgroup: string | null;
  /** What is kept of each stream, in MiB; 0 = all. */
  outputLimitMb: number;
  boot: string;
}

/**
 * Starts a wrapper in a session of its own.
 * @param stdin the script's. @param words the order; null: it waits for one (`stdio[3]`).
 * @returns when it is there. @throws as the system says: nothing runs then.
 */
export async function spawnWrapper(room: Room, stdin: number | 'ignore', words: readonly string[] | null): Promise<ChildProcess> {
  const opened: number[] = [];
  const open = (name: string, flags: string): number => {
    const fd = openSync(join(room.folder, name), flags, 0o600);
    opened.push(fd);
    return fd;
  };
  try {
    const status = open('status', 'r+');
    const limit = String(room.outputLimitMb * LIMIT_BLOCKS_PER_MB);
    const child = spawn('/bin/sh', ['-c', WRAPPER, 'toru', room.boot, room.cgroup ?? '', limit, ...(words ?? [])], {
      cwd: room.folder,
      env: room.environment,
      detached: true,
      stdio: [stdin, status, status, words === null ? 'pipe' : 'ignore', 'ignore', open('out', 'a'), open('err', 'a')],
    });
    await spawned(child);
    // A run does not keep the agent alive, and its wrapper's later errors (there are none that matter) don't end it.
    child.on('error', () => undefined);
    child.unref();
    return child;
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
