import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { StartError } from './start-error.ts';

/** The hold on a TORU_HOME. */
export interface HomeLock {
  /** The pid that held the lock before and never let go: killed, or caught by a power failure. Null when it was let go. */
  readonly lostBy: number | null;
  /** Lets go, and removes `agent.pid`. */
  release(): void;
}

/** Locks that are held: one that nobody refers to any more would be collected, and a database that is collected is closed. */
const held = new Set<SQLite.Database>();

/** One that just took the lock writes its pid within this time. */
const PID_WAIT_MS = 1000;
const PID_STEP_MS = 20;

/**
 * Takes TORU_HOME for this process alone, until `release` or its end: the kernel frees the lock of a killed process, so
 * no stale file keeps anyone out. Node has no call for a file lock; SQLite's exclusive lock is one (fcntl), which children
 * do not inherit: a run that outlives the agent does not hold it.
 * @throws StartError naming the other agent's pid.
 */
export function lockHome(home: string): HomeLock {
  const pidFile = join(home, 'agent.pid');
  // A file of its own: fcntl frees a lock when *any* descriptor of that file is closed, so nobody else may open it.
  const db = new SQLite(join(home, 'agent.lock'), { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new StartError(`Another agent${holderOf(pidFile)} already uses ${home}. Stop it first, or give this one a TORU_HOME of its own.`);
  }
  held.add(db);
  const lostBy = readPid(pidFile);
  writePid(pidFile);
  return {
    lostBy,
    release: () => {
      if (!db.open) return;
      // First the pid, then the lock: the next agent's pid must not be removed by us.
      rmSync(pidFile, { force: true });
      db.close();
      held.delete(db);
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof SQLite.SqliteError && /^SQLITE_(?:BUSY|LOCKED)/.test(error.code);
}

/** Whole or not at all: a reader never sees half a number. */
function writePid(pidFile: string): void {
  const next = `${pidFile}.${process.pid}`;
  writeFileSync(next, `${process.pid}\n`, { mode: 0o600 });
  renameSync(next, pidFile);
}

/** The pid in the file may be that of a killed predecessor, for as long as the holder needs to write its own. */
function holderOf(pidFile: string): string {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let waited = 0; waited < PID_WAIT_MS; waited += PID_STEP_MS) {
    const pid = readPid(pidFile);
    if (pid !== null && isAlive(pid)) return ` (pid ${pid})`;
    Atomics.wait(pause, 0, 0, PID_STEP_MS);
  }
  return '';
}

function readPid(pidFile: string): number | null {
  try {
    const text = readFileSync(pidFile, 'utf8').trim();
    return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : null;
  } catch {
    return null;
  }
}

/** Is there a process of this number, whoever's it is? */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Alive, and not ours.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
