import { MAX_CLIENT_FRAME, OBJECT_FRAMES_WINDOW, SMALL_FRAME, SMALL_FRAMES_WINDOW, USER_FRAMES_WINDOW } from '../../shared/limits.ts';

/** A user who sends on more connections than this before all was read loses the credit that comes by the first of them. */
const MOST_CONNS = 1000;

interface Share {
  unread: number;
  /** The connections by which the agent may name this user, over or not; the one that sent last is the last. */
  readonly conns: Set<string>;
}

/**
 * What browsers sent and the agent has not read: workerd buffers it without a bound, and tells nobody. Each user has a
 * share, over all sockets and sessions; the agent says what it read. Sizes are in UTF-16 units. Nobody waits here: whoever
 * is past the share is refused. So what is said of the credit can't stand still: with a whole share unread, the agent has
 * at least half of it to read, and says so at half at the latest.
 */
export class FrameShares {
  readonly #byUser = new Map<string, Share>();
  readonly #userOf = new Map<string, string>();
  #total = 0;

  /** May a frame of this size go on its way? */
  fits(sub: string, size: number): boolean {
    const unread = this.unread(sub);
    const share = size <= SMALL_FRAME ? USER_FRAMES_WINDOW + SMALL_FRAMES_WINDOW : USER_FRAMES_WINDOW;
    // Whatever all others have on their way, one frame of each user may be.
    return unread + size <= share && (unread + size <= MAX_CLIENT_FRAME || this.#total + size <= OBJECT_FRAMES_WINDOW);
  }

  /** It went on its way. */
  sent(sub: string, conn: string, size: number): void {
    const share = this.#byUser.get(sub) ?? { unread: 0, conns: new Set() };
    this.#byUser.set(sub, share);
    share.conns.delete(conn);
    share.conns.add(conn);
    this.#userOf.set(conn, sub);
    const [oldest] = share.conns;
    if (share.conns.size > MOST_CONNS && oldest !== undefined) this.#forget(share, oldest);
    share.unread += size;
    this.#total += size;
  }

  /** The agent read so much of what the user of that connection sent, which may be over by now. */
  read(conn: string, size: number): void {
    const sub = this.#userOf.get(conn);
    const share = sub === undefined ? undefined : this.#byUser.get(sub);
    // An object that slept knows nothing of what was sent before.
    if (sub === undefined || share === undefined) return;
    const read = Math.min(size, share.unread);
    share.unread -= read;
    this.#total -= read;
    if (share.unread > 0) return;
    for (const each of share.conns) this.#forget(share, each);
    this.#byUser.delete(sub);
  }

  /** Of this user, or of all: on its way or waiting at the agent. */
  unread(sub?: string): number {
    return sub === undefined ? this.#total : (this.#byUser.get(sub)?.unread ?? 0);
  }

  /** How many connections are remembered. */
  get connections(): number {
    return this.#userOf.size;
  }

  #forget(share: Share, conn: string): void {
    share.conns.delete(conn);
    this.#userOf.delete(conn);
  }
}
