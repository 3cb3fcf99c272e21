import type { Database } from '../store/database.ts';

/** The favourites of each person, kept on the host: a phone has those that were marked on a computer. */
export class Favourites {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
    // Of people who are gone. The host's own users have no row.
    database.exec(`DELETE FROM actions_favourites WHERE user_id NOT LIKE '%:%' AND user_id NOT IN (SELECT id FROM users)`);
  }

  of(userId: string): ReadonlySet<string> {
    return new Set(this.#database.prepare<[string], string>('SELECT action FROM actions_favourites WHERE user_id = ?').pluck().all(userId));
  }

  set(userId: string, action: string, favourite: boolean): void {
    const sql = favourite
      ? 'INSERT INTO actions_favourites (user_id, action) VALUES (?, ?) ON CONFLICT DO NOTHING'
      : 'DELETE FROM actions_favourites WHERE user_id = ? AND action = ?';
    this.#database.prepare<[string, string]>(sql).run(userId, action);
  }

  /** The action is gone: another one of its id is not meant. */
  forget(action: string): void {
    this.#database.prepare<[string]>('DELETE FROM actions_favourites WHERE action = ?').run(action);
  }
}
