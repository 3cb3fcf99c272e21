import type * as z from 'zod';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { HOSTS_TABLES } from './hosts-tables.ts';

/** What this host keeps of its installation, each fact as JSON under its name. */
export class HostFacts {
  readonly #db: Database;

  constructor(db: Database) {
    ownTables(db, 'hosts', HOSTS_TABLES);
    this.#db = db;
  }

  /** Null for what was never kept. @throws when it is damaged. */
  get<T>(name: string, schema: z.ZodType<T>): T | null {
    const text = this.#db.prepare<[string], string>('SELECT value FROM hosts_facts WHERE name = ?').pluck().get(name);
    return text === undefined ? null : schema.parse(JSON.parse(text));
  }

  set(name: string, value: object): void {
    this.#db
      .prepare('INSERT INTO hosts_facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value')
      .run(name, JSON.stringify(value));
  }

  remove(name: string): void {
    this.#db.prepare('DELETE FROM hosts_facts WHERE name = ?').run(name);
  }
}
