import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import { DEVICE_CODE_MS, LOGIN_LINK_MS } from '../../shared/limits.ts';
import type { DeviceCode, DeviceCodeState, LoginLink, User } from '../../shared/users.ts';
import type { Audit } from '../audit/audit.ts';
import type { Identity } from '../link/identity.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Caller } from './caller.ts';
import type { Grants } from './grants.ts';
import { adminLately, anyLately, authorize } from './permissions.ts';
import type { Users } from './users.ts';

/** More are never wanted at once for one user, made at the local socket as by sessions; past it the oldest one of these is void. */
const MAX_LINKS = 20;

export interface LoginLinksOptions {
  /** The instance id. */
  host: string;
  identity: Pick<Identity, 'sign'>;
  users: Pick<Users, 'list' | 'byName' | 'get' | 'epochOf' | 'mustDecide'>;
  /** What a session made is void when that session ends. */
  grants: Pick<Grants, 'onRevoked'>;
  audit: Pick<Audit, 'record'>;
  /** Where browsers reach this host's page; null when the agent does not know. */
  origin: string | null;
  now?: () => number;
}

/** A code that logs one user in. */
interface Link {
  readonly user_id: string;
  readonly epoch: number | null;
  /** ms since 1970. */
  readonly expires: number;
  /** Only where a session made it, for another device. */
  readonly offer?: Offer;
}

interface Offer {
  readonly id: string;
  /** The session that made it, and when its password was typed: one that it lets in is no younger. */
  readonly sid: string;
  readonly auth_time: number;
  device: { key: string; address: string; user_agent: string } | null;
  allowed: boolean;
}

/** Who comes with a code. */
export interface Comer {
  /** What the device made up for itself; without one it can't wait for a confirmation. */
  device?: string | undefined;
  address: string;
  user_agent: string;
}

/** Whom a code logs in. `auth_time` in ms since 1970; null: the code is as good as a password just typed. */
export interface Redeemed {
  user: User;
  auth_time: number | null;
}

/**
 * Codes that log somebody in once. Only their hashes are kept, in memory: a restart voids them. At the local socket anybody's are
 * made: whoever opens that owns the host's files anyway, so no throttle, lost password or lockout stands before them. A session makes
 * some for its own user, after a password typed lately, and confirms the device that comes with one.
 */
export class LoginLinks {
  readonly #o: LoginLinksOptions;
  readonly #now: () => number;
  /** By the code's SHA-256, oldest first. */
  readonly #open = new Map<string, Link>();

