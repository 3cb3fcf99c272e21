import { getOrInsert } from '../../shared/get-or-insert.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

/** How many entries one user, or one address where nobody is known, may cause: at once, and then a minute. */
interface Quota {
  burst: number;
  perMinute: number;
}

/** Refusals cost their sender nothing; each of these is one that differs from all others of the same minute. */
const REFUSED: Quota = { burst: 60, perMinute: 1 };
/** Acts that were done: a run every six seconds, for ever. */
const DONE: Quota = { burst: 2000, perMinute: 10 };
/** Of all who are not known together, whatever addresses the edge names for them: it can name any. */
const STRANGERS: Quota = { burst: 600, perMinute: 10 };
/** Repetitions of one thing are counted this long, and then written as one entry. */
const WINDOW_MS = 60_000;
/** Of all users together. */
const MAX_WINDOWS = 2000;

/** Something that may be said more than once. */
export interface Repeatable {
  event: string;
  /** The user's id, or the address, that caused it. */
  by: string;
  /** Nobody is known, and `by` is what an edge says. */
  stranger: boolean;
  outcome: 'ok' | 'refused';
  /** The fields that make it the same as another one: target, code, address. */
  same: string;
}

interface Window<T> {
  first: T;
  repeated: number;
  ends: number;
}

/**
 * The guard that keeps one user from filling the audit: the first of equal refusals is written at once, its repetitions as one entry at the
 * end of a minute; past a user's quota all else is counted by event in the same way.
 */
export class Repeats<T extends Repeatable> {
  readonly #report: (first: T, repeated: number) => void;
  readonly #windows = new Map<string, Window<T>>();
  readonly #quotas = new Map<string, TokenBucket>();
  #timer: NodeJS.Timeout | null = null;

  /** @param reported gets what was repeated, and how often after the first. */
  constructor(reported: (first: T, repeated: number) => void) {
    this.#report = reported;
  }

  /** Is this to be written now? Otherwise it was counted. @param now ms. */
  admit(entry: T, now: number): boolean {
    this.flush(now);
    const exact = [entry.event, entry.by, entry.outcome, entry.same].join('\n');
    if (entry.outcome === 'refused' && this.#counted(exact)) return false;
    if (this.#mayWrite(entry, now)) {
      if (entry.outcome === 'refused' && this.#windows.size < MAX_WINDOWS) this.#open(exact, entry, 0, now);
      return true;
    }
    // Of strangers together: one entry for each address would be as many as they like.
    const byEvent = [entry.event, entry.stranger ? '' : entry.by, entry.outcome].join('\n');
    if (!this.#counted(byEvent)) this.#open(byEvent, entry, 1, now);
    return false;
  }

  /** Tells of the windows that have ended. @param now ms; Infinity: all, since it is the end. */
  flush(now: number): void {
    for (const [key, { first, repeated, ends }] of this.#windows) {
      if (ends > now) continue;
      this.#windows.delete(key);
      if (repeated > 0) this.#report(first, repeated);
    }
    for (const [key, bucket] of this.#quotas) if (bucket.full(now)) this.#quotas.delete(key);
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.flush(Number.POSITIVE_INFINITY);
  }

  #counted(key: string): boolean {
    const window = this.#windows.get(key);
    if (window === undefined) return false;
    window.repeated += 1;
    return true;
  }

  #open(key: string, first: T, repeated: number, now: number): void {
    this.#windows.set(key, { first, repeated, ends: now + WINDOW_MS });
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.flush(now + WINDOW_MS);
    }, WINDOW_MS).unref();
  }

  #mayWrite({ by, stranger, outcome }: T, now: number): boolean {
    const strangers = stranger ? this.#bucket('strangers', STRANGERS, now) : null;
    // First, so that no count is kept for each address that somebody makes up.
    if (strangers !== null && strangers.wait(now) > 0) return false;
    return this.#bucket(`${outcome}\n${by}`, outcome === 'refused' ? REFUSED : DONE, now).take(now) && strangers?.take(now) !== false;
  }

  #bucket(key: string, { burst, perMinute }: Quota, now: number): TokenBucket {
    return getOrInsert(this.#quotas, key, () => new TokenBucket(burst, perMinute / 60, now));
  }
}
