import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from '../../shared/limits.ts';
import type { Role } from '../../shared/users.ts';

/** A login that lives. Times in ms since 1970. */
export interface SessionRecord {
  /** SHA-256 of the token, hex. */
  sid: string;
  /** The name of the session on the page, a UUID. */
  id: string;
  /** The host that answered the login. */
  home: string;
  sub: string;
  username: string;
  /** The role that the host named at login: enough for the edge to choose a view; the host decides again. */
  role: Role;
  grant: string;
  grant_exp: number;
  auth_time: number;
  created_at: number;
  last_seen_at: number;
  address: string;
  user_agent: string;
}

/** `last_seen_at` is written at most so often: a row per request would eat the day's quota. */
const TOUCH_MS = 5 * 60_000;
/** More than anybody uses; past it the oldest session of that user ends. */
const SESSIONS_PER_USER = 100;

export function expiresAt(session: Pick<SessionRecord, 'created_at' | 'last_seen_at'>): number {
  return Math.min(session.created_at + SESSION_ABSOLUTE_MS, session.last_seen_at + SESSION_IDLE_MS);
}

export class Sessions {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** @returns the sids that had to end to make room. */
  open(session: SessionRecord): string[] {
    this.#sql.exec(
      `INSERT INTO sessions (sid, id, home, sub, username, role, grant_token, grant_exp, auth_time, created_at, last_seen_at, address, user_agent)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      session.sid,
      session.id,
      session.home,
      session.sub,
      session.username,
      session.role,
      session.grant,
      session.grant_exp,
      session.auth_time,
      session.created_at,
      session.last_seen_at,
      session.address,
      session.user_agent,
    );
    const surplus = this.#sql
      .exec<{ sid: string }>(
        'SELECT sid FROM sessions WHERE sub = ? ORDER BY created_at DESC, sid LIMIT -1 OFFSET ?',
        session.sub,
        SESSIONS_PER_USER,
      )
      .toArray();
    return this.end(surplus.map(({ sid }) => sid));
  }

  /** The live session of this sid, which is in use now. One past its life is removed here. */
  use(sid: string, now: number): SessionRecord | null {
    const [row] = this.#sql.exec<SessionRow>('SELECT * FROM sessions WHERE sid = ?', sid).toArray();
    if (row === undefined) return null;
    const session = fromRow(row);
    if (expiresAt(session) <= now) {
      this.end([sid]);
      return null;
    }
    if (now - session.last_seen_at < TOUCH_MS) return session;
    this.#sql.exec('UPDATE sessions SET last_seen_at = ? WHERE sid = ?', now, sid);
    return { ...session, last_seen_at: now };
  }

  /** Those of these sids that live. */
  live(sids: readonly string[], now: number): string[] {
    return sids.filter((sid) => {
      const [row] = this.#sql.exec<SessionRow>('SELECT * FROM sessions WHERE sid = ?', sid).toArray();
      return row !== undefined && expiresAt(row) > now;
    });
  }

  /** Newest first. */
  of(sub: string, now: number): SessionRecord[] {
    return this.#sql
      .exec<SessionRow>('SELECT * FROM sessions WHERE sub = ? ORDER BY created_at DESC, sid', sub)
      .toArray()
      .map(fromRow)
      .filter((session) => expiresAt(session) > now);
  }

  renewed(sid: string, grant: string, grantExp: number): void {
    this.#sql.exec('UPDATE sessions SET grant_token = ?, grant_exp = ? WHERE sid = ?', grant, grantExp, sid);
  }

  /** @param home when given, only sessions of this host end: no other host has a say in them. @returns those that lived. */
  end(sids: readonly string[], home?: string): string[] {
    return sids.filter(
      (sid) =>
        this.#sql.exec('DELETE FROM sessions WHERE sid = ?1 AND (?2 IS NULL OR home = ?2) RETURNING sid', sid, home ?? null).toArray()
          .length > 0,
    );
  }
}

type SessionRow = Omit<SessionRecord, 'role' | 'grant'> & { role: string; grant_token: string };

function fromRow({ role, grant_token, ...row }: SessionRow): SessionRecord {
  return { ...row, role: role === 'admin' ? 'admin' : 'client', grant: grant_token };
}
