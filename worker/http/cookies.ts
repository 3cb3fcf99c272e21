import { getCookie } from 'hono/cookie';
import { serialize } from 'hono/utils/cookie';
import { sha256Hex, toBase64Url } from '../../shared/encoding.ts';
import { SESSION_ABSOLUTE_MS } from '../../shared/limits.ts';
import type { EdgeContext } from './edge-context.ts';

/**
 * On https the name begins with `__Host-`, which a browser accepts only for this exact host, Secure and
 * with Path=/. On plain http (one's own machine) no such name is possible, and cookies do not tell ports apart, so the
 * port is part of the name.
 */
function nameOf(c: EdgeContext, kind: 'toru' | 'toru_device'): string {
  const { https, host } = c.get('site');
  return https ? `__Host-${kind}` : `${kind}_${/:(\d+)$/.exec(host)?.[1] ?? '80'}`;
}

const TOKEN = /^[\w-]{43}$/;
/** Browsers keep nothing longer. */
const DEVICE_MS = 400 * 24 * 3_600_000;

/** 256 random bits, and the hash under which they are known from then on. */
export async function newToken(): Promise<{ token: string; hash: string }> {
  const token = toBase64Url(crypto.getRandomValues(new Uint8Array(32)));
  return { token, hash: await sha256Hex(token) };
}

/** A cookie that could be ours, and its hash; null when none came. */
export async function sentCookie(c: EdgeContext, kind: 'toru' | 'toru_device'): Promise<{ token: string; hash: string } | null> {
  const token = getCookie(c, nameOf(c, kind));
  return token !== undefined && TOKEN.test(token) ? { token, hash: await sha256Hex(token) } : null;
}

export function setSessionCookie(c: EdgeContext, token: string): void {
  set(c, 'toru', token, SESSION_ABSOLUTE_MS);
}

export function setDeviceCookie(c: EdgeContext, token: string): void {
  set(c, 'toru_device', token, DEVICE_MS);
}

export function clearSessionCookie(c: EdgeContext): void {
  set(c, 'toru', '', 0);
}

function set(c: EdgeContext, kind: 'toru' | 'toru_device', value: string, lifeMs: number): void {
  const cookie = serialize(nameOf(c, kind), value, {
    path: '/',
    httpOnly: true,
    // The page is static and asks with same-origin requests, so even a visit from a link elsewhere is logged in.
    sameSite: 'Strict',
    secure: c.get('site').https || c.env.PRODUCTION === '1',
    maxAge: lifeMs / 1000,
  });
  c.header('set-cookie', cookie, { append: true });
}
