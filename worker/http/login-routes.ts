import { Hono } from 'hono';
import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import { MAX_PASSWORD_BYTES } from '../../shared/limits.ts';
import { loginCode } from '../../shared/login-link-code.ts';
import { deviceKey } from '../../shared/login-requests.ts';
import type { Me } from '../../shared/sessions.ts';
import type { Turn } from '../account/account.ts';
import type { SessionRecord } from '../account/session-rows.ts';
import { expiresAt } from '../account/session-rows.ts';
import { accountOf, hostOf } from '../env.ts';
import type { LoginAnswer } from '../host/login-answers.ts';
import { unwrap } from '../result.ts';
import { clearSessionCookie, newToken, sentCookie, setDeviceCookie, setSessionCookie } from './cookies.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { homeOf } from './home-of.ts';
import { isCodeOf } from './login-code.ts';
import { readSmall } from './read-body.ts';
import { currentSession, endEverywhere, iso, mayBeNobody, notLoggedIn } from './session-cookie.ts';

const credentials = z.object({ username: z.string().min(1).max(200), password: z.string().min(1).max(MAX_PASSWORD_BYTES) });

const link = z.object({ code: loginCode, device: deviceKey.optional() });

/**
 * In, out, and who am I. Logging in where somebody is logged in already ends that session and begins another: this is
 * also how a page types the password again for what needs a fresh one.
 */
export const loginRoutes = new Hono<EdgeEnv>()
  .post('/api/login', async (c) => {
    const given = await readSmall(c.req.raw, credentials, 'A username and a password are expected.');
    const account = accountOf(c.env);
    const device = await sentCookie(c, 'toru_device');
    const attempt = { username: given.username, address: c.get('address'), device: device?.hash ?? null };

    // Counted before anybody computes a hash.
    const turn = unwrap(await account.admitLogin(attempt, given.password));
    const { token, hash: sid } = await newToken();
    const home = await homeOf(c);
    const answer = home.ok
      ? await hostOf(c.env, home.value.id).login({ ...given, sid, address: attempt.address, user_agent: userAgent(c) })
      : home;
    if (!answer.ok) await account.loginFailed(attempt, turn, answer.code === 'invalid_credentials');
    return begin(c, unwrap(answer), { home: unwrap(home).id, sid, token, device, turn });
  })
  /** With the code of `toru login-link`, or of a page for another device. The throttle has no say: what no host signed is refused here. */
  .post('/api/login/link', async (c) => {
    const { code, device: key } = await readSmall(c.req.raw, link, 'The code of a login link is expected.');
    const home = unwrap(await homeOf(c));
    if (!(await isCodeOf(home, code, Date.now())))
      throw new ToruError('invalid_credentials', 'This is no login link of this host, or an old one. Make another: toru login-link');
    const { token, hash: sid } = await newToken();
    const answer = await hostOf(c.env, home.id).loginByLink({
      code,
      device: key,
      sid,
      address: c.get('address'),
      user_agent: userAgent(c),
    });
    const device = await sentCookie(c, 'toru_device');
    return begin(c, unwrap(answer), { home: home.id, sid, token, device, turn: null });
  })
  .post('/api/logout', async (c) => {
    const session = await currentSession(c);
    if (session !== null) await endEverywhere(c.env, [session]);
    clearSessionCookie(c);
    return c.body(null, 204);
  })
  .get('/api/me', async (c) => {
    const session = await currentSession(c);
    if (session === null && !mayBeNobody(c)) throw notLoggedIn();
    return c.json(session === null ? null : meOf(session));
  });

interface Begun {
  home: string;
  sid: string;
  /** Of the session. */
  token: string;
  /** The device cookie that was sent, if one was. */
  device: { token: string; hash: string } | null;
  turn: Turn | null;
}

/** The host let somebody in: their session, in place of the one that this browser had, and the cookies for both. */
async function begin(c: EdgeContext, message: LoginAnswer, { home, sid, token, device: sent, turn }: Begun): Promise<Response> {
  const account = accountOf(c.env);
  const { user, grant, auth_time, expires_at } = message;
  const login = { username: user.username, address: c.get('address'), device: sent?.hash ?? null };
  const before = await currentSession(c);
  // A cookie that this user did not get from us names no device: another could have put it there, and would know it.
  const device = sent !== null && (await account.keepsDevice(login)) ? sent : await newToken();
  const { session, ended } = await account.openSession(
    login,
    turn,
    {
      sid,
      home,
      sub: user.id,
      username: user.username,
      role: user.role,
      grant,
      grant_exp: expires_at,
      auth_time,
      address: login.address,
      user_agent: userAgent(c),
    },
    before?.sid ?? null,
    device.hash,
  );
  if (ended.length > 0) {
    await endEverywhere(
      c.env,
      ended.map((one) => ({ sid: one, home: session.home })),
    );
  }
  setSessionCookie(c, token);
  setDeviceCookie(c, device.token);
  return c.json(meOf(session));
}

/** A session, as its person sees it; with the role at the home host. */
export function meOf(session: SessionRecord): Me {
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
