/** What is known of a host while its link is down. */
export interface Presence {
  /** The object's own host: an alarm does not say for whom it rings. */
  host: string;
  name: string;
  version: string;
  /** ms since 1970, as of the last time that it was written down. */
  last_seen: number;
}

const KEY = 'presence';
/** While a link is up, the time is written this seldom: what matters is written when the link goes. */
export const PRESENCE_EVERY_MS = 10 * 60_000;

interface Store {
  get<T>(key: string): T | undefined;
  put<T>(key: string, value: T): void;
}

export class PresenceRecord {
  readonly #store: Store;
  #known: Presence | null;

  constructor(store: Store) {
    this.#store = store;
    this.#known = store.get<Presence>(KEY) ?? null;
  }

  /** Null before the first link. */
  get known(): Presence | null {
    return this.#known;
  }

  linked(known: Presence): void {
    this.#known = known;
    this.#store.put(KEY, known);
  }

  /** @returns what is known now; null when that is nothing new. */
  renamed(name: string): Presence | null {
    if (this.#known === null || this.#known.name === name) return null;
    const known = { ...this.#known, name };
    this.linked(known);
    return known;
  }

  seen(at: number): void {
    if (this.#known !== null && at > this.#known.last_seen) this.linked({ ...this.#known, last_seen: at });
  }
}
