import type { Site } from './site.ts';

/** Everything that is not the page: data, which no browser has a reason to show as a document. */
export function withDataHeaders(response: Response, site: Site): Response {
  const headers = new Headers(response.headers);
  headers.set('cache-control', 'no-store');
  headers.set('content-security-policy', "sandbox; default-src 'none'; frame-ancestors 'none'");
  headers.set('cross-origin-resource-policy', 'same-origin');
  setCommon(headers, site);
  return new Response(response.body, { status: response.status, headers });
}

/** The page and its parts. `'self'` in script-src would admit what a plugin serves, so it names the one folder. */
export function withPageHeaders(response: Response, site: Site): Response {
  const headers = new Headers(response.headers);
  headers.set('content-security-policy', pagePolicy(site));
  headers.set('cross-origin-opener-policy', 'same-origin');
  setCommon(headers, site);
  return new Response(response.body, { status: response.status, headers });
}

function pagePolicy({ origin, https, host }: Site): string {
  return [
    "default-src 'none'",
    `script-src ${origin}/assets/`,
    `worker-src ${origin}/sw.js`,
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "font-src 'self'",
    `connect-src 'self' ${https ? 'wss' : 'ws'}://${host}`,
    "manifest-src 'self'",
    `frame-src ${origin}/plugin-frame.html`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}

/** On every answer. */
export function setCommon(headers: Headers, { https }: Site): void {
  headers.set('x-content-type-options', 'nosniff');
  headers.set('referrer-policy', 'no-referrer');
  if (https) headers.set('strict-transport-security', 'max-age=31536000');
}
