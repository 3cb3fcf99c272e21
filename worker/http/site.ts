import { hostnameOf, isLoopback } from '../../shared/served-host.ts';
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
 * anybody can put any URL into a request.
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
