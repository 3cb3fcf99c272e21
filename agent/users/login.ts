import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../shared/errors.ts';
import type { LinkLoginRequest, LoginRequest } from '../../shared/login-requests.ts';
import type { User } from '../../shared/users.ts';
import type { Audit } from '../audit/audit.ts';
import type { Grants } from './grants.ts';
import type { LoginLinks } from './login-links.ts';
import { LoginThrottle } from './login-throttle.ts';
import type { Users } from './users.ts';

/** Times in ms since 1970. */
export interface LoggedIn {
  grant: string;
  user: User;
  auth_time: number;
  expires_at: number;
}

/** Every failure is answered so long after it was asked, or a multiple of it when the queue was full: no hash shows in it. */
const FAILURE_MS = 700;

/** That the throttle refuses is noted in the audit so often: a hostile edge shall not fill it. */
const NOTE_EVERY_MS = 60_000;

/** The way in for passwords and login links: at the edge's request only, which has counted the attempt before it asks. */
export class Login {
  readonly #users: Users;
  readonly #grants: Grants;
  readonly #audit: Audit;
  readonly #now: () => number;
  readonly #failureMs: number;
  readonly #links: Pick<LoginLinks, 'redeem'>;
  readonly #throttle: LoginThrottle;
  #noted = 0;

  constructor(
    users: Users,
    grants: Grants,
    audit: Audit,
    links: Pick<LoginLinks, 'redeem'>,
    options: { now?: () => number; failureMs?: number } = {},
  ) {
    this.#users = users;
    this.#grants = grants;
    this.#audit = audit;
    this.#now = options.now ?? Date.now;
    this.#failureMs = options.failureMs ?? FAILURE_MS;
    this.#links = links;
    this.#throttle = new LoginThrottle(this.#now);
  }

  /**
   * @throws ToruError invalid_credentials, the same for an unknown, a disabled and a mistaken user; too_many_attempts with
   * `retry_after` in seconds; busy.
   */
  async login({ username, password, sid, address, user_agent }: LoginRequest): Promise<LoggedIn> {
    this.#users.mustDecide();
    const began = performance.now();
    const takeBack = this.#count(username, address, user_agent);
    const user = await this.#users.verify(username, password).catch((error: unknown) => {
      // Nobody looked at it: the queue was full.
      takeBack();
      throw error;
    });
    if (user === null) {
      this.#refused(username, address, user_agent);
      const past = (performance.now() - began) % this.#failureMs;
      await sleep(this.#failureMs - past);
      throw new ToruError('invalid_credentials', 'Username or password is wrong.');
    }
    takeBack();
    return this.#begin(user, sid, address, { user_agent });
  }

  /**
   * @throws ToruError invalid_credentials when the link was used, is too old, or its user was removed or disabled; login_unconfirmed
   * while a device's code is not confirmed.
   */
  loginByLink({ code, sid, address, user_agent, device }: LinkLoginRequest): LoggedIn {
    const found = this.#links.redeem(code, { device, address, user_agent });
    if (found !== null) {
      const by = found.auth_time === null ? 'login link' : 'device code';
      return this.#begin(found.user, sid, address, { user_agent, by }, found.auth_time ?? this.#now());
    }
    this.#audit.record({
      event: 'login',
      caller: null,
      target: null,
      outcome: 'refused',
      address,
      detail: { user_agent, reason: 'login link used or too old' },
    });
    throw new ToruError('invalid_credentials', 'This link was used, or is older than five minutes. Make another: toru login-link');
  }

  #begin(user: User, sid: string, address: string, detail: Record<string, unknown>, auth_time = this.#now()): LoggedIn {
    const grant = this.#grants.mint({ user, sid, auth_time });
    this.#users.loggedIn(user.id);
    const caller = { user_id: user.id, username: user.username, address };
    this.#audit.record({ event: 'login', caller, outcome: 'ok', detail });
    return { grant, user, auth_time, expires_at: this.#grants.verify(grant).expires_at };
  }

  /** @throws ToruError session_expired, unauthenticated. */
  renew(grant: string): { grant: string; expires_at: number } {
    const renewed = this.#grants.renew(grant);
    return { grant: renewed, expires_at: this.#grants.verify(renewed).expires_at };
  }

  /** Ends the session, if it lives. */
  logout(sid: string): void {
    const user = this.#grants.ownerOf(sid);
    if (!this.#grants.revokeSession(sid)) return;
    this.#audit.record({ event: 'logout', caller: user, outcome: 'ok' });
  }

  #count(username: string, address: string, user_agent: string): () => void {
    try {
      return this.#throttle.count(username);
    } catch (error) {
      if (this.#now() - this.#noted >= NOTE_EVERY_MS) {
        this.#noted = this.#now();
        this.#refused(username, address, user_agent, 'too many wrong passwords');
      }
      throw error;
    }
  }

  /** A name that nobody has is not kept: people type their password there. */
  #refused(username: string, address: string, user_agent: string, why = 'wrong password'): void {
    const known = this.#users.byName(username);
    this.#audit.record({
      event: 'login',
      caller: null,
      target: known?.username ?? null,
      outcome: 'refused',
      address,
      detail: { user_agent, reason: known === null ? 'unknown user' : known.disabled ? 'disabled user' : why },
    });
  }
}
