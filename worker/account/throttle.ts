import { sha256Hex } from '../../shared/encoding.ts';
import { TokenBucket } from '../../shared/token-bucket.ts';

/** A login that somebody asks for. */
export interface Attempt {
  /** Stands for the username, as `accountKey` makes it: what was typed there may be a password. */
  account: string;
  address: string;
  /** SHA-256 of a device cookie that this user got at an earlier login; null for a device that nobody knows. */
  device: string | null;
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
/** All unknown devices together: 60 a minute. */
const EVERYONE = [60, 1] as const;

/**
 * Who may try a password now. A known device has a bucket of its own, so that a stranger who guesses at an account can't
 * keep its owner out; strangers share buckets per account, per network and all together.
 *
 * The buckets can't pile up: strangers fill at most 60 a minute, and one that is full again is forgotten.
 */
export class Throttle {
  readonly #buckets = new Map<string, TokenBucket>();

  /**
   * Counts the attempt as a guess and as a success, until its outcome is known: attempts side by side are no way around.
   * @returns 0 when it may go ahead, else the ms until the next one may; then nothing was counted.
   */
  admit(attempt: Attempt, now: number): number {
    const buckets = [...this.#guesses(attempt, now), this.#successes(attempt, now)];
    const wait = Math.max(...buckets.map((bucket) => bucket.wait(now)));
    if (wait === 0) for (const bucket of buckets) bucket.take(now);
    this.#forgetFull(now);
    return wait;
  }

  /** The password was right: no guess. */
  succeeded(attempt: Attempt, now: number): void {
    for (const bucket of this.#guesses(attempt, now)) bucket.giveBack();
    this.#forgetFull(now);
  }

  /** It was wrong. */
  failed(attempt: Attempt, now: number): void {
    this.#successes(attempt, now).giveBack();
    this.#forgetFull(now);
  }

  /** Nobody looked at it. */
  unasked(attempt: Attempt, now: number): void {
    for (const bucket of [...this.#guesses(attempt, now), this.#successes(attempt, now)]) bucket.giveBack();
    this.#forgetFull(now);
  }

  #successes(attempt: Attempt, now: number): TokenBucket {
    return this.#bucket(`successes ${attempt.account}`, SUCCESSES, now);
  }

  #guesses(attempt: Attempt, now: number): TokenBucket[] {
    if (attempt.device !== null) return [this.#bucket(`device ${attempt.device}`, DEVICE, now)];
    return [
      this.#bucket('everyone', EVERYONE, now),
      this.#bucket(`account ${attempt.account}`, ACCOUNT, now),
      this.#bucket(`network ${networkOf(attempt.address)}`, NETWORK, now),
    ];
  }

  #bucket(key: string, [capacity, seconds]: readonly [number, number], now: number): TokenBucket {
    const bucket = this.#buckets.get(key) ?? new TokenBucket(capacity, 1 / seconds, now);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  #forgetFull(now: number): void {
    for (const [key, bucket] of this.#buckets) if (bucket.full(now)) this.#buckets.delete(key);
  }
}

/** What one person can be expected to hold: an IPv4 address, or the /64 of an IPv6 one. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? [] : Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => '0');
  return [...before, ...zeros, ...after]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}
