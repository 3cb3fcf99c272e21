import { ToruError } from '../../shared/errors.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

/**
 * [at once, then one per so many seconds]. Wider than what an honest edge lets strangers do (worker/account/throttle.ts:
 * 10 a minute at one account, 60 in all), so that only an edge that does not count is ever stopped here.
 */
const ACCOUNT = [20, 4] as const;
const ALL = [60, 1] as const;
/** Names that are counted; past it the one that was tried longest ago is forgotten. */
const MAX_NAMES = 1000;

/**
 * Wrong passwords, counted by the host itself: the edge throttles logins, and one that turned hostile would not. In memory:
 * a restart forgives. It locks nobody out for longer than an interval, and the local socket and login links never.
 */
export class LoginThrottle {
  readonly #now: () => number;
  readonly #all: TokenBucket;
  readonly #names = new Map<string, TokenBucket>();

  constructor(now: () => number) {
    this.#now = now;
    this.#all = bucket(ALL, now());
  }

  /**
   * Counts a try before its hash is computed, so that tries side by side are no more than tries in turn.
   * @returns takes the try back: it was no wrong password. @throws ToruError too_many_attempts with `retry_after` in seconds.
   */
  count(username: string): () => void {
    const now = this.#now();
    const buckets = [this.#all, this.#of(username, now)];
    const wait = Math.ceil(Math.max(...buckets.map((each) => each.wait(now))) / 1000);
    if (wait > 0) {
      throw new ToruError('too_many_attempts', `Too many wrong passwords for this host. Try the same again in ${wait} s.`, {
        extra: { retry_after: wait },
      });
    }
    for (const each of buckets) each.take(now);
    return () => {
      for (const each of buckets) each.giveBack();
    };
  }

  /** The same for all spellings of a name, and for names that nobody has. */
  #of(username: string, now: number): TokenBucket {
    const name = username.normalize('NFKC').toLowerCase();
    const known = this.#names.get(name) ?? bucket(ACCOUNT, now);
    this.#names.delete(name);
    this.#names.set(name, known);
    const oldest = this.#names.keys().next();
    if (this.#names.size > MAX_NAMES && oldest.done !== true) this.#names.delete(oldest.value);
    return known;
  }
}

function bucket([capacity, seconds]: readonly [number, number], now: number): TokenBucket {
  return new TokenBucket(capacity, 1 / seconds, now);
}
