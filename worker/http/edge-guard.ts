import type { MiddlewareHandler } from 'hono';
import { sameString } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { notAfterOf, refuseLate } from '../../shared/in-time.ts';
import { MAX_JSON_BODY } from '../../shared/limits.ts';
import { LINK_PATH } from '../../shared/link-protocol.ts';
import { isAmbiguousPath } from '../../shared/raw-path.ts';
import { hostnameOf, isLoopback, isServedHost } from '../../shared/served-host.ts';
import { takesBytes } from '../../shared/tunnel.ts';
import { NOT_AFTER } from '../../shared/wire.ts';
import type { Env } from '../env.ts';
import type { EdgeEnv } from './edge-context.ts';
import { siteOf } from './site.ts';

/** The checks before every route. */

/** What the front before an embedded edge proves itself with. */
export const FRONT_HEADER = 'x-toru-front';

const UNSAFE: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** A path that two routers could read differently is read by none. */
export const plainPaths: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  if (isAmbiguousPath(rawPath(c.req.raw.url)))
    throw new ToruError('bad_path', 'That path has an encoded or empty part where none belongs.');
  await next();
};

/** Where we are reached, and who asks: everything after this may rely on `site` and `address`. */
export const knownPlace: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const { env } = c;
  const headers = c.req.raw.headers;
  if (env.EMBEDDED === '1') guardEmbedded(rawPath(c.req.raw.url), headers, env);
  c.set('site', siteOf(c.req.raw, env));
  c.set('address', (env.EMBEDDED === '1' ? headers.get('x-toru-peer') : headers.get('cf-connecting-ip')) ?? 'unknown');
  await next();
};

/**
 * The embedded edge has two callers: the front, which knows its secret and checked the Host header before us, and the agent of this
 * machine, which dials workerd's socket itself. Members on other machines dial the front.
 */
function guardEmbedded(path: string, headers: Headers, env: Env): void {
  const host = headers.get('host') ?? '';
  const fromFront = env.FRONT_TOKEN !== undefined && sameString(headers.get(FRONT_HEADER) ?? '', env.FRONT_TOKEN);
  if (fromFront ? !isServedHost(host, env.PUBLIC_NAMES ?? '') : path !== LINK_PATH || !isLoopback(hostnameOf(host))) {
    throw new ToruError('bad_host', 'This edge is not reached under that name. Add it to TORU_ALLOWED_HOSTS if it should be.');
  }
}

/**
 * A request that changes something comes from our own page, or by a program that no page can drive. Nor does a page of another site get
 * answers: one on another port of this machine is sent along with our cookie, and could keep a host at work, or time its answers.
 */
export const sameSite: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  // A socket's Origin is looked at where it is opened; of ws: and http: browsers did not always agree that they are one site.
  const from = c.req.raw.headers.has('upgrade') ? null : c.req.raw.headers.get('sec-fetch-site');
  if (c.req.path.startsWith('/api/') && (from === 'same-site' || from === 'cross-site'))
    throw new ToruError('cross_site', 'Only Toru’s own page may ask for that. Open it there.');
  if (UNSAFE.has(c.req.method)) {
    const { headers } = c.req.raw;
    const site = headers.get('sec-fetch-site');
    const origin = headers.get('origin');
    const foreign = (site !== null && site !== 'same-origin') || (origin !== null && origin !== c.get('site').origin);
    const bearer = /^bearer /i.test(headers.get('authorization') ?? '') && !headers.has('cookie');
    if (foreign || (site === null && origin === null && !bearer)) {
      throw new ToruError('cross_site', 'That has to come from Toru’s own page: send its Origin.');
    }
  }
  await next();
};

/** Of what the edge does itself. What goes on to a host is looked at there, by that host's clock. */
export const inTime: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  if (UNSAFE.has(c.req.method)) refuseLate(notAfterOf(c.req.header(NOT_AFTER)), Date.now());
  await next();
};

/** The answer of a plugin is data for our page's scripts: never a document, a frame or a script of this origin. */
export const onlyFetched: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const { headers } = c.req.raw;
  const destination = headers.get('sec-fetch-dest');
  if ((leadsToPlugin(c.req.path) && destination !== null && destination !== 'empty') || headers.get('service-worker') !== null)
    throw new ToruError('forbidden', 'That can’t be opened here. Open the plugin in Toru’s page.');
  await next();
};

/** A form of another site can't send JSON. Plugins and uploads take what they like, behind the same-site check. */
export const jsonOnly: MiddlewareHandler<EdgeEnv> = async (c, next) => {
  const { body, headers } = c.req.raw;
  if (UNSAFE.has(c.req.method) && body !== null && headers.get('content-length') !== '0' && !takesBytes(c.req.path)) {
    if (!/^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i.test(headers.get('content-type') ?? '')) {
      throw new ToruError('unsupported_media_type', 'Send JSON, with Content-Type: application/json.');
    }
    if (Number(headers.get('content-length') ?? 0) > MAX_JSON_BODY) throw tooLarge();
  }
  await next();
};

/** @param most bytes that the body may have. */
export function tooLarge(most = MAX_JSON_BODY): ToruError {
  return new ToruError('too_large', `A request's body may have ${most} bytes at most.`);
}

/** Also under a host’s name; what follows it at the host is a plugin’s path. */
function leadsToPlugin(path: string): boolean {
  return /^\/api\/(?:hosts\/[^/]+\/)?plugins\//.test(path);
}

/** The path as it came: `new URL` would already have read `%2e%2e` as a step up. */
export function rawPath(url: string): string {
  const path = url.replace(/^[a-z]+:\/\/[^/?#\\]*/i, '').replace(/[?#].*$/s, '');
  return path === '' ? '/' : path;
}
