import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { spawned } from '../process/spawn.ts';
import type { Grouping } from './order.ts';
import { LIMIT_BLOCKS_PER_MB, RUN_WRAPPER, WRAPPER } from './wrapper.ts';

/** What a wrapper is born with, whatever it will run. */
export interface Room {
  /** With the run's files in it, absolute. */
  folder: string;
  environment: Readonly<Record<string, string>>;
  /** How its script will get a group of its own. */
  grouping: Grouping;
  /** Made for it; null without one. */
  cgroup: string | null;
  /** What is kept of each stream, in MiB; 0 = all. */
  outputLimitMb: number;
  boot: string;
}

/** Descriptors, or nothing. */
export interface ScriptInput {
  reader: number | 'ignore';
  writer: number | 'ignore';
}
export const NO_INPUT: ScriptInput = { reader: 'ignore', writer: 'ignore' };

/**
 * Starts a wrapper in a session of its own.
 * @param stdin the script's, and its writing end where viewers may type. @param words the order.
 * @returns when it is there: `orders` waits for its token. @throws as the system says: nothing runs then.
 */
export async function spawnWrapper(
  room: Room,
  stdin: ScriptInput,
  words: readonly string[],
): Promise<{ child: ChildProcess; orders: Socket }> {
  const opened: number[] = [];
  const open = (name: string, flags: string): number => {
    const fd = openSync(join(room.folder, name), flags, 0o600);
    opened.push(fd);
    return fd;
  };
  try {
    const status = open('status', 'r+');
    const limit = String(room.outputLimitMb * LIMIT_BLOCKS_PER_MB);
    const monitor = room.grouping.setsid === null ? 'monitor' : '';
    const child = spawn('/bin/sh', ['-c', RUN_WRAPPER, 'toru', room.boot, room.cgroup ?? '', limit, monitor, ...words], {
      cwd: room.folder,
      env: { ...room.environment, toru: WRAPPER },
      detached: true,
      stdio: [stdin.reader, status, status, 'pipe', stdin.writer, open('out', 'a'), open('err', 'a')],
    });
    await spawned(child);
    // A run does not keep the agent alive, and its wrapper's later errors (there are none that matter) don't end it.
    child.on('error', () => undefined);
    child.unref();
    const orders = child.stdio[3];
    if (!(orders instanceof Socket)) throw new TypeError('a pipe of a child process is a socket');
    // What is written to one that has just died says so here. It does not keep the agent alive.
    orders.on('error', () => undefined);
    orders.unref();
    return { child, orders };
  } finally {
    for (const fd of opened) closeSync(fd);
  }
}
