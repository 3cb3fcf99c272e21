import { ToruError } from '../../shared/errors.ts';
import { LINK_DEAD_MS } from '../../shared/limits.ts';
import type { Turnstile } from './turnstile.ts';

/** What one request's body has on its way to the agent, out of what all of them may have. */
export class BodyShare {
  readonly #room: Turnstile;
  readonly #user: string;
  readonly #over = new AbortController();
  #onWay = 0;

  /** @param room a place is a byte, a guest a user. */
  constructor(room: Turnstile, user: string) {
    this.#room = room;
    this.#user = user;
  }

  /** Waits until so many more bytes may go. @throws ToruError when the request ended meanwhile. */
  async take(bytes: number): Promise<void> {
    await this.#room.enter(this.#user, this.#over.signal, bytes);
    this.#onWay += bytes;
    if (!this.#over.signal.aborted) return;
    this.taken(bytes);
    throw new ToruError('bad_request', 'The request is over.');
  }

  /** The agent read so many bytes. */
  taken(bytes: number): void {
    const read = Math.min(bytes, this.#onWay);
    this.#onWay -= read;
    this.#room.leave(this.#user, read);
  }

  /** It ended, and the agent said so: whatever was on its way has arrived, or soon will. */
  end(): void {
    this.#over.abort();
    this.taken(this.#onWay);
  }

  /**
   * We broke it off, and the agent may not be reading at all: its bytes still lie in the socket. They count until a
   * silent link would have been found dead, so that asking and leaving again and again fills nothing.
   */
  abandon(): void {
    const left = this.#onWay;
    this.#onWay = 0;
    this.#over.abort();
    if (left > 0) setTimeout(() => this.#room.leave(this.#user, left), LINK_DEAD_MS);
  }
}
