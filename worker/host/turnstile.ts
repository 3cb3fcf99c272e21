import { ToruError } from '../../shared/errors.ts';

interface Waiter {
  enter(): void;
  refuse(error: ToruError): void;
}

/** Lets so many in at once, in order. So many more may wait; whoever comes after that is told to come back. */
export class Turnstile {
  readonly #places: number;
  readonly #bench: number;
  readonly #waiting = new Set<Waiter>();
  #inside = 0;

  constructor(places: number, bench: number) {
    this.#places = places;
    this.#bench = bench;
  }

  /** @returns what to call when leaving, once. @throws ToruError busy; bad_request when `signal` ends the wait. */
  async enter(signal: AbortSignal | null): Promise<() => void> {
    if (this.#inside >= this.#places) await this.#wait(signal);
    else this.#inside += 1;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#next();
    };
  }

  /** Sends everybody home who waits. */
  refuseAll(error: ToruError): void {
    for (const waiter of this.#waiting) waiter.refuse(error);
  }

  /** A place that is handed on stays taken. */
  #next(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#inside -= 1;
    else next.enter();
  }

  #wait(signal: AbortSignal | null): Promise<void> {
    if (this.#waiting.size >= this.#bench) throw new ToruError('busy', 'Too many requests are under way. Try again in a moment.');
    return new Promise((resolve, reject) => {
      const leave = (): void => waiter.refuse(new ToruError('bad_request', 'The client left.'));
      const over = (): void => {
        this.#waiting.delete(waiter);
        signal?.removeEventListener('abort', leave);
      };
      const waiter: Waiter = {
        enter: () => {
          over();
          resolve();
        },
        refuse: (error) => {
          over();
          reject(error);
        },
      };
      this.#waiting.add(waiter);
      signal?.addEventListener('abort', leave);
    });
  }
}
