import type { Database } from '../store/database.ts';

interface Write {
  work: () => void;
  done: () => void;
  failed: (error: unknown) => void;
}

/** While runs are being started, a write waits for others so long at most. */
const GATHER_MS = 10;

/**
 * Writes that must be on the disk before anything follows from them. All that are asked for in one turn of the event loop
 * share one transaction, and so one fsync: 200 rows cost 0.6 ms together, and 0.13 ms each alone. While there is other work
 * that need not wait for it, more are gathered: on a slow disk a flood of short runs spent two fifths of its time in fsync.
 */
export class Journal {
  readonly #db: Database;
  #writes: Write[] = [];
  #scheduled = false;
  #gathering: NodeJS.Timeout | null = null;
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

  #turnIsOver(): void {
    if (this.#busy()) this.#gathering = setTimeout(() => this.flush(), GATHER_MS);
    else this.flush();
  }
}
