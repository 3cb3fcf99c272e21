import type { HostReport } from './host-report.ts';

const KEY = 'watched_until';
/** Who looks at the list of hosts asks again within seconds; a host of which nobody asked for so long says nothing of its runs. */
export const WATCHED_MS = 90_000;
/** While somebody looks, that is written down so seldom. */
const WRITE_EVERY_MS = 45_000;

interface Options {
  store: { get<T>(key: string): T | undefined; put<T>(key: string, value: T): void };
  make: () => Omit<HostReport, 'at'>;
  /** To the Account object. */
  send: (report: HostReport) => void;
}

/**
 * What the Account object is told of this host, so that a list of many hosts is one request to it: that the host went, always, and at once; what
 * else changes, while somebody looks at that list.
 */
export class Reports {
  readonly #options: Options;
  #watchedUntil: number;
  #at = 0;
  #waiting = false;

  constructor(options: Options) {
    this.#options = options;
    this.#watchedUntil = options.store.get<number>(KEY) ?? 0;
  }

  now(): HostReport {
    this.#at = Math.max(this.#at + 1, Date.now());
    return { ...this.#options.make(), at: this.#at };
  }

  /** Somebody looks from now on. */
  watched(now: number): void {
    if (this.#watchedUntil - now > WATCHED_MS - WRITE_EVERY_MS) return;
    this.#watchedUntil = now + WATCHED_MS;
    this.#options.store.put(KEY, this.#watchedUntil);
  }

  changed(): void {
    if (Date.now() < this.#watchedUntil) this.#soon();
  }

  /** The host went. */
  gone(): void {
    this.#soon();
  }

  /** All that changes in one turn is one report. */
  #soon(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    queueMicrotask(() => {
      this.#waiting = false;
      this.#options.send(this.now());
    });
  }
}
