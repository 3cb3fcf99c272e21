import type { Statement } from 'better-sqlite3';
import type { Database } from './database.ts';
import { ownTables } from './own-tables.ts';

const TABLES: readonly string[] = [
  `
  -- What is due when, of all systems. Times in ms since 1970.
  CREATE TABLE timers (
    system TEXT NOT NULL,
    name TEXT NOT NULL,
    due INTEGER NOT NULL,
    PRIMARY KEY (system, name)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX timers_by_due ON timers (due);
  `,
];

/** A clock that was set is noticed within this time; a host that slept wakes its timers as late at most. */
const LOOK_MS = 15_000;
/** So many timers are given to their systems at a time. */
const AT_ONCE = 100;

interface Due {
  system: string;
  name: string;
  due: number;
}

/** Is told of a timer that is due. It takes the timer away, or sets it again, in the transaction in which it does what is to be done. */
export type OnDue = (name: string, due: number) => Promise<void>;

/**
 * The one table of what waits for a time: rows, so that they outlive the agent. What came due while no agent ran fires at the start, in the
 * order of the due times.
 */
export class Timers {
  readonly #set: Statement<[string, string, number]>;
  readonly #clear: Statement<[string, string]>;
  readonly #due: Statement<[number, number], Due>;
  readonly #next: Statement<[], { due: number | null }>;
  readonly #systems = new Map<string, OnDue>();
  readonly #now: () => number;
  readonly #failed: (error: unknown, name: string) => void;
  #timer: NodeJS.Timeout | null = null;
  #firing = false;
  #started = false;

  /** @param options.failed hears what a system threw; that timer is tried again at the next look. */
  constructor(db: Database, options: { now?: () => number; failed: (error: unknown, name: string) => void }) {
    ownTables(db, 'timers', TABLES);
    this.#now = options.now ?? (() => Date.now());
    this.#failed = options.failed;
    this.#set = db.prepare(
      'INSERT INTO timers (system, name, due) VALUES (?, ?, ?) ON CONFLICT (system, name) DO UPDATE SET due = excluded.due',
    );
    this.#clear = db.prepare('DELETE FROM timers WHERE system = ? AND name = ?');
    this.#due = db.prepare('SELECT system, name, due FROM timers WHERE due <= ? ORDER BY due, system, name LIMIT ?');
    this.#next = db.prepare('SELECT min(due) AS due FROM timers');
  }

  /** To be called before `start`, by each system that sets timers. */
  register(system: string, due: OnDue): void {
    this.#systems.set(system, due);
  }

  /** Within the caller's transaction. `arm` has to follow it. @param due ms since 1970 */
  set(system: string, name: string, due: number): void {
    this.#set.run(system, name, due);
  }

  /** Within the caller's transaction. A timer that is not there is none. */
  clear(system: string, name: string): void {
    this.#clear.run(system, name);
  }

  /** Begins to fire. */
  start(): void {
    this.#started = true;
    this.arm();
  }

  stop(): void {
    this.#started = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** To be called after a transaction that set or cleared timers: looks when the next one is due. */
  arm(): void {
    if (!this.#started || this.#firing) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const due = this.#next.get()?.due ?? null;
    if (due === null) return;
    const ms = Math.min(Math.max(0, due - this.#now()), LOOK_MS);
    this.#timer = setTimeout(() => void this.#fire(), ms).unref();
  }

  #call(system: string, name: string, due: number): Promise<void> {
    const fire = this.#systems.get(system);
    return fire === undefined ? Promise.resolve() : fire(name, due);
  }

  async #fire(): Promise<void> {
    this.#firing = true;
    let failed = false;
    try {
      for (let rows = this.#due.all(this.#now(), AT_ONCE); this.#started && rows.length > 0 && !failed; ) {
        for (const { system, name, due } of rows) {
          if (!this.#started) return;
          try {
            await this.#call(system, name, due);
          } catch (error) {
            failed = true;
            this.#failed(error, `${system}/${name}`);
          }
        }
        rows = this.#due.all(this.#now(), AT_ONCE);
        // Nobody took the timer away: without this the loop would turn for ever.
        failed ||= rows.some((row) => !this.#systems.has(row.system));
      }
    } finally {
      this.#firing = false;
      if (this.#started) {
        if (failed) this.#timer = setTimeout(() => void this.#fire(), LOOK_MS).unref();
        else this.arm();
      }
    }
  }
}
