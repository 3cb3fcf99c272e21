import { GRANT_RENEW_MS } from '../shared/limits.ts';
import type { HostGrant, SessionRecord } from './account/session-rows.ts';
import { heldGrant } from './account/session-rows.ts';
import type { Env } from './env.ts';
import { accountOf, hostOf } from './env.ts';
import type { Result } from './result.ts';

/**
 * The grant with which a session acts on a host, good for some minutes at least. Every grant is the home host's word: for itself, or for
 * the one member that it names. While the home host is away, the grant that the session has is used until it runs out.
 * @returns session_expired or unauthenticated when the home host ended the session; host_offline when it is away and there is no grant yet.
 */
export async function grantOn(env: Env, session: SessionRecord, host: string): Promise<Result<HostGrant>> {
  const held = heldGrant(session, host);
  if (held !== null && held.grant_exp - Date.now() > GRANT_RENEW_MS) return { ok: true, value: held };
  const home = hostOf(env, session.home);
  if (host === session.home && held !== null) {
    const renewed = await home.renew(session.sid, session.grant);
    if (renewed.ok) return { ok: true, value: { ...held, ...renewed.value } };
    // With the host away the old one stays: nobody can use it then.
    return hasEnded(renewed.code) ? renewed : { ok: true, value: held };
  }
  const own = await grantOn(env, session, session.home);
  if (!own.ok) return own;
  const made = await home.memberGrant(own.value.grant, host);
  if (made.ok) {
    const role = await accountOf(env).rememberGrant(session.sid, host, made.value);
    return { ok: true, value: { host, role, ...made.value } };
  }
  if (!hasEnded(made.code) && held !== null && held.grant_exp > Date.now()) return { ok: true, value: held };
  return made;
}

/** Does this refusal mean that the session is over? */
export function hasEnded(code: string): boolean {
  return code === 'session_expired' || code === 'unauthenticated';
}
