import { USER_FRAMES_WINDOW } from '../../shared/limits.ts';

/** Said when so much was read: what is still unsaid never comes near a window, so no edge waits for it in vain. */
const STEP = USER_FRAMES_WINDOW / 8;
/** A user with many connections that talk: each is named, so it is said less often. A thousand viewers' acknowledgements were a tenth of the upload. */
const MANY_CONNS = 8;
const STEP_OF_MANY = USER_FRAMES_WINDOW / 2;
/** An edge that knows no credit may send more than a window. What is past this is refused unread. */
const MOST_HELD = 2 * USER_FRAMES_WINDOW;

interface Account {
  /** Of frames that wait for their turn. */
  held: number;
  /** Read since it was last said: in all, and by connection. */
  unsaid: number;
  readonly byConn: Map<string, number>;
}

/**
 * Credit from this host to browsers: how much of what each user sent was read here. What was not is on its way or waits
 * for its turn, and the edge holds no more of it than USER_FRAMES_WINDOW. All sizes are in UTF-16 units, as both sides count.
 */
export class FrameCredit {
  readonly #say: (conns: Record<string, number>) => void;
  readonly #users = new Map<string, Account>();

  /** @param say tells the edge what was read, by connection. */
  constructor(say: (conns: Record<string, number>) => void) {
    this.#say = say;
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
    account.byConn.set(conn, (account.byConn.get(conn) ?? 0) + size);
    if (account.unsaid >= (account.byConn.size > MANY_CONNS ? STEP_OF_MANY : STEP)) this.#flush(user, account);
  }

  /** A connection is over, and all of its frames were read. */
  end(user: string, conn: string): void {
    const account = this.#users.get(user);
    if (account?.byConn.has(conn) === true) this.#flush(user, account);
  }

  /** A frame of a connection that is not known here (any more). */
  stray(conn: string, size: number): void {
    this.#say({ [conn]: size });
  }

  #flush(user: string, account: Account): void {
    this.#say(Object.fromEntries(account.byConn));
    account.byConn.clear();
    account.unsaid = 0;
    if (account.held === 0) this.#users.delete(user);
  }

  #of(user: string): Account {
    const known = this.#users.get(user);
    if (known !== undefined) return known;
    const account: Account = { held: 0, unsaid: 0, byConn: new Map() };
    this.#users.set(user, account);
    return account;
  }
}
