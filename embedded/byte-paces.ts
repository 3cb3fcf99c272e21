import { USER_BYTES_BURST, USER_BYTES_PER_S } from '../shared/limits.ts';
import { TokenBucket } from '../shared/token-bucket.ts';

/** Shorter rests are saved up: a timer for each piece would cost more than the piece. */
const WORTH_MS = 20;

/**
 * What users say on their WebSockets, each on all of theirs together. workerd takes in whatever comes and makes a text of
 * it before anybody may refuse it, so who says more than anybody types, presses and pastes is read more slowly.
 */
export class BytePaces {
  /** By user, with how many sockets are theirs. */
  readonly #users = new Map<string, { pace: TokenBucket; sockets: number }>();
  readonly #now: () => number;

  /** @param now in ms. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /**
   * A socket of this user opens. Who comes back begins nothing again: a pace outlives its last socket until it has rested.
   * @returns `pay`: after how many ms more may be read, now that so many bytes were; `close`, to be called once.
   */
  open(user: string): { pay(bytes: number): number; close(): void } {
    const known = this.#users.get(user) ?? { pace: new TokenBucket(USER_BYTES_BURST, USER_BYTES_PER_S, this.#now()), sockets: 0 };
    this.#users.set(user, known);
    known.sockets += 1;
    return {
      pay: (bytes) => {
        const rest = known.pace.spend(bytes, this.#now());
        return rest < WORTH_MS ? 0 : rest;
      },
      close: () => {
        known.sockets -= 1;
        const forget = (): void => {
          if (known.sockets === 0 && this.#users.get(user) === known) this.#users.delete(user);
        };
        setTimeout(forget, (USER_BYTES_BURST / USER_BYTES_PER_S) * 1000 + known.pace.spend(0, this.#now())).unref();
      },
    };
  }
}
