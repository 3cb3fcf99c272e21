import { ToruError } from '../../shared/errors.ts';
import type { EdgeContext } from './edge-context.ts';
import { setCommon } from './headers.ts';

/** Where plugins' pages run: the only document that the page's policy lets into a frame. */
export const FRAME_PATH = '/plugin-frame.html';

/**
 * The frame's document. `sandbox` stands in its policy too, so that its origin is opaque however it is opened: it has no
 * cookie, no storage, and reaches no network. Its one script is known by its hash; what a plugin brings comes as a blob.
 */
export async function servePluginFrame(c: EdgeContext): Promise<Response> {
  // Without the ending: asked for with it, the assets answer with a redirect.
  const asset = await c.env.ASSETS.fetch(new URL(FRAME_PATH.replace(/\.html$/, ''), c.req.raw.url));
  if (!asset.ok) throw new ToruError('not_found', 'There is no such page.');
  const html = await asset.text();
  const headers = new Headers({ 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-cache' });
  headers.set('content-security-policy', framePolicy(c.get('site').origin, await hashOf(scriptIn(html))));
  // No directive of the policy speaks of preconnect, or of what is opened ahead of a navigation (docs/security.md).
  headers.set('connection-allowlist', '(response-origin)');
  headers.set('x-dns-prefetch-control', 'off');
  setCommon(headers, c.get('site'));
  return new Response(c.req.method === 'HEAD' ? null : html, { headers });
}

function framePolicy(origin: string, hash: string): string {
  return [
    'sandbox allow-scripts',
    "default-src 'none'",
    `script-src 'sha256-${hash}' blob:`,
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    "connect-src 'none'",
    "worker-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors ${origin}`,
  ].join('; ');
}

function scriptIn(html: string): string {
  return /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
}

async function hashOf(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(digest)));
}
