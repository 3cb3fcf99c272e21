const KEY = 'pending_logouts';
/** Past this the oldest is dropped: its grant dies by itself within the hour. */
const KEPT = 500;

interface Store {
  get<T>(key: string): T | undefined;
  put<T>(key: string, value: T): void;
}

/** Sessions that ended here and that the host has not heard of yet: it may be away. */
export class PendingLogouts {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  list(): string[] {
    return this.#store.get<string[]>(KEY) ?? [];
  }

  add(sids: readonly string[]): void {
    this.#store.put(KEY, [...new Set([...this.list(), ...sids])].slice(-KEPT));
  }

  done(sid: string): void {
    this.#store.put(
      KEY,
      this.list().filter((pending) => pending !== sid),
    );
  }
}
