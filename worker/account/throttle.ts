import { sha256Hex } from '../../shared/encoding.ts';
import { getOrInsert } from '../../shared/get-or-insert.ts';
import { networkOf } from '../../shared/network-of.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

/** A login that somebody asks for. */
export interface Attempt {
  /** Stands for the username, as `accountKey` makes it: what was typed there may be a password. */
  account: string;
  address: string;
  /** SHA-256 of a device cookie that this user got at an earlier login; null for a device that nobody knows. */
  device: string | null;
  /** Stands for account and password together, so that the same try is known when it comes again. Never stored. */
  guess: string;
  /** Did it get in by a reserved turn? */
  reserved: boolean;
}

/** The same for all spellings of a username. @param installation of this edge: so that no table made for all of them fits. */
export function accountKey(installation: string, username: string): Promise<string> {
  return sha256Hex(`toru/account/v1\0${installation}\0${username.normalize('NFKC').toLowerCase()}`);
}

/** [at once, then one per so many seconds]. The longest wait that anybody can cause is one interval: no lockout. */
const ACCOUNT = [10, 30] as const;
const NETWORK = [20, 10] as const;
const DEVICE = [10, 10] as const;
/** Logins that succeed, of one account from anywhere: each costs the host a hash, and nobody else's turn may wait for them. */
const SUCCESSES = [100, 2] as const;
/** All unknown devices together: 60 a minute, of which 15 are for who was put off before. */
const EVERYONE = [45, 4 / 3] as const;
const RETRIES = [15, 4] as const;
/** Of one account, those who were put off before; and where it logged in before, from there alone. */
const ACCOUNT_RETRIES = [3, 15] as const;
const FAMILIAR_RETRIES = [3, 15] as const;

/** So soon it pays to come back after being put off. */
const SOON_MS = 1000;
/** Tries that are remembered: the oldest go. A flood of 100 a second needs minutes to push one out. */
const MAX_TRIES = 16_384;
/** Places from which accounts logged in. */
const MAX_FAMILIAR = 1000;

/**
 * Decides who may try a password now. A known device has a bucket of its own, so that a stranger who guesses at an account can't
 * keep its owner out; strangers share buckets per account, per network and all together.
 *
 * A person who was put off and comes back **with the same name and password** takes a reserved turn, which a flood of ever other
 * names or passwords can't use up: a person types the same password again, a guesser has no use for that. A password that
 * was looked at and is wrong has no reserved turn, so repeating one is no way around either. Who knows the reserve and
 * guesses by it gets its few turns a minute, and competes with the owner for them: then a known device, or a login link.
 *
 * Nothing piles up: a bucket that is full again is forgotten, and what is remembered of tries and places is bounded.
 */
export class Throttle {
  readonly #buckets = new Map<string, TokenBucket>();
  /** By `guess`, oldest first: was the try put off, or looked at and wrong? */
  readonly #tries = new Map<string, 'put off' | 'wrong'>();
  /** Account and network of logins that succeeded, oldest first. */
  readonly #familiar = new Set<string>();

  /**
   * Counts the attempt as a guess and as a success, until its outcome is known: attempts side by side are no way around.
   * @returns 0 when it may go ahead, else the ms until the next one may; then nothing was counted.
   */
  admit(attempt: Attempt, now: number): number {
    const wait = this.#take([...this.#guesses(attempt, now), this.#successes(attempt, now)], now);
    this.#forgetFull(now);
    return wait;
  }

  /**
   * The reserved turn of an attempt that `admit` put off: for an unknown device that tried the same before.
   * @returns as `admit`.
   */
  admitReserved(attempt: Attempt, now: number): number {
    if (attempt.device !== null) return Number.POSITIVE_INFINITY;
    const before = this.#tries.get(attempt.guess);
    if (before === 'wrong') return Number.POSITIVE_INFINITY;
    const buckets = [...this.#reserve(attempt, now), this.#successes(attempt, now)];
    const wait = before === undefined ? Math.max(SOON_MS, waitOf(buckets, now)) : this.#take(buckets, now);
    this.#remember(attempt.guess, 'put off');
    this.#forgetFull(now);
    return wait;
  }

  /** The password was right: no guess. */
  succeeded(attempt: Attempt, now: number): void {
    for (const bucket of this.#counted(attempt, now)) bucket.giveBack();
    this.#tries.delete(attempt.guess);
    this.loggedIn(attempt);
    this.#forgetFull(now);
  }

  /** It was wrong. */
  failed(attempt: Attempt, now: number): void {
    this.#successes(attempt, now).giveBack();
    this.#remember(attempt.guess, 'wrong');
    this.#forgetFull(now);
  }

  /** Nobody looked at it. */
  unasked(attempt: Attempt, now: number): void {
    for (const bucket of [...this.#counted(attempt, now), this.#successes(attempt, now)]) bucket.giveBack();
    this.#forgetFull(now);
  }

  /** This account logged in from there, some time ago. */
  loggedIn(from: Pick<Attempt, 'account' | 'address'>): void {
    const place = placeOf(from);
    this.#familiar.delete(place);
    this.#familiar.add(place);
    for (const oldest of this.#familiar) {
      if (this.#familiar.size <= MAX_FAMILIAR) return;
      this.#familiar.delete(oldest);
    }
  }

  /** Takes one of each, or of none. @returns as `admit`. */
  #take(buckets: readonly TokenBucket[], now: number): number {
    const wait = waitOf(buckets, now);
    if (wait === 0) for (const bucket of buckets) bucket.take(now);
    return wait;
  }

  #successes(attempt: Attempt, now: number): TokenBucket {
    return this.#bucket(`successes ${attempt.account}`, SUCCESSES, now);
  }

  #counted(attempt: Attempt, now: number): TokenBucket[] {
    return attempt.reserved ? this.#reserve(attempt, now) : this.#guesses(attempt, now);
  }

  #guesses(attempt: Attempt, now: number): TokenBucket[] {
    if (attempt.device !== null) return [this.#bucket(`device ${attempt.device}`, DEVICE, now)];
    return [
      this.#bucket('everyone', EVERYONE, now),
      this.#bucket(`account ${attempt.account}`, ACCOUNT, now),
      this.#bucket(`network ${networkOf(attempt.address)}`, NETWORK, now),
    ];
  }

  #reserve(attempt: Attempt, now: number): TokenBucket[] {
    const place = placeOf(attempt);
    if (this.#familiar.has(place)) return [this.#bucket(`familiar ${place}`, FAMILIAR_RETRIES, now)];
    return [this.#bucket('retries', RETRIES, now), this.#bucket(`retries ${attempt.account}`, ACCOUNT_RETRIES, now)];
  }

  #bucket(key: string, [capacity, seconds]: readonly [number, number], now: number): TokenBucket {
    return getOrInsert(this.#buckets, key, () => new TokenBucket(capacity, 1 / seconds, now));
  }

  #remember(guess: string, what: 'put off' | 'wrong'): void {
    this.#tries.delete(guess);
    this.#tries.set(guess, what);
    for (const oldest of this.#tries.keys()) {
      if (this.#tries.size <= MAX_TRIES) return;
      this.#tries.delete(oldest);
    }
  }

  #forgetFull(now: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.full(now)) this.#buckets.delete(key);
  }
}

function waitOf(buckets: readonly TokenBucket[], now: number): number {
  return Math.max(...buckets.map((bucket) => bucket.wait(now)));
}

function placeOf({ account, address }: Pick<Attempt, 'account' | 'address'>): string {
  return `${account} ${networkOf(address)}`;
}
