import type { MiddlewareHandler } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import { GRANT_RENEW_MS } from '../../shared/limits.ts';
import type { SessionRecord } from '../account/session-rows.ts';
import { expiresAt } from '../account/session-rows.ts';
import type { Env } from '../env.ts';
import { accountOf, hostOf } from '../env.ts';
import { sentCookie } from './cookies.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';

/** The live session of this request's cookie, or null. */
export async function currentSession(c: EdgeContext): Promise<SessionRecord | null> {
  const sent = await sentCookie(c, 'toru');
  return sent === null ? null : accountOf(c.env).useSession(sent.hash);
}

/** Sets `session`. @throws ToruError unauthenticated */
export const requireSession: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const session = await currentSession(c);
  if (session === null) throw new ToruError('unauthenticated', 'Log in first.');
  c.set('session', session);
  await next();
};

/**
 * The session with a grant that will not run out on the way. With the host away the old one stays: nobody can use it then.
 * @throws ToruError session_expired when the host ended it.
 */
export async function withFreshGrant(session: SessionRecord, env: Env): Promise<SessionRecord> {
  if (session.grant_exp - Date.now() > GRANT_RENEW_MS) return session;
  const renewed = await hostOf(env, session.home).renew(session.sid, session.grant);
  if (renewed.ok) return { ...session, ...renewed.value };
  if (renewed.code === 'session_expired' || renewed.code === 'unauthenticated')
    throw new ToruError('session_expired', 'The session has ended. Log in again.');
  return session;
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
