import type { Database } from '../store/database.ts';

interface Write {
  work: () => void;
  done: () => void;
  failed: (error: unknown) => void;
}

/** While runs are being started, a write waits for others so long at most. */
const GATHER_MS = 10;
/** When nothing was written for so long, the write-ahead log is brought into the tables. */
const REST_MS = 150;

/**
 * Writes that must be on the disk before anything follows from them. All that are asked for in one turn of the event loop
 * share one transaction, and so one fsync: 200 rows cost 0.6 ms together, and 0.13 ms each alone. While there is other work
 * that need not wait for it, more are gathered: on a slow disk a flood of short runs spent two fifths of its time in fsync.
 *
 * In a pause the write-ahead log is emptied, so that the next commits overwrite what it has on the disk: they cost the disk half of
 * what they do where the file grows, and no press meets SQLite’s own emptying, which waits twice for the disk.
 */
export class Journal {
  readonly #db: Database;
  #writes: Write[] = [];
  #scheduled = false;
  #gathering: NodeJS.Timeout | null = null;
  #resting: NodeJS.Timeout | null = null;
  #busy: () => boolean = () => false;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param busy is there work that goes on meanwhile, and calls `caughtUp` at its end? */
  gatherWhile(busy: () => boolean): void {
    this.#busy = busy;
  }

  /** A piece of that work is done: commits what waits, unless there is more of it. */
  caughtUp(): void {
    if (this.#gathering !== null && !this.#busy()) this.flush();
  }

  /** @returns when `work` is committed. @throws what it threw (the others of its turn are kept), or what the commit did. */
  write(work: () => void): Promise<void> {
    return new Promise((done, failed) => {
      this.#writes.push({ work, done, failed });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#turnIsOver());
    });
  }

  /** Commits now what waits. */
  flush(): void {
    this.#scheduled = false;
    if (this.#gathering !== null) clearTimeout(this.#gathering);
    this.#gathering = null;
    const writes = this.#writes;
    this.#writes = [];
    if (writes.length === 0) return;
    this.#restLater();
    const outcomes: (() => void)[] = [];
    try {
      this.#db
        .transaction(() => {
          for (const write of writes) {
            try {
              // A transaction within one is a savepoint: what fails takes only itself back.
              this.#db.transaction(write.work)();
              outcomes.push(write.done);
            } catch (error) {
              // SQLite takes the whole transaction back by itself on a full disk: then nobody's work is done.
              if (!this.#db.inTransaction) throw error;
              outcomes.push(() => write.failed(error));
            }
          }
        })
        .immediate();
    } catch (error) {
      for (const write of writes) write.failed(error);
      return;
    }
    for (const outcome of outcomes) outcome();
  }

  #restLater(): void {
    if (this.#resting !== null) this.#resting.refresh();
    else this.#resting = setTimeout(() => this.#rest(), REST_MS).unref();
  }

  #rest(): void {
    if (!this.#db.open) return;
    try {
      // As far as nobody reads it. A full disk is told to who writes next.
      this.#db.pragma('wal_checkpoint(PASSIVE)');
    } catch {
      // SQLite does it by itself when the log is long.
    }
  }

  #turnIsOver(): void {
    if (this.#busy()) this.#gathering = setTimeout(() => this.flush(), GATHER_MS);
    else this.flush();
  }
}
