import { unreachable } from '../../shared/errors.ts';
import type { Posted } from '../../shared/post.ts';
import { backoff, retry } from '../../shared/retry.ts';

/** What came of one try. */
export type Tried =
  /** The message needs no further try. */
  | { is: 'done' }
  /** Not now: in so many ms, which is no failure. */
  | { is: 'later'; ms: number }
  | { is: 'failed'; attempts: number; retryAfterMs: number | null };

/** Between tries of a message: from seconds to an hour. */
const PAUSE = { base: 5000, max: 3_600_000 };
const LEAST_PAUSE_MS = 1000;
/** setTimeout takes no more. */
const LONGEST_MS = 2 ** 31 - 1;

interface DeliveryOptions {
  /** Is there something to be taken to this target? */
  waits: (target: string) => boolean;
  /** Tries the oldest message once. Must not reject. */
  attempt: (target: string, stopped: AbortSignal) => Promise<Tried>;
}

/** One line of messages for each target: in order, one at a time, so that a dead endpoint holds up nobody else. */
export class Delivery {
  readonly #o: DeliveryOptions;
  readonly #stop = new AbortController();
  /** The targets that messages are being taken to, each with what ends its pause. */
  readonly #open = new Map<string, { wake: () => void }>();

  constructor(options: DeliveryOptions) {
    this.#o = options;
  }

  /** Something waits for these targets. What is being taken there already goes on as it does. */
  notice(targets: readonly string[]): void {
    for (const target of targets) if (!this.#open.has(target) && !this.#stop.signal.aborted) void this.#deliver(target);
  }

  /** The target is another one now: whatever its pause was for, it is tried again. */
  hurry(target: string): void {
    this.#open.get(target)?.wake();
    this.notice([target]);
  }

  stop(): void {
    this.#stop.abort();
  }

  async #deliver(target: string): Promise<void> {
    const line = { wake: () => undefined };
    this.#open.set(target, line);
    const { signal } = this.#stop;
    while (!signal.aborted && this.#o.waits(target)) {
      const attempt = (): Promise<Tried> => this.#o.attempt(target, signal);
      await retry(attempt, { wait: pauseAfter, waiting: (_ms, _tried, wake) => Object.assign(line, { wake }) }, signal);
    }
    this.#open.delete(target);
  }
}

/** Failures are counted by the message, in the journal: a restart is no new beginning. */
function pauseAfter(tried: Tried): number | null {
  switch (tried.is) {
    case 'done':
      return null;
    case 'later':
      return Math.min(tried.ms, LONGEST_MS);
    case 'failed':
      return tried.retryAfterMs ?? LEAST_PAUSE_MS + backoff(tried.attempts, Math.random, PAUSE);
    default:
      return unreachable(tried);
  }
}

/** How long until the next try the answer itself says; null when it does not. */
export function waitOf(posted: Posted): number | null {
  return 'status' in posted && posted.retryAfterMs !== null ? Math.max(LEAST_PAUSE_MS, posted.retryAfterMs) : null;
}
