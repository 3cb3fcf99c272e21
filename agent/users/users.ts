import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../shared/errors.ts';
import { MAX_USERS } from '../../shared/members.ts';
import type { User, UserCreate, UserPatch } from '../../shared/users.ts';
import type { Audit } from '../audit/audit.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from './caller.ts';
import type { Grants } from './grants.ts';
import type { Passwords } from './passwords.ts';
import { adminLately, any, authorize } from './permissions.ts';
import { mustBeStrong } from './weak-password.ts';
import { WrongPasswords } from './wrong-passwords.ts';

interface Row {
  id: string;
  username: string;
  password_hash: string;
  role: User['role'];
  disabled: number;
  epoch: number;
  created_at: number;
  last_login_at: number | null;
}

/** A wrong current password is answered after so long, whatever the hash took. */
const WRONG_PASSWORD_MS = 700;

/** The people who may use this host. Every change is authorised here, and written to the audit. */
export class Users {
  readonly #db: Database;
  readonly #passwords: Passwords;
  readonly #grants: Grants;
  readonly #audit: Audit;
  readonly #now: () => number;
  readonly #wrong: WrongPasswords;
  readonly #home: () => string | null;

  /** @param options.home the name of the home host, where this host is a member: its users are decided there. */
  constructor(
    db: Database,
    passwords: Passwords,
    grants: Grants,
    audit: Audit,
    { now = Date.now, home = () => null }: { now?: () => number; home?: () => string | null } = {},
  ) {
    this.#db = db;
    this.#passwords = passwords;
    this.#grants = grants;
    this.#audit = audit;
    this.#now = now;
    this.#home = home;
    this.#wrong = new WrongPasswords(now);
  }

  /** Every grant of this user carries it: it rises when the grants before it shall end. */
  epochOf(id: string): number | null {
    return this.#row(id)?.epoch ?? null;
  }

  get(id: string): User | null {
    const row = this.#row(id);
    return row === null ? null : userOf(row);
  }

  /** Names are compared without case. */
  byName(username: string): User | null {
    const row = this.#rowByName(username);
    return row === null ? null : userOf(row);
  }

  /** By name. */
  list(): User[] {
    return this.#db.prepare<[], Row>('SELECT * FROM users ORDER BY username COLLATE NOCASE').all().map(userOf);
  }

