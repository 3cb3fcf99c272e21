import type { MiddlewareHandler } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import type { HostRecord } from '../account/known-hosts.ts';
import type { HostGrant, SessionRecord } from '../account/session-rows.ts';
import { expiresAt } from '../account/session-rows.ts';
import type { Env } from '../env.ts';
import { accountOf, hostOf } from '../env.ts';
import { unwrap } from '../result.ts';
import { grantOn, hasEnded } from '../session-grant.ts';
import { sentCookie } from './cookies.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';

/** The live session of this request's cookie, or null. */
export async function currentSession(c: EdgeContext): Promise<SessionRecord | null> {
  const sent = await sentCookie(c, 'toru');
  return sent === null ? null : accountOf(c.env).useSession(sent.hash);
}

/** Asked with `?optional=true`, “nobody” is an answer like any other, and no error in the console of everybody who is about to log in. */
export function mayBeNobody(c: EdgeContext): boolean {
  return c.req.query('optional') === 'true';
}

export function notLoggedIn(): ToruError {
  return new ToruError('unauthenticated', 'Log in first.');
}

/** Sets `session` and `hosts`, by one request to the Account object: each costs a request on its way to a host a millisecond. @throws ToruError unauthenticated */
export const requireSession: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const { session, hosts } = await sessionAndHosts(c);
  c.set('session', session);
  c.set('hosts', hosts);
  await next();
};

/** The session of this request, and all hosts, by one request to the Account object. @throws ToruError unauthenticated. */
export async function sessionAndHosts(c: EdgeContext): Promise<{ session: SessionRecord; hosts: HostRecord[] }> {
  const sent = await sentCookie(c, 'toru');
  const found = sent === null ? null : await accountOf(c.env).useSessionAmongHosts(sent.hash);
  if (found === null) throw notLoggedIn();
  return found;
}

/** The session of this request, the home host, and what is known of each member at this moment, by one request to the Account object. @throws ToruError unauthenticated. */
export async function sessionAndMembers(c: EdgeContext) {
  const sent = await sentCookie(c, 'toru');
  const found = sent === null ? null : await accountOf(c.env).useSessionAndMembers(sent.hash);
  if (found === null) throw notLoggedIn();
  return found;
}

/** The session's grant for a host. @throws ToruError session_expired when the home host ended it; host_offline, unknown_host. */
export async function requireGrant(session: SessionRecord, env: Env, host: string): Promise<HostGrant> {
  const granted = await grantOn(env, session, host);
  if (!granted.ok && hasEnded(granted.code)) throw new ToruError('session_expired', 'The session has ended. Log in again.');
  return unwrap(granted);
}

/** Ends sessions everywhere: here, on their open sockets, and at the host that began them. */
export async function endEverywhere(env: Env, sessions: readonly Pick<SessionRecord, 'sid' | 'home'>[]): Promise<void> {
  await accountOf(env).endSessions(sessions.map(({ sid }) => sid));
  const hosts = await accountOf(env).hosts();
  await Promise.all(hosts.map(({ id }) => hostOf(env, id).endSessions(sessions.map(({ sid }) => sid))));
}

export function sessionShape(session: SessionRecord, current: string): Record<string, string | boolean> {
  return {
    id: session.id,
    created_at: iso(session.created_at),
    last_seen_at: iso(session.last_seen_at),
    expires_at: iso(expiresAt(session)),
    address: session.address,
    user_agent: session.user_agent,
    current: session.sid === current,
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
