import { ToruError } from '../../shared/errors.ts';

const WINDOW_MS = 15 * 60_000;
const TRIES = 5;
const MAX_USERS = 1000;

/**
 * Wrong “current passwords” of people who are logged in: the edge's throttle counts logins only, and a stolen session
 * must not become a way to guess. In memory: a restart forgives.
 */
export class WrongPasswords {
  readonly #now: () => number;
  readonly #times = new Map<string, number[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * Counts a try before its hash is computed, so that tries side by side are no more than tries in turn.
   * @returns takes the try back: it was no wrong password. @throws ToruError too_many_attempts with `retry_after` in seconds.
   */
  count(id: string): () => void {
    const times = this.#recent(id);
    const first = times[0];
    if (times.length < TRIES || first === undefined) {
      const now = this.#now();
      this.#keep(id, [...times, now]);
      return () => this.#takeBack(id, now);
    }
    const wait = Math.ceil((first + WINDOW_MS - this.#now()) / 1000);
    throw new ToruError('too_many_attempts', `That was wrong too often. Try again in ${Math.ceil(wait / 60)} minutes.`, {
      extra: { retry_after: wait },
    });
  }

  #takeBack(id: string, time: number): void {
    const times = this.#recent(id);
    const at = times.indexOf(time);
    if (at >= 0) this.#times.set(id, times.toSpliced(at, 1));
  }

  #keep(id: string, times: number[]): void {
    this.#times.delete(id);
    this.#times.set(id, times);
    // Full: the one who was wrong longest ago is forgotten.
    const oldest = this.#times.keys().next();
    if (this.#times.size > MAX_USERS && oldest.done !== true) this.#times.delete(oldest.value);
  }

  #recent(id: string): number[] {
    const since = this.#now() - WINDOW_MS;
    return (this.#times.get(id) ?? []).filter((time) => time > since);
  }
}
