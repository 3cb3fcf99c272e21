import { ToruError } from '../../../shared/errors.ts';

/** Calls of one frame that are under way at once: its part of the browser's connections and of the host. */
export const MAX_UNDER_WAY = 32;
/** Calls that wait for one of those to end. One more is refused: a page that asks without end waits for nobody but itself. */
export const MAX_WAITING = 256;

/** The calls of one plugin's frame, in the order in which they were asked: so many at once, so many that wait. */
export class Calls {
  #underWay = 0;
  readonly #waiting = new Set<() => void>();

  /**
   * Does `call` as soon as there is room.
   * @param signal ends the wait; a call under way sees to it by itself.
   * @throws ToruError busy when too many wait, the signal's reason when it ended the wait, or what `call` throws.
   */
  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    if (this.#underWay < MAX_UNDER_WAY) this.#underWay += 1;
    else await this.#turn(signal);
    try {
      return await call();
    } finally {
      this.#pass();
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= MAX_WAITING)
      throw new ToruError(
        'busy',
        `${MAX_UNDER_WAY} calls of this page are under way and ${MAX_WAITING} wait. Wait for some of the answers before asking more.`,
      );
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      this.#waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** A call that is done gives its place to the first that waits. */
  #pass(): void {
    const [first] = this.#waiting;
    if (first === undefined) {
      this.#underWay -= 1;
      return;
    }
    this.#waiting.delete(first);
    first();
  }
}
