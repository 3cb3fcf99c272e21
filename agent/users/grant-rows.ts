import { randomUUID } from 'node:crypto';
import type { Statement } from 'better-sqlite3';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from '../../shared/limits.ts';
import type { Role } from '../../shared/users.ts';
import type { Database } from '../store/database.ts';

/** The tables behind the grants: which sessions live, and which ends the edge must still be told. Times in ms. */

export interface GrantRow {
  sid: string;
  sub: string;
  epoch: number;
  auth_time: number;
  created_at: number;
  last_seen: number;
  revoked_at: number | null;
}

export interface GrantUser {
  id: string;
  username: string;
  role: Role;
  epoch: number;
  disabled: boolean;
}

/** Sessions that ended here. `id` is what the edge acknowledges. */
export interface Revocation {
  id: string;
  sids: string[];
}

/** `agentControl.revoke` in shared/link-protocol.ts takes so many. */
const SIDS_AT_ONCE = 1000;

/** Far longer than a grant of it could be presented. */
const ENDED_KEPT_MS = 24 * 3_600_000;

const sidList = z.array(z.string());

type Joined = GrantRow & { username: string; role: Role; user_epoch: number; disabled: number };

/** A session and its user, as the tables have them. */
interface Found {
  readonly row: GrantRow;
  readonly user: GrantUser;
}

/** A change by another process (an owner with sqlite3) counts after so long at most; our own writes count at once. */
const KNOWN_MS = 1000;
const KNOWN_KEPT = 1000;

export class GrantRows {
  readonly #db: Database;
  readonly #bySid: Statement<[string], Joined>;
  /** Asked with every frame and request: two fifths of a round trip were this query. Empty after every write to its tables. */
  readonly #known = new Map<string, { found: Found; at: number }>();

