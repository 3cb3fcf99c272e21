import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Folders that a snapshot or a restore works in, inside TORU_HOME. The number is the pid of whoever made it. */
const SNAPSHOT = /^\.snapshot-(\d+)-/;
const RESTORE = /^\.restore-/;
const LOCK = /^agent\.(?:lock|pid)/;

export function snapshotPrefix(home: string): string {
  return join(home, `.snapshot-${process.pid}-`);
}

export function restorePrefix(home: string): string {
  return join(home, '.restore-');
}

/** Removes copies of the database that a killed snapshot left. Those of one that still works stay. */
export function sweepSnapshots(home: string): void {
  for (const name of readdirSync(home)) {
    const pid = SNAPSHOT.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(home, name), { recursive: true, force: true });
  }
}

/** Removes what a killed restore unpacked. Call it with the lock of the home, which a restore holds while it works. */
export function sweepRestores(home: string): void {
  for (const name of readdirSync(home)) if (RESTORE.test(name)) rmSync(join(home, name), { recursive: true, force: true });
}

/** Is nothing there but what a killed restore left? `runs` is its own too: it is moved in before the database, which makes it a home. */
export function isHalfRestored(home: string): boolean {
  const names = readdirSync(home);
  return names.some((name) => RESTORE.test(name)) && names.every((name) => RESTORE.test(name) || LOCK.test(name) || name === 'runs');
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Alive, and not ours.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
