import { StartError } from '../start-error.ts';
import type { Database } from './database.ts';

/**
 * Brings the tables of one system up to date, from the system's own folder: its steps are numbered for themselves. A step that
 * was released is never edited. The first steps of the systems that are older than this function are in the order of agent/tables.ts.
 * @param system names the steps, and begins the names of their tables. @param steps SQL; each is one transaction.
 * @throws StartError when a newer Toru wrote them.
 */
export function ownTables(db: Database, system: string, steps: readonly string[]): void {
  db.exec('CREATE TABLE IF NOT EXISTS system_tables (system TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID');
  const version = Number(db.prepare('SELECT version FROM system_tables WHERE system = ?').pluck().get(system) ?? 0);
  if (version > steps.length)
    throw new StartError(
      `The tables of ${system} were written by a newer Toru (${version}, this one knows ${steps.length}). Install that version again.`,
    );
  for (const [at, step] of steps.entries()) {
    if (at < version) continue;
    db.transaction(() => {
      db.exec(step);
      db.prepare('INSERT INTO system_tables VALUES (?, ?) ON CONFLICT (system) DO UPDATE SET version = excluded.version').run(
        system,
        at + 1,
      );
    }).immediate();
  }
}
