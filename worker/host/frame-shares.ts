import { MAX_CLIENT_FRAME, OBJECT_FRAMES_WINDOW, SMALL_FRAME, SMALL_FRAMES_WINDOW, USER_FRAMES_WINDOW } from '../../shared/limits.ts';

interface Sent {
  readonly sub: string;
  unread: number;
}

/**
 * What browsers sent and the agent has not read: workerd buffers it without a bound, and tells nobody. Each user has a
 * share, over all sockets and sessions; the agent says what it read. Sizes are in UTF-16 units. Nobody waits here: whoever
 * is past the share is refused. So what is said of the credit can't stand still: with a whole share unread, the agent has
 * at least half of it to read, and says so at half at the latest.
 */
export class FrameShares {
  readonly #byConn = new Map<string, Sent>();
  readonly #byUser = new Map<string, number>();
  #total = 0;

  /** May a frame of this size go on its way? */
  fits(sub: string, size: number): boolean {
    const unread = this.#byUser.get(sub) ?? 0;
    const share = size <= SMALL_FRAME ? USER_FRAMES_WINDOW + SMALL_FRAMES_WINDOW : USER_FRAMES_WINDOW;
    // Whatever all others have on their way, one frame of each user may be.
    return unread + size <= share && (unread + size <= MAX_CLIENT_FRAME || this.#total + size <= OBJECT_FRAMES_WINDOW);
  }

  /** It went on its way. */
  sent(sub: string, conn: string, size: number): void {
    const sent = this.#byConn.get(conn) ?? { sub, unread: 0 };
    this.#byConn.set(conn, sent);
    this.#add(sent, size);
  }

  /** The agent read so much of what that connection sent, which may be over by now. */
  read(conn: string, size: number): void {
    const sent = this.#byConn.get(conn);
    // An object that slept knows nothing of what was sent before.
    if (sent === undefined) return;
    this.#add(sent, -Math.min(size, sent.unread));
    if (sent.unread === 0) this.#byConn.delete(conn);
  }

  /** Of this user, or of all: on its way or waiting at the agent. */
  unread(sub?: string): number {
    return sub === undefined ? this.#total : (this.#byUser.get(sub) ?? 0);
  }

  #add(sent: Sent, size: number): void {
    sent.unread += size;
    this.#total += size;
    const unread = (this.#byUser.get(sent.sub) ?? 0) + size;
    if (unread > 0) this.#byUser.set(sent.sub, unread);
    else this.#byUser.delete(sent.sub);
  }
}
