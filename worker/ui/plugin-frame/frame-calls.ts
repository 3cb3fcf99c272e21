import { ToruError } from '../../../shared/errors.ts';
import { Semaphore } from '../../../shared/semaphore.ts';

/** Calls of one frame that are under way at once: its part of the browser's connections and of the host. */
export const MAX_UNDER_WAY = 32;
/** Calls that wait for one of those to end. One more is refused: a page that asks without end waits for nobody but itself. */
export const MAX_WAITING = 256;

/** The calls of one plugin's frame, in the order in which they were asked: so many at once, so many that wait. */
export class Calls {
  readonly #semaphore = new Semaphore({
    slots: MAX_UNDER_WAY,
    perKey: MAX_UNDER_WAY,
    queueLimit: MAX_WAITING,
    refusal: () =>
      new ToruError(
        'busy',
        `${MAX_UNDER_WAY} calls of this page are under way and ${MAX_WAITING} wait. Wait for some of the answers before asking more.`,
      ),
  });

  /**
   * Does `call` as soon as there is room.
   * @param signal ends the wait; a call under way sees to it by itself.
   * @throws ToruError busy when too many wait, the signal's reason when it ended the wait, or what `call` throws.
   */
  async run<T>(signal: AbortSignal, call: () => Promise<T>): Promise<T> {
    let begun = false;
    try {
      return await this.#semaphore.run('', signal, () => {
        begun = true;
        return call();
      });
    } catch (error) {
      throw !begun && signal.aborted ? signal.reason : error;
    }
  }
}