  /** @param written hears of every row of users and grants that is written. */
  constructor(db: Database, written: () => void = () => undefined) {
    this.#db = db;
    this.#bySid = db.prepare(
      `SELECT grants.*, users.username, users.role, users.epoch AS user_epoch, users.disabled
       FROM grants JOIN users ON users.id = grants.sub WHERE grants.sid = ?`,
    );
    forgetAfterWrites(db, () => {
      this.#known.clear();
      written();
    });
  }

  /**
   * @param session.epoch when given, the only one that the user may have. @returns the user's epoch, which the grant carries.
   * @throws ToruError conflict, unknown_user.
   */
  begin({ sid, sub, auth_time, now, epoch }: { sid: string; sub: string; auth_time: number; now: number; epoch?: number }): number {
    return this.#db.transaction(() => {
      const user = this.#db.prepare<[string], { epoch: number }>('SELECT epoch FROM users WHERE id = ? AND disabled = 0').get(sub);
      if (user === undefined || (epoch !== undefined && epoch !== user.epoch))
        throw new ToruError('unknown_user', 'There is no such user any more.');
      // Over, and of no use to anyone.
      this.#db
        .prepare('DELETE FROM grants WHERE created_at < ? OR last_seen < ? OR revoked_at < ?')
        .run(now - SESSION_ABSOLUTE_MS - ENDED_KEPT_MS, now - SESSION_IDLE_MS - ENDED_KEPT_MS, now - ENDED_KEPT_MS);
      const { changes } = this.#db
        .prepare(
          `INSERT INTO grants (sid, sub, epoch, auth_time, created_at, last_seen) VALUES (?, ?, ?, ?, ?, ?)
           ON CONFLICT (sid) DO UPDATE SET auth_time = excluded.auth_time, last_seen = excluded.last_seen
           WHERE sub = excluded.sub AND epoch = excluded.epoch AND revoked_at IS NULL`,
        )
        .run(sid, sub, user.epoch, auth_time, now, now);
      if (changes === 0) throw new ToruError('conflict', 'That session is over. Log in again.');
      return user.epoch;
    })();
  }

  get(sid: string, now: number): Found | null {
    const known = this.#known.get(sid);
    if (known !== undefined && now >= known.at && now - known.at < KNOWN_MS) return known.found;
    const read = this.#bySid.get(sid);
    if (read === undefined) return null;
    const { username, role, user_epoch, disabled, ...row } = read;
    const found = { row, user: { id: row.sub, username, role, epoch: user_epoch, disabled: disabled !== 0 } };
    // A row that a transaction still holds open may never come true.
    if (!this.#db.inTransaction) this.#keep(sid, { found, at: now });
    return found;
  }

  #keep(sid: string, known: { found: Found; at: number }): void {
    if (this.#known.size >= KNOWN_KEPT) this.#known.clear();
    this.#known.set(sid, known);
  }

  /** The sids of sessions that were ended, newest first. */
  ended(limit: number): string[] {
    return this.#db
      .prepare<[number], string>('SELECT sid FROM grants WHERE revoked_at IS NOT NULL ORDER BY revoked_at DESC, sid LIMIT ?')
      .pluck()
      .all(limit);
  }

  /** The session was used. */
  seen(sid: string, now: number): void {
    this.#db.prepare('UPDATE grants SET last_seen = ? WHERE sid = ?').run(now, sid);
  }

  /** Ends one session, all of a user, or all. @returns what to tell the edge; it is kept until acknowledged. */
  revoke(of: { sid: string } | { sub: string } | 'all', now: number, change: () => void = () => undefined): Revocation[] {
    return this.#db.transaction(() => {
      const [where, ...values] = of === 'all' ? ['true'] : 'sid' in of ? ['sid = ?', of.sid] : ['sub = ?', of.sub];
      const sids = this.#db
        .prepare<(number | string)[], { sid: string }>(
          `UPDATE grants SET revoked_at = ? WHERE ${where} AND revoked_at IS NULL RETURNING sid`,
        )
        .all(now, ...values)
        .map(({ sid }) => sid);
      const keep = this.#db.prepare('INSERT INTO revocations (id, sids, created_at) VALUES (?, ?, ?)');
      const revocations: Revocation[] = [];
      for (let at = 0; at < sids.length; at += SIDS_AT_ONCE) {
        const revocation = { id: randomUUID(), sids: sids.slice(at, at + SIDS_AT_ONCE) };
        keep.run(revocation.id, JSON.stringify(revocation.sids), now);
        revocations.push(revocation);
      }
      change();
      return revocations;
    })();
  }

  pending(): Revocation[] {
    return this.#db
      .prepare<[], { id: string; sids: string }>('SELECT id, sids FROM revocations ORDER BY created_at, rowid')
      .all()
      .map(({ id, sids }) => ({ id, sids: sidList.parse(JSON.parse(sids)) }));
  }

  acknowledged(id: string): void {
    this.#db.prepare('DELETE FROM revocations WHERE id = ?').run(id);
  }

  /** This host belongs to another edge now: all sessions are over, and the old edge hears nothing of it. */
  forgetAll(now: number): void {
    this.#db.transaction(() => {
      this.#db.prepare('UPDATE grants SET revoked_at = ? WHERE revoked_at IS NULL').run(now);
      this.#db.prepare('DELETE FROM revocations').run();
    })();
  }
}

/**
 * Calls back with every row of users and grants that is written through this connection, by whatever code: a trigger of
 * the connection's own sees them all, so no write can be added that forgets to say so.
 */
function forgetAfterWrites(db: Database, forget: () => void): void {
  db.function('toru_grants_written', () => {
    forget();
    return null;
  });
  for (const table of ['users', 'grants'])
    for (const write of ['INSERT', 'UPDATE', 'DELETE'])
      db.exec(
        `CREATE TEMP TRIGGER toru_${table}_${write.toLowerCase()} AFTER ${write} ON main.${table} BEGIN SELECT toru_grants_written(); END`,
      );
}
