import { Hono } from 'hono';
import { z } from 'zod';
import { MAX_PASSWORD_BYTES } from '../../shared/limits.ts';
import type { Me } from '../../shared/model.ts';
import type { SessionRecord } from '../account/sessions.ts';
import { expiresAt } from '../account/sessions.ts';
import { accountOf, hostOf } from '../env.ts';
import { refusal, unwrap } from '../result.ts';
import { readJson } from './body.ts';
import type { EdgeContext, EdgeEnv } from './context.ts';
import { clearSessionCookie, newToken, sentCookie, setDeviceCookie, setSessionCookie } from './cookies.ts';
import { currentSession, endEverywhere, iso, requireSession } from './session.ts';

const credentials = z.object({ username: z.string().min(1).max(200), password: z.string().min(1).max(MAX_PASSWORD_BYTES) });

/**
 * In, out, and who am I. Logging in where somebody is logged in already ends that session and begins another: this is
 * also how a page types the password anew for what needs a fresh one.
 */
export const loginRoutes = new Hono<EdgeEnv>()
  .post('/api/login', async (c) => {
    const given = await readJson(c.req.raw, credentials, 'A username and a password are expected.');
    const account = accountOf(c.env);
    const sent = await sentCookie(c, 'toru_device');
    const attempt = { username: given.username, address: c.get('address'), device: sent?.hash ?? null };

    // Counted before anybody computes a hash.
    const turn = unwrap(await account.admitLogin(attempt, given.password));
    const { token, hash: sid } = await newToken();
    const user_agent = userAgent(c);
    const [home] = await account.hosts();
    const answer =
      home === undefined
        ? refusal('host_offline', 'No host belongs to this edge yet.', { last_seen: null })
        : await hostOf(c.env, home.id).login({ ...given, sid, address: attempt.address, user_agent });
    if (!answer.ok) await account.loginFailed(attempt, turn, answer.code === 'invalid_credentials');
    const { user, grant, auth_time, expires_at } = unwrap(answer);

    const before = await currentSession(c);
    // A cookie that this user did not get from us names no device: another could have put it there, and would know it.
    const device = sent !== null && (await account.keepsDevice(attempt)) ? sent : await newToken();
    const opened = await account.openSession(
      attempt,
      turn,
      {
        sid,
        home: home?.id ?? '',
        sub: user.id,
        username: user.username,
        role: user.role,
        grant,
        grant_exp: expires_at,
        auth_time,
        address: attempt.address,
        user_agent,
      },
      before?.sid ?? null,
      device.hash,
    );
    if (opened.ended.length > 0) {
      await endEverywhere(
        c.env,
        opened.ended.map((ended) => ({ sid: ended, home: opened.session.home })),
      );
    }
    setSessionCookie(c, token);
    setDeviceCookie(c, device.token);
    return c.json(meOf(opened.session));
  })
  .post('/api/logout', async (c) => {
    const session = await currentSession(c);
    if (session !== null) await endEverywhere(c.env, [session]);
    clearSessionCookie(c);
    return c.body(null, 204);
  })
  .get('/api/me', requireSession, (c) => c.json(meOf(c.get('session'))));

function meOf(session: SessionRecord): Me {
  return {
    user: { id: session.sub, username: session.username, role: session.role },
    session: {
      id: session.id,
      created_at: iso(session.created_at),
      expires_at: iso(expiresAt(session)),
      auth_time: iso(session.auth_time),
    },
    host: session.home,
  };
}

export function userAgent(c: EdgeContext): string {
  return (c.req.header('user-agent') ?? '').slice(0, 300);
}
