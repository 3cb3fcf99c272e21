import { createHash, randomBytes } from 'node:crypto';
import { toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import { LOGIN_LINK_MS } from '../../shared/limits.ts';
import type { LoginLink, User } from '../../shared/users.ts';
import type { Audit } from '../audit/audit.ts';
import type { Identity } from '../link/identity.ts';
import type { Caller } from './caller.ts';
import { adminLately, authorize } from './permissions.ts';
import type { Users } from './users.ts';

/** More are never wanted at once; past it the oldest one is void. */
const MAX_LINKS = 100;

export interface LoginLinksOptions {
  /** The instance id. */
  host: string;
  identity: Pick<Identity, 'sign'>;
  users: Pick<Users, 'list' | 'byName' | 'get' | 'epochOf'>;
  audit: Pick<Audit, 'record'>;
  /** Where browsers reach this host's page; null when the agent does not know. */
  origin: string | null;
  now?: () => number;
}

/**
 * Codes that log somebody in once. Only their hashes are kept, in memory: a restart voids them. Made at the local socket
 * alone: whoever opens that owns the host's files anyway, so no throttle, lost password or lockout stands before them.
 */
export class LoginLinks {
  readonly #o: LoginLinksOptions;
  readonly #now: () => number;
  /** By the code's SHA-256, oldest first. */
  readonly #open = new Map<string, { user_id: string; epoch: number | null; expires: number }>();

  constructor(options: LoginLinksOptions) {
    this.#o = options;
    this.#now = options.now ?? Date.now;
  }

  /** @param username may be left out where only one admin can log in. @throws ToruError forbidden, unknown_user, bad_request. */
  make(caller: Caller, username: string | undefined): LoginLink {
    authorize(caller, adminLately, this.#now());
    // A session that could make these would never end.
    if (caller.via !== 'local') throw new ToruError('forbidden', 'Login links are made on the host itself: toru login-link.');
    const user = this.#pick(username);
    const expires = this.#now() + LOGIN_LINK_MS;
    const claims = { v: 1, iss: this.#o.host, nonce: randomBytes(16).toString('base64url'), exp: Math.ceil(expires / 1000) };
    const bytes = new TextEncoder().encode(JSON.stringify(claims));
    const code = `${toBase64Url(bytes)}.${toBase64Url(this.#o.identity.sign(purposed('login-link', bytes)))}`;
    this.#open.set(hashOf(code), { user_id: user.id, epoch: this.#o.users.epochOf(user.id), expires });
    const oldest = this.#open.keys().next();
    if (this.#open.size > MAX_LINKS && oldest.done !== true) this.#open.delete(oldest.value);
    this.#o.audit.record({ event: 'login.link', caller, target: user.username, outcome: 'ok', detail: { id: user.id } });
    return { code, username: user.username, expires_at: new Date(expires).toISOString(), origin: this.#o.origin };
  }

  /** The user whom this code logs in; null when it was used, is too old, older than a change of the user, or was never made here. It is used now. */
  redeem(code: string): User | null {
    const hash = hashOf(code);
    const link = this.#open.get(hash);
    this.#open.delete(hash);
    if (link === undefined || link.expires <= this.#now()) return null;
    const user = this.#o.users.get(link.user_id);
    // A new password or another role ends what was before it, as it ends sessions.
    return user === null || user.disabled || this.#o.users.epochOf(user.id) !== link.epoch ? null : user;
  }

  #pick(username: string | undefined): User {
    const able = this.#o.users.list().filter((user) => !user.disabled);
    if (username !== undefined) {
      const user = able.find((each) => each.username.toLowerCase() === username.toLowerCase());
      if (user !== undefined) return user;
      throw new ToruError('unknown_user', `No user “${username}” can log in. There are ${able.map((each) => each.username).join(', ')}.`);
    }
    const [admin, another] = able.filter((user) => user.role === 'admin');
    if (admin !== undefined && another === undefined) return admin;
    throw new ToruError('bad_request', `For whom? There are ${able.map((each) => each.username).join(', ')}.`, {
      extra: { field: 'username' },
    });
  }
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
