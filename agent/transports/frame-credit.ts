import { getOrInsert } from '../../shared/get-or-insert.ts';
import { USER_FRAMES_WINDOW } from '../../shared/limits.ts';

/** Said when so much was read: what is still unsaid never comes near a window, so no edge waits for it in vain. */
const STEP = USER_FRAMES_WINDOW / 8;
/** An edge that knows no credit may send more than a window. What is past this is refused unread. */
const MOST_HELD = 2 * USER_FRAMES_WINDOW;

interface Account {
  /** Of frames that wait for their turn. */
  held: number;
  /** Read since the edge was last told. */
  unsaid: number;
}

/**
 * Credit from this host to browsers: how much of what each user sent was read here. What was not is on its way or waits
 * for its turn, and the edge holds no more of it than USER_FRAMES_WINDOW. All sizes are in UTF-16 units, as both sides count.
 * A message of credit names one connection of the user: a thousand viewers' names were a tenth of the upload.
 */
export class FrameCredit {
  readonly #say: (conn: string, size: number) => void;
  readonly #byUser: boolean;
  readonly #users = new Map<string, Account>();

  /**
   * @param say tells the edge what was read of a user, by one of the user's connections.
   * @param byUser the edge takes it so. To one that counts each connection by itself, each frame is said.
   */
  constructor(say: (conn: string, size: number) => void, byUser: boolean) {
    this.#say = say;
    this.#byUser = byUser;
  }

  /** A frame came. @returns false when it is too much: it counts as read already. */
  take(user: string, conn: string, size: number): boolean {
    const account = this.#of(user);
    account.held += size;
    if (account.held <= MOST_HELD) return true;
    this.read(user, conn, size);
    return false;
  }

  /** It was read, or dropped: it waits no more. */
  read(user: string, conn: string, size: number): void {
    const account = this.#of(user);
    account.held -= size;
    account.unsaid += size;
    if (account.unsaid >= STEP || !this.#byUser) this.#flush(user, conn, account);
  }

  /** A connection is over, and all of its frames were read: the user may have no other by which the rest can be said. */
  end(user: string, conn: string): void {
    const account = this.#users.get(user);
    if (account !== undefined && account.unsaid > 0) this.#flush(user, conn, account);
  }

  /** A frame of a connection that is not known here (any more). */
  stray(conn: string, size: number): void {
    this.#say(conn, size);
  }

  #flush(user: string, conn: string, account: Account): void {
    this.#say(conn, account.unsaid);
    account.unsaid = 0;
    if (account.held === 0) this.#users.delete(user);
  }

  #of(user: string): Account {
    return getOrInsert(this.#users, user, () => ({ held: 0, unsaid: 0 }));
  }
}
