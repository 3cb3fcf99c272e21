import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A run's own cgroup v2: who is born in it can't leave it, whatever becomes of its group, session, parent and environment.
 * https://docs.kernel.org/admin-guide/cgroup-v2.html
 */

/** A process in uninterruptible sleep neither freezes nor dies: it is waited for so long. */
const FREEZE_MS = 100;
const KILL_MS = 2000;
const LOOK_MS = 2;

/** The cgroup2 that a process is in, as a folder that we can reach. @param pid ours by default. Null where there is none. */
export function cgroupOf(pid: number | 'self' = 'self'): string | null {
  try {
    const path = /^0::(\/.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
    const [, root, mount] = /^\S+ \S+ \S+ (\S+) (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8')) ?? [];
    if (path === undefined || root === undefined || mount === undefined) return null;
    // In a container without a namespace of its own, the mount shows only a part of the tree.
    const below = root === '/' ? path : path === root || path.startsWith(`${root}/`) ? path.slice(root.length) : null;
    return below === null || below.split('/').includes('..') ? null : join(mount, below);
  } catch {
    return null;
  }
}

/** The processes in it and in what was made below it. Empty when it is gone. */
export function membersOf(cgroup: string): number[] {
  const found: number[] = [];
  try {
    for (const line of readFileSync(join(cgroup, 'cgroup.procs'), 'latin1').split('\n')) if (Number(line) > 0) found.push(Number(line));
    for (const entry of readdirSync(cgroup, { withFileTypes: true }))
      if (entry.isDirectory()) found.push(...membersOf(join(cgroup, entry.name)));
  } catch {
    // Gone in this moment: whoever was in it was moved or has ended.
  }
  return found;
}

/** Holds all of it still, so that nothing forks while it is looked at and signalled. KILL reaches the frozen too. */
export async function freeze(cgroup: string): Promise<void> {
  if (write(join(cgroup, 'cgroup.freeze'), '1')) await eventually(cgroup, 'frozen 1', FREEZE_MS);
}

export function thaw(cgroup: string): void {
  write(join(cgroup, 'cgroup.freeze'), '0');
}

/** Kills every process in it at once, forking ones too. @returns false when it can't be done, or something outlives it. */
export async function killAllIn(cgroup: string): Promise<boolean> {
  return write(join(cgroup, 'cgroup.kill'), '1') && (await eventually(cgroup, 'populated 0', KILL_MS));
}

/** Removes it and what was made below it. @returns false while there are processes in it; true when it is gone. */
export function removeCgroup(cgroup: string): boolean {
  try {
    for (const entry of readdirSync(cgroup, { withFileTypes: true }))
      if (entry.isDirectory() && !removeCgroup(join(cgroup, entry.name))) return false;
    rmdirSync(cgroup);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT';
  }
}

function write(file: string, text: string): boolean {
  try {
    // Without O_CREAT: what is no cgroup's file is not made.
    writeFileSync(file, text, { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}

async function eventually(cgroup: string, line: string, withinMs: number): Promise<boolean> {
  for (const until = performance.now() + withinMs; ; ) {
    try {
      if (readFileSync(join(cgroup, 'cgroup.events'), 'latin1').split('\n').includes(line)) return true;
    } catch {
      return true;
    }
    if (performance.now() > until) return false;
    await sleep(LOOK_MS);
  }
}
