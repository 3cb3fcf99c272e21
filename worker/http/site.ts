import type { Env } from '../env.ts';

/** Where this edge is, as the one who asks sees it. */
export interface Site {
  readonly https: boolean;
  /** Name or address, with the port if it is not the scheme's own. */
  readonly host: string;
  readonly origin: string;
}

/**
 * On Cloudflare the URL says it. On one's own machine only the `Host` header does, which the front has checked: there
 * anybody can put any URL into a request (SECURITY rule 8).
 */
export function siteOf(request: Request, env: Env): Site {
  if (env.EMBEDDED !== '1') {
    const url = new URL(request.url);
    return site(url.protocol === 'https:', url.host);
  }
  const host = (request.headers.get('host') ?? '').toLowerCase();
  // PRODUCTION stands behind a proxy of the owner's that speaks TLS, except for whoever sits at the machine itself.
  return site(env.PRODUCTION === '1' && !isLoopback(hostnameOf(host)), host);
}

function site(https: boolean, host: string): Site {
  return { https, host, origin: `${https ? 'https' : 'http'}://${host}` };
}

/** The name or address of a `Host` header; empty when it is none. IPv6 keeps its brackets. */
export function hostnameOf(host: string): string {
  return /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? '';
}

export function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || /^127(?:\.\d{1,3}){3}$/.test(hostname) || hostname === '[::1]';
}

/**
 * A page of another site can make its own name point at this machine (DNS rebinding), but it can't make itself an
 * address or a loopback name: those, and the names that the owner configured, are all that the embedded edge answers to.
 */
export function isServedHost(host: string, publicNames: string): boolean {
  const hostname = hostnameOf(host);
  if (hostname === '') return false;
  if (isLoopback(hostname) || /^\d{1,3}(?:\.\d{1,3}){3}$/.test(hostname) || hostname.startsWith('[')) return true;
  return publicNames
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .includes(hostname);
}
