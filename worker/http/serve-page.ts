import { ToruError } from '../../shared/errors.ts';
import type { Ask } from './built-page.ts';
import { sentCookie } from './cookies.ts';
import type { EdgeContext } from './edge-context.ts';
import { firstPaint, mayBeDrawn } from './first-paint.ts';
import { withPageHeaders } from './headers.ts';
import { FRAME_PATH, servePluginFrame } from './plugin-frame.ts';
import { preloadHints } from './preload-hints.ts';

/** The page: built files, and index.html for every path that is one of its own views. @param ask the API, as this request may; null where nothing is drawn. */
export async function servePage(c: EdgeContext, ask: Ask | null): Promise<Response> {
  if (c.req.method !== 'GET' && c.req.method !== 'HEAD')
    throw new ToruError('method_not_allowed', `There is nothing to ${c.req.method} here.`);
  if (c.req.raw.headers.has('service-worker') && new URL(c.req.raw.url).pathname !== '/sw.js')
    throw new ToruError('forbidden', 'There is one service worker here, and this is not it.');
  const { pathname } = new URL(c.req.raw.url);
  if (pathname === FRAME_PATH) return servePluginFrame(c);
  const drawn = ask !== null && mayBeDrawn(c) ? await firstPaint(c, ask) : null;
  const response = drawn ?? (await c.env.ASSETS.fetch(c.req.raw));
  const html = response.headers.get('content-type')?.startsWith('text/html') === true;
  // A part of an older build: index.html in its place would be a broken script instead of a clear 404.
  if (response.status === 404 || (html && pathname.startsWith('/assets/'))) throw new ToruError('not_found', 'There is no such page.');
  const served = withPageHeaders(response, c.get('site'));
  if (drawn !== null) served.headers.set('cache-control', 'no-store');
  else served.headers.set('cache-control', pathname.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
  if (html) served.headers.set('link', await preloadHints(c, pathname, drawn !== null));
  // Also where the browser's copy is still good: what the page may ask at once (worker/ui/data/known-actions.ts).
  if (!pathname.startsWith('/assets/')) served.headers.set('server-timing', (await sentCookie(c, 'toru')) === null ? 'nobody' : 'somebody');
  return served;
}
