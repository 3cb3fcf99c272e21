import { closeSync, fchmodSync, openSync } from 'node:fs';
import SQLite from 'better-sqlite3';
import { StartError } from '../start-error.ts';

export type Database = SQLite.Database;

/** Another process (a backup, somebody's sqlite3) may hold the file for so long before we give up. */
const BUSY_MS = 5000;
/** The write-ahead log is emptied in pauses (history/journal.ts), and in the middle of a commit only where there are none: at 16 MB. */
const MOST_LOG_PAGES = 4000;

/**
 * Opens a database, made on first use for its owner only, and brings its tables up to date.
 * @param steps SQL, one numbered step after another. A step that was released is never edited.
 * @throws StartError when a newer Toru wrote it: its tables may mean something that this code does not know.
 */
export function openFile(file: string, steps: readonly string[]): Database {
  makePrivate(file);
  const db = new SQLite(file, { timeout: BUSY_MS });
  try {
    db.pragma('journal_mode = WAL');
    // A journalled run must survive a power cut, or it could be started twice.
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`wal_autocheckpoint = ${MOST_LOG_PAGES}`);
    migrate(db, file, steps);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** SQLite gives `-wal` and `-shm` the mode of the file itself. */
function makePrivate(file: string): void {
  const fd = openSync(file, 'a', 0o600);
  try {
    fchmodSync(fd, 0o600);
  } finally {
    closeSync(fd);
  }
}

/** One transaction a step, `user_version` within it: after a crash a step was taken or it was not. */
function migrate(db: Database, file: string, steps: readonly string[]): void {
  const version = versionOf(db);
  if (version > steps.length) {
    throw new StartError(
      `${file} was written by a newer Toru (tables ${version}, this one knows ${steps.length}). Install that version again.`,
    );
  }
  for (const [at, step] of steps.entries()) {
    if (at < version) continue;
    db.transaction(() => {
      db.exec(step);
      db.pragma(`user_version = ${at + 1}`);
    }).immediate();
  }
}

function versionOf(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }));
}
