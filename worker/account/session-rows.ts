import * as z from 'zod';
import { parseJsonOrNull } from '../../shared/json.ts';
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from '../../shared/limits.ts';
import type { Role } from '../../shared/users.ts';
import { role as roleSchema } from '../../shared/users.ts';

const rolesByUser = z.record(z.string(), roleSchema);

/** A grant, and when it runs out, in ms since 1970. */
export interface Granted {
  grant: string;
  grant_exp: number;
}

/** With what a session acts on one host, and its user's role there, as the home host named it. */
export interface HostGrant extends Granted {
  host: string;
  role: Role;
}

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
  /** Those for members, of the hosts that this session opened. */
  member_grants: HostGrant[];
}

/** The grant that a session has for a host, which may have run out; null when it has none. */
export function heldGrant(session: SessionRecord, host: string): HostGrant | null {
  const { home, grant, grant_exp, role } = session;
  return host === home ? { host, grant, grant_exp, role } : (session.member_grants.find((one) => one.host === host) ?? null);
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
    const session = this.#fromRow(row);
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
      .map((row) => this.#fromRow(row))
      .filter((session) => expiresAt(session) > now);
  }

  renewed(sid: string, grant: string, grantExp: number): void {
    this.#sql.exec('UPDATE sessions SET grant_token = ?, grant_exp = ? WHERE sid = ?', grant, grantExp, sid);
  }

  /** @param home when given, only sessions of this host end: no other host has a say in them. @returns those that lived. */
  end(sids: readonly string[], home?: string): string[] {
    const ended = sids.filter(
      (sid) =>
        this.#sql.exec('DELETE FROM sessions WHERE sid = ?1 AND (?2 IS NULL OR home = ?2) RETURNING sid', sid, home ?? null).toArray()
          .length > 0,
    );
    for (const sid of ended) this.#sql.exec('DELETE FROM session_grants WHERE sid = ?', sid);
    return ended;
  }

  /** Nobody is logged in any more. @returns the sids that lived until now. */
  endAll(): string[] {
    this.#sql.exec('DELETE FROM session_grants');
    return this.#sql
      .exec<{ sid: string }>('DELETE FROM sessions RETURNING sid')
      .toArray()
      .map(({ sid }) => sid);
  }

  /** A session got a grant for a member. @returns the role of its user there; the lesser one for a session that just ended. */
  remember(sid: string, host: string, { grant, grant_exp }: Granted): Role {
    this.#sql.exec(
      `INSERT INTO session_grants (sid, host, grant_token, grant_exp) SELECT ?1, ?2, ?3, ?4 WHERE EXISTS (SELECT 1 FROM sessions WHERE sid = ?1)
       ON CONFLICT (sid, host) DO UPDATE SET grant_token = ?3, grant_exp = ?4`,
      sid,
      host,
      grant,
      grant_exp,
    );
    const [row] = this.#sql.exec<SessionRow>('SELECT * FROM sessions WHERE sid = ?', sid).toArray();
    return row === undefined ? 'client' : (heldGrant(this.#fromRow(row), host)?.role ?? 'client');
  }

  /** The grants for a host that is a member no longer are of no use. */
  forgetHost(host: string): void {
    this.#sql.exec('DELETE FROM session_grants WHERE host = ?', host);
  }

  #fromRow({ role, grant_token, ...row }: SessionRow): SessionRecord {
    const member_grants = this.#sql
      .exec<GrantRow>(
        'SELECT host, grant_token, grant_exp, roles FROM session_grants JOIN hosts ON hosts.id = session_grants.host WHERE sid = ?',
        row.sid,
      )
      .toArray()
      .map(({ host, grant_token: grant, grant_exp, roles }) => ({ host, grant, grant_exp, role: roleThere(roles, row.sub, roleOf(role)) }));
    return { ...row, role: roleOf(role), grant: grant_token, member_grants };
  }
}

type SessionRow = Omit<SessionRecord, 'role' | 'grant' | 'member_grants'> & { role: string; grant_token: string };
type GrantRow = { host: string; grant_token: string; grant_exp: number; roles: string };

function roleOf(text: string): Role {
  return text === 'admin' ? 'admin' : 'client';
}

/** @param roles of a member, as JSON by user. */
function roleThere(roles: string, sub: string, own: Role): Role {
  return rolesByUser.safeParse(parseJsonOrNull(roles)).data?.[sub] ?? own;
}
