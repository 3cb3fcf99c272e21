import { SESSION_RECHECK_MS } from '../../shared/limits.ts';
import type { Granted, SessionRecord } from '../account/session-rows.ts';
import type { Env } from '../env.ts';
import { accountOf } from '../env.ts';
import type { Result } from '../result.ts';
import { grantOn, hasEnded } from '../session-grant.ts';
import type { Link } from './agent-link.ts';
import type { Browsers } from './browsers.ts';
import type { EdgeRequests } from './edge-requests.ts';
import type { PendingLogouts } from './pending-logouts.ts';

type Renewed = Result<Granted>;

/** A look-up takes a moment itself, and the promise is once a minute. */
export const RECHECK_EVERY_MS = SESSION_RECHECK_MS - 10_000;

/**
 * Keeps the sockets of this host true to the sessions at Account and at the host: a session that ended has none, and a
 * socket that lives has a grant that does.
 */
export class SessionKeeper {
  readonly #env: Env;
  readonly #browsers: Browsers;
  readonly #requests: EdgeRequests;
  readonly #logouts: PendingLogouts;
  readonly #link: () => Link | null;
  readonly #host: () => string | null;
  /** Under way, by session: ten requests with an old grant are one renewal. */
  readonly #renewals = new Map<string, Promise<Renewed>>();

  constructor(parts: {
    env: Env;
    browsers: Browsers;
    requests: EdgeRequests;
    logouts: PendingLogouts;
    link: () => Link | null;
    host: () => string | null;
  }) {
    this.#env = parts.env;
    this.#browsers = parts.browsers;
    this.#requests = parts.requests;
    this.#logouts = parts.logouts;
    this.#link = parts.link;
    this.#host = parts.host;
  }

  /** Closes their sockets at once, and tells the agent that they closed. */
  closeSockets(sids: Iterable<string>): void {
    for (const sid of sids) for (const conn of this.#browsers.endSession(sid)) this.#link()?.control({ type: 'closed', conn });
  }

  /** Ended at the edge: the host hears of it now, or when it is back. */
  end(sids: readonly string[]): Promise<void> {
    this.closeSockets(sids);
    this.#logouts.add(sids);
    return this.sayLogouts();
  }

  async sayLogouts(): Promise<void> {
    for (const sid of this.#logouts.list()) {
      if (this.#link() === null) return;
      const message = await this.#requests.logout(sid);
      if (message.ok) this.#logouts.done(sid);
    }
  }

  /** Ended by the host. It says so again at every link until it hears `revoked`: that waits for Account to take note. */
  async revoke(link: Link, host: string, id: string, sids: string[]): Promise<void> {
    try {
      await accountOf(this.#env).endSessions(sids, host);
      link.control({ type: 'revoked', id });
    } catch (error) {
      console.error('A revocation did not reach Account; the agent will repeat it.', error);
    }
  }

  /** A newer grant than this one; with session_expired the session has ended here too. */
  renew(sid: string, grant: string): Promise<Renewed> {
    const underWay = this.#renewals.get(sid);
    if (underWay !== undefined) return underWay;
    const renewal = this.#renew(sid, grant).finally(() => this.#renewals.delete(sid));
    this.#renewals.set(sid, renewal);
    return renewal;
  }

  /** @returns when to look again; null while there is no socket. */
  async recheck(now: number): Promise<number | null> {
    const sids = this.#browsers.sids();
    if (sids.size === 0) return null;
    const live = new Map((await accountOf(this.#env).useSessions([...sids])).map((session) => [session.sid, session]));
    this.closeSockets([...sids].filter((sid) => !live.has(sid)));
    for (const session of live.values()) await this.#keepGranted(session);
    return now + RECHECK_EVERY_MS;
  }

  /** Its sockets here have the grant that the session has for this host, which is renewed when it is time. */
  async #keepGranted(session: SessionRecord): Promise<void> {
    const host = this.#host();
    if (host === null) return;
    const granted = await grantOn(this.#env, session, host);
    const { sid } = session;
    if (granted.ok) {
      const { grant, grant_exp } = granted.value;
      if ([...this.#browsers.states()].some((state) => state.sid === sid && state.grant !== grant)) this.#hand(sid, grant, grant_exp);
    } else if (hasEnded(granted.code)) this.closeSockets([sid]);
  }

  async #renew(sid: string, grant: string): Promise<Renewed> {
    const account = accountOf(this.#env);
    // Whoever asks may have read the session before the last renewal.
    const session = await account.useSession(sid);
    if (session !== null && session.grant !== grant) return { ok: true, value: { grant: session.grant, grant_exp: session.grant_exp } };
    const renewed = await this.#requests.renew(grant);
    if (renewed.ok) {
      await account.renewed(sid, renewed.value.grant, renewed.value.grant_exp);
      this.#hand(sid, renewed.value.grant, renewed.value.grant_exp);
    } else if (hasEnded(renewed.code)) {
      this.closeSockets([sid]);
      await account.endSessions([sid]);
    }
    return renewed;
  }

  #hand(sid: string, grant: string, grantExp: number): void {
    for (const conn of this.#browsers.regrant(sid, grant, grantExp)) this.#link()?.control({ type: 'grant', conn, grant });
  }
}