  constructor(options: LoginLinksOptions) {
    this.#o = options;
    this.#now = options.now ?? Date.now;
    options.grants.onRevoked((sids) => this.#forgetOffersOf(sids));
  }

  /** @param username may be left out where only one admin can log in. @throws ToruError forbidden, unknown_user, bad_request. */
  make(caller: Caller, username: string | undefined): LoginLink {
    authorize(caller, adminLately, this.#now());
    this.#o.users.mustDecide();
    // A session that could make these would never end.
    if (caller.via !== 'local') throw new ToruError('forbidden', 'Login links are made on the host itself: toru login-link.');
    const user = this.#pick(username);
    const expires = this.#now() + LOGIN_LINK_MS;
    const code = this.#code({ user_id: user.id, epoch: this.#o.users.epochOf(user.id), expires });
    this.#o.audit.record({ event: 'login.link', caller, target: user.username, outcome: 'ok', detail: { id: user.id } });
    return { code, username: user.username, expires_at: new Date(expires).toISOString(), origin: this.#o.origin };
  }

  /** For another device of the caller's own. @throws ToruError forbidden, reauth_required. */
  offer(caller: Caller): DeviceCode {
    authorize(caller, anyLately, this.#now());
    this.#o.users.mustDecide();
    if (caller.via !== 'edge' || caller.sid === null) throw new ToruError('forbidden', 'A code for a device is made on the page.');
    const { user_id, sid, auth_time } = caller;
    // One at a time: a sheet that was opened again has the only one.
    this.#forgetOffersOf([sid]);
    const offer = { id: randomUUID(), sid, auth_time, device: null, allowed: false };
    const expires = this.#now() + DEVICE_CODE_MS;
    const code = this.#code({ user_id, epoch: this.#o.users.epochOf(user_id), expires, offer });
    this.#o.audit.record({ event: 'login.link', caller, target: caller.username, outcome: 'ok', detail: { id: user_id, for: 'a device' } });
    return { id: offer.id, code, expires_at: new Date(expires).toISOString() };
  }

  /** How it stands with a code that this session made. */
  offered(caller: Caller, id: string): DeviceCodeState {
    const [, link] = this.#offerOf(caller, id) ?? [];
    if (link?.offer === undefined) return { state: 'gone', device: null };
    const { device, allowed } = link.offer;
    const from = device === null ? null : { address: device.address, user_agent: device.user_agent };
    return { state: allowed ? 'allowed' : device === null ? 'open' : 'asks', device: from };
  }

  /** Lets the device in that came with the code, or voids the code. @throws ToruError not_found; conflict while nobody came. */
  decide(caller: Caller, id: string, allow: boolean): void {
    const [hash, link] = this.#offerOf(caller, id) ?? [];
    if (hash === undefined || link?.offer === undefined)
      throw new ToruError('not_found', 'That code is used or too old. Show another one.');
    const { device } = link.offer;
    if (allow && device === null) throw new ToruError('conflict', 'No device came with that code yet.');
    link.offer.allowed = allow;
    if (!allow) this.#open.delete(hash);
    const from = device === null ? {} : { address: device.address, user_agent: device.user_agent };
    this.#o.audit.record({
      event: 'login.confirm',
      caller,
      target: caller.username,
      outcome: allow ? 'ok' : 'refused',
      detail: from,
    });
  }

  /**
   * Whom this code logs in; null when it was used, is too old, older than a change of the user, belongs to another device by now, or was
   * never made here. It is used now. @throws ToruError login_unconfirmed while its person has not let this device in.
   */
  redeem(code: string, comer: Comer): Redeemed | null {
    const hash = hashOf(code);
    const link = this.#live(hash);
    if (link?.offer !== undefined && !this.#isLetIn(link.offer, comer)) return null;
    this.#open.delete(hash);
    if (link === undefined) return null;
    const user = this.#o.users.get(link.user_id);
    // A new password or another role ends what was before it, as it ends sessions.
    if (user === null || user.disabled || this.#o.users.epochOf(user.id) !== link.epoch) return null;
    return { user, auth_time: link.offer?.auth_time ?? null };
  }

  /** Whoever comes first is the device. @returns false for another one. @throws ToruError login_unconfirmed. */
  #isLetIn(offer: Offer, { device, address, user_agent }: Comer): boolean {
    if (device === undefined) return false;
    offer.device ??= { key: device, address, user_agent };
    if (offer.device.key !== device) return false;
    if (!offer.allowed) throw new ToruError('login_unconfirmed', 'Confirm it on the device that shows the code.');
    return true;
  }

  #forgetOffersOf(sids: readonly string[]): void {
    for (const [hash, { offer }] of this.#open) if (offer !== undefined && sids.includes(offer.sid)) this.#open.delete(hash);
  }

  #offerOf(caller: Caller, id: string): [string, Link] | undefined {
    return [...this.#open].find(([hash, { offer }]) => offer?.id === id && offer.sid === caller.sid && this.#live(hash) !== undefined);
  }

  #live(hash: string): Link | undefined {
    const link = this.#open.get(hash);
    if (link === undefined || link.expires > this.#now()) return link;
    this.#open.delete(hash);
    return undefined;
  }

  #code(link: Link): string {
    const claims = { v: 1, iss: this.#o.host, nonce: randomBytes(16).toString('base64url'), exp: Math.ceil(link.expires / 1000) };
    const code = signStatement(this.#o.identity, 'login-link', claims);
    // Nobody pushes out another user's, nor a session what was made on the host.
    const bySession = (one: Link): boolean => one.offer !== undefined;
    const kin = [...this.#open].filter(([, one]) => one.user_id === link.user_id && bySession(one) === bySession(link));
    const [oldest] = kin;
    if (kin.length >= MAX_LINKS && oldest !== undefined) this.#open.delete(oldest[0]);
    this.#open.set(hashOf(code), link);
    return code;
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
