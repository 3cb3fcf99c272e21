import type { TerminalRow, TerminalStore } from './terminal-store.ts';

/** Changes of what is shown but of no consequence (when it printed last, who looks) are told once in so long. */
const SHOWN_EVERY_MS = 2000;

/** What changed: a terminal, or that it is there no longer. */
export interface TerminalChange {
  id: string;
  row: TerminalRow | null;
  /** With whom it is, or was, shared. */
  users: string[];
}

/** Writes what changes of terminals, and tells who listens. */
export class TerminalChanges {
  readonly #store: TerminalStore;
  readonly #listeners = new Set<(change: TerminalChange) => void>();
  readonly #untold = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(store: TerminalStore) {
    this.#store = store;
  }

  /** @returns the end of listening. */
  listen(listener: (change: TerminalChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** @returns the row as it is then; null where there is no such terminal. */
  update(id: string, change: Partial<TerminalRow>): TerminalRow | null {
    const row = this.#store.update(id, change);
    if (row !== null) this.tell(row);
    return row;
  }

  /** Listeners learn at once how the terminal is now. */
  tell(row: TerminalRow): void {
    this.#untold.delete(row.id);
    if (this.#listeners.size > 0) this.#send({ id: row.id, row, users: this.#sharedWith(row.id) });
  }

  /** Listeners learn in a while how the terminal is then. */
  tellSoon(id: string): void {
    this.#untold.add(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      for (const untold of [...this.#untold]) {
        const row = this.#store.get(untold);
        if (row !== null) this.tell(row);
      }
      this.#untold.clear();
    }, SHOWN_EVERY_MS).unref();
  }

  /** The row goes, and with it who it was shared with. */
  remove(id: string): void {
    const users = this.#sharedWith(id);
    this.#store.remove(id);
    this.#send({ id, row: null, users });
  }

  #send(change: TerminalChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }

  #sharedWith(id: string): string[] {
    return this.#store.shares(id).map(({ user_id }) => user_id);
  }
}
