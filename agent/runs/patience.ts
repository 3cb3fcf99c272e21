import { ToruError } from '../../shared/errors.ts';
import { OutOfTime, withinTime } from './within-time.ts';

/** For all patterns of a press: a reasonable one takes microseconds. */
const MAX_CHECK_MS = 100;
const PAUSE_MS = 10_000;

/**
 * Checks inputs that have patterns, which may take for ever. The agent does nothing else meanwhile, so whoever used up the
 * time of a check has to wait before the next one of the same action: a burst of such presses costs one.
 */
export class Patience {
  readonly #now: () => number;
  /** User and action, until when they wait. The oldest first. */
  readonly #until = new Map<string, number>();

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** @throws ToruError input_invalid when it takes too long, busy for a while after that; what `check` throws. */
  spend<T>(user: string, action: string, check: () => T): T {
    const now = this.#now();
    for (const [key, until] of this.#until) {
      // Also when the clock went back: nobody waits longer than the pause.
      if (until <= now || until > now + PAUSE_MS) this.#until.delete(key);
    }
    const key = `${user}\n${action}`;
    const until = this.#until.get(key);
    if (until !== undefined) {
      const seconds = Math.ceil((until - now) / 1000);
      throw new ToruError('busy', `Checking your last input took too long. Try again in ${seconds} s, with a shorter text.`, {
        extra: { retry_after: seconds },
      });
    }
    try {
      return withinTime(check, MAX_CHECK_MS);
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error;
      this.#until.set(key, this.#now() + PAUSE_MS);
      throw new ToruError(
        'input_invalid',
        'Checking that input takes too long. Try a shorter text, or ask an administrator for a simpler pattern.',
        { cause: error },
      );
    }
  }
}