  /** @throws ToruError username_taken, bad_request for a weak password, forbidden, reauth_required. */
  async create(fields: UserCreate, caller: Caller): Promise<User> {
    authorize(caller, adminLately, this.#now());
    this.mustDecide();
    await mustBeStrong(fields.password, fields.username);
    const user = await this.insert(fields);
    this.#audit.record({ event: 'user.create', caller, target: user.username, outcome: 'ok', detail: { id: user.id, role: user.role } });
    return user;
  }

  /** Makes a user in nobody's name: for the first admin. @throws ToruError username_taken, quota_exceeded. */
  async insert({ username, password, role }: UserCreate): Promise<User> {
    if (this.#rowByName(username) !== null) throw taken(username);
    if (this.list().length >= MAX_USERS)
      throw new ToruError('quota_exceeded', `An installation has at most ${MAX_USERS} users. Remove some that nobody needs.`);
    const hash = await this.#passwords.hash(password);
    const now = this.#now();
    const id = randomUUID();
    const { changes } = this.#db
      .prepare(
        `INSERT INTO users (id, username, password_hash, role, created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (username) DO NOTHING`,
      )
      .run(id, username, hash, role, now, now);
    if (changes === 0) throw taken(username);
    return this.#known(id);
  }

  /**
   * Changes what the patch names. A new password, role or `disabled` ends all sessions of that user, also the one it was
   * asked from. One's own password: with `current_password`, or as an admin whose login is recent.
   * @throws ToruError unknown_user, username_taken, last_admin, bad_request for a weak password, forbidden,
   * reauth_required, invalid_credentials, too_many_attempts.
   */
  async update(id: string, { current_password, ...patch }: UserPatch, caller: Caller): Promise<User> {
    this.mustDecide();
    await this.#mayUpdate(id, patch, current_password, caller);
    if (patch.password !== undefined) await mustBeStrong(patch.password, patch.username ?? this.#known(id).username);
    const user = await this.change(id, patch);
    const detail = { id, ...patch, ...(patch.password === undefined ? {} : { password: true }) };
    this.#audit.record({ event: 'user.update', caller, target: user.username, outcome: 'ok', detail });
    return user;
  }

  /** As `update`, in nobody's name: nothing is authorised or written to the audit. */
  async change(id: string, patch: Omit<UserPatch, 'current_password'>): Promise<User> {
    this.#known(id);
    const hash = patch.password === undefined ? null : await this.#passwords.hash(patch.password);
    // Read after the hash: another change may have come between.
    const row = this.#row(id);
    if (row === null) throw unknown();
    const role = patch.role ?? row.role;
    const disabled = patch.disabled ?? row.disabled !== 0;
    const username = patch.username ?? row.username;
    const other = this.#rowByName(username);
    if (other !== null && other.id !== id) throw taken(username);
    const ends = hash !== null || role !== row.role || disabled !== (row.disabled !== 0);
    const change = (): void => {
      this.#db
        .prepare('UPDATE users SET username = ?, password_hash = ?, role = ?, disabled = ?, epoch = epoch + ?, updated_at = ? WHERE id = ?')
        .run(username, hash ?? row.password_hash, role, disabled ? 1 : 0, ends ? 1 : 0, this.#now(), id);
      if (row.role === 'admin' && (role !== 'admin' || disabled)) this.#mustKeepAdmin();
    };
    if (ends) this.#grants.revokeUser(id, change);
    else change();
    return this.#known(id);
  }

  /** @throws ToruError unknown_user, last_admin, forbidden, reauth_required. */
  remove(id: string, caller: Caller): void {
    authorize(caller, adminLately, this.#now());
    this.mustDecide();
    const user = this.#known(id);
    this.#grants.revokeUser(id, () => {
      this.#db.prepare('DELETE FROM users WHERE id = ?').run(id);
      if (user.role === 'admin') this.#mustKeepAdmin();
    });
    this.#audit.record({ event: 'user.remove', caller, target: user.username, outcome: 'ok', detail: { id } });
  }

  /**
   * The user whose name and password these are; null otherwise. An unknown or disabled user costs the same hash.
   * @throws ToruError busy.
   */
  async verify(username: string, password: string): Promise<User | null> {
    const row = this.#rowByName(username);
    const good = await this.#passwords.verify(row === null || row.disabled !== 0 ? null : row.password_hash, password);
    if (!good || row === null) return null;
    if (this.#passwords.needsRehash(row.password_hash)) await this.#strengthen(row, password);
    // Read again: they may have been disabled, or the password changed, while the hash was computed.
    const now = this.#row(row.id);
    return now === null || now.disabled !== 0 || now.epoch !== row.epoch ? null : userOf(now);
  }

  /** Users, passwords and logins of an installation are its home host's. @throws ToruError not_home on a member. */
  mustDecide(): void {
    const home = this.#home();
    if (home !== null) throw new ToruError('not_home', `This host is a member: its users are managed on ${home}, its home host. Go there.`);
  }

  loggedIn(id: string): void {
    this.#db.prepare('UPDATE users SET last_login_at = ? WHERE id = ?').run(this.#now(), id);
  }

  async #mayUpdate(id: string, patch: Omit<UserPatch, 'current_password'>, current: string | undefined, caller: Caller): Promise<void> {
    authorize(caller, any, this.#now());
    const own = id === caller.user_id && patch.password !== undefined && Object.keys(patch).length === 1;
    if (!own || current === undefined) {
      try {
        authorize(caller, adminLately, this.#now());
      } catch (error) {
        if (!own || caller.role === 'admin') throw error;
        throw new ToruError('bad_request', 'Give your current password too.', { extra: { field: 'current_password' } });
      }
      return;
    }
    // The current password counts as typed just now.
    await this.#checkCurrent(id, current, caller);
  }

  async #checkCurrent(id: string, current: string, caller: Caller): Promise<void> {
    const row = this.#row(id);
    if (row === null) throw unknown();
    const takeBack = this.#wrong.count(id);
    const answerAt = sleep(WRONG_PASSWORD_MS);
    let good: boolean;
    try {
      good = await this.#passwords.verify(row.password_hash, current);
    } catch (error) {
      // Nobody looked at it: the queue was full.
      takeBack();
      throw error;
    }
    if (good) return takeBack();
    this.#audit.record({
      event: 'user.update',
      caller,
      target: row.username,
      outcome: 'refused',
      detail: { id, reason: 'wrong current password' },
    });
    await answerAt;
    throw new ToruError('invalid_credentials', 'Your current password is another one.', { extra: { field: 'current_password' } });
  }

  /** Not a change of the password: sessions stay. A busy queue puts it off until the next login. */
  async #strengthen(row: Row, password: string): Promise<void> {
    try {
      const hash = await this.#passwords.hash(password);
      this.#db.prepare('UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?').run(hash, row.id, row.password_hash);
    } catch (error) {
      if (!(error instanceof ToruError && error.code === 'busy')) throw error;
    }
  }

  #mustKeepAdmin(): void {
    const left = this.#db.prepare<[], { id: string }>("SELECT id FROM users WHERE role = 'admin' AND disabled = 0 LIMIT 1").get();
    if (left === undefined) throw new ToruError('last_admin', 'This is the last admin who can log in. Make another user an admin first.');
  }

  #known(id: string): User {
    const user = this.get(id);
    if (user === null) throw unknown();
    return user;
  }

  #row(id: string): Row | null {
    return this.#db.prepare<[string], Row>('SELECT * FROM users WHERE id = ?').get(id) ?? null;
  }

  #rowByName(username: string): Row | null {
    return this.#db.prepare<[string], Row>('SELECT * FROM users WHERE username = ?').get(username) ?? null;
  }
}

function userOf(row: Row): User {
  const { id, username, role } = row;
  const time = (ms: number): string => new Date(ms).toISOString();
  return {
    id,
    username,
    role,
    disabled: row.disabled !== 0,
    created_at: time(row.created_at),
    last_login_at: row.last_login_at === null ? null : time(row.last_login_at),
  };
}

function unknown(): ToruError {
  return new ToruError('unknown_user', 'There is no such user. The list may have changed: load it again.');
}

function taken(username: string): ToruError {
  return new ToruError('username_taken', `There is already a user “${username}”. Choose another name.`, { extra: { field: 'username' } });
}
