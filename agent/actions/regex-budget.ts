import { ToruError } from '../../shared/errors.ts';
import { TimeBudget } from '../time-budget.ts';
import { cpuMs, interruptAfter, OutOfTime } from './interruptible.ts';

/** For all patterns of one check: reasonable ones take microseconds. A cancel of somebody else waits as long. */
const MAX_CHECK_MS = 15;
const PAUSE_MS = 10_000;
/** All checks of one user: so much at once, then so much of every second. */
const TOTAL = { burstMs: 150, msPerS: 15 };
/** With less than this left of it, no check is begun. */
const LEAST_MS = 5;

/**
 * Checks that run the patterns of actions, which may take for ever on a text that a client made for them. The agent does
 * nothing else meanwhile. So every check has its limit, whoever reached it waits before the next one of the same action, and
 * all checks of a user, of whatever action and over all sessions, have a limit together: many that are a little slow cost
 * no more than a few.
 */
export class RegexBudget {
  readonly #now: () => number;
  readonly #cpu: () => number;
  readonly #interruptAfter: typeof interruptAfter;
  /** User and action, until when they wait. The oldest first. */
  readonly #until = new Map<string, number>();
  readonly #totals: TimeBudget;

  /**
   * @param now in ms. @param cpu what the thread has used so far, in ms: time that it gave to others is nobody's.
   * @param limited does a check, and gives it up after so many ms.
   */
  constructor(now: () => number = Date.now, cpu: () => number = cpuMs, limited: typeof interruptAfter = interruptAfter) {
    this.#now = now;
    this.#cpu = cpu;
    this.#interruptAfter = limited;
    this.#totals = new TimeBudget(TOTAL);
  }

  /**
   * @param action whose inputs are checked: when that takes too long, the next check of it has to wait. Null: none does.
   * @throws ToruError input_invalid when it takes too long, busy for a while after that; what `check` throws.
   */
  spend<T>(user: string, action: string | null, check: () => T): T {
    const now = this.#now();
    const key = action === null ? null : `${user}\n${action}`;
    this.#refuseEarly(user, key, now);
    const limit = Math.min(MAX_CHECK_MS, this.#totals.left(user, now));
    const before = this.#cpu();
    try {
      return this.#interruptAfter(check, Math.ceil(limit));
    } catch (error) {
      if (!(error instanceof OutOfTime)) throw error;
      if (limit < MAX_CHECK_MS) throw busy(this.#totals.wait(user, MAX_CHECK_MS, now), error);
      if (key !== null) this.#until.set(key, this.#now() + PAUSE_MS);
      throw new ToruError(
        'input_invalid',
        'Checking that input takes too long. Try a shorter text, or ask an administrator for a simpler pattern.',
        { cause: error },
      );
    } finally {
      this.#totals.spend(user, this.#cpu() - before, now);
    }
  }

  #refuseEarly(user: string, key: string | null, now: number): void {
    for (const [waiting, until] of this.#until) {
      // Also when the clock went back: nobody waits longer than the pause.
      if (until <= now || until > now + PAUSE_MS) this.#until.delete(waiting);
    }
    const until = key === null ? undefined : this.#until.get(key);
    if (until !== undefined) throw busy(until - now);
    const wait = this.#totals.wait(user, LEAST_MS, now);
    if (wait > 0) throw busy(wait);
  }
}

function busy(waitMs: number, cause?: unknown): ToruError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  return new ToruError('busy', `Checking your last inputs took too long. Try again in ${seconds} s, with a shorter text.`, {
    cause,
    extra: { retry_after: seconds },
  });
}
