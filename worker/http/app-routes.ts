import { Hono } from 'hono';
import { ToruError } from '../../shared/errors.ts';
import { actionId } from '../../shared/ids.ts';
import type { SessionRecord } from '../account/session-rows.ts';
import { accountOf } from '../env.ts';
import { DrawnIcons } from '../icons/drawn-icons.ts';
import { iconAt } from '../icons/icon.ts';
import { actionManifest, appAddress, pageManifest } from './app-manifest.ts';
import type { Ask, AskApi } from './built-page.ts';
import type { EdgeContext, EdgeEnv } from './edge-context.ts';
import { firstPaint, mayBeDrawn } from './first-paint.ts';
import { withDataHeaders, withPageHeaders } from './headers.ts';
import { preloadHints } from './preload-hints.ts';
import { servePage } from './serve-page.ts';
import { currentSession } from './session-cookie.ts';

/** Bytes that anybody gets: an instance of the Worker that begins without them draws them again. */
const icons = new DrawnIcons();

/**
 * What makes the page, and each action, an app on a home screen. Whoever has no session gets what Toru gives to any stranger: whether
 * an action exists, and what it is called, is told by none of these.
 */
export const appRoutes = (askApi: AskApi) =>
  new Hono<EdgeEnv>()
    .get('/manifest.webmanifest', async (c) => {
      const session = await ownSession(c);
      return manifest(c, (await ifLive(pageManifest(c, session))) ?? (await pageManifest(c, null)));
    })
    .get('/a/:id/manifest.webmanifest', (c) => appManifest(c, null))
    .get('/h/:host/a/:id/manifest.webmanifest', (c) => appManifest(c, c.req.param('host')))
    .get('/icons/*', async (c) => {
      const look = iconAt(c.req.path);
      if (look === null) throw new ToruError('not_found', 'There is no such icon.');
      const bytes = await icons.get(c.req.path, look, Date.now());
      const icon = withDataHeaders(new Response(bytes, { headers: { 'content-type': 'image/png' } }), c.get('site'));
      icon.headers.set('cache-control', 'public, max-age=604800');
      return icon;
    })
    .get('/a/:id', (c) => appPage(c, null, askApi))
    .get('/h/:host/a/:id', (c) => appPage(c, c.req.param('host'), askApi));

/** @param host as the address names it; null for the home host. */
async function appManifest(c: EdgeContext, host: string | null): Promise<Response> {
  const session = await ownSession(c);
  if (session === null) return manifest(c, await pageManifest(c, null));
  const id = actionId.safeParse(c.req.param('id'));
  const found = id.success && (await isKnown(c, host)) ? await ifLive(actionManifest(c, session, host, id.data)) : null;
  if (found === null) throw new ToruError('not_found', 'There is no such action for you, or its host is away.');
  return manifest(c, found);
}

async function appPage(c: EdgeContext, host: string | null, askApi: AskApi): Promise<Response> {
  const id = actionId.safeParse(c.req.param('id'));
  if (!id.success || (await ownSession(c)) === null || !(await isKnown(c, host))) return servePage(c, null);
  return actionPage(c, appAddress(host, id.data), { id: id.data, ask: (path) => askApi(c, path) });
}

/** No object is addressed by an id that the Account object does not know. */
async function isKnown(c: EdgeContext, host: string | null): Promise<boolean> {
  return host === null || (await accountOf(c.env).hosts()).some(({ id }) => id === host);
}

/** The session behind a request that no page of another site made. */
async function ownSession(c: EdgeContext): Promise<SessionRecord | null> {
  const site = c.req.header('sec-fetch-site');
  return site === 'cross-site' || site === 'same-site' ? null : currentSession(c);
}

/** What was asked for in the name of a session; null when the host says that it is over. */
async function ifLive<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ToruError && error.code === 'session_expired') return null;
    throw error;
  }
}

function manifest(c: EdgeContext, content: object): Response {
  return withDataHeaders(
    new Response(JSON.stringify(content), { headers: { 'content-type': 'application/manifest+json' } }),
    c.get('site'),
  );
}

/** The page with the action's manifest, and a ticket if this is the tap on an icon. It is nobody else's, and for once: never kept. */
async function actionPage(c: EdgeContext, address: string, { id, ask }: { id: string; ask: Ask }): Promise<Response> {
  const drawn = mayBeDrawn(c) ? await firstPaint(c, ask) : null;
  const page = drawn ?? (await c.env.ASSETS.fetch('https://assets/'));
  const ticket = opensFromIcon(c) ? ticketFor(id) : '';
  const written = new HTMLRewriter()
    .on('link[rel=manifest]', {
      element: (link) => {
        link.setAttribute('href', `${address}/manifest.webmanifest`);
      },
    })
    .on('head', {
      element: (head) => {
        head.append(ticket, { html: true });
      },
    })
    .transform(page);
  const served = withPageHeaders(written, c.get('site'));
  served.headers.delete('etag');
  served.headers.delete('content-length');
  served.headers.set('cache-control', 'no-store');
  served.headers.set('link', await preloadHints(c, new URL(c.req.url).pathname, drawn !== null));
  return served;
}

/**
 * Is this a person’s own opening of the address: an icon, a bookmark, the address bar? A browser says of a link or script of any page, ours
 * included, that there was one, and of what it only fetches ahead that it does. A browser that says nothing does not count.
 */
function opensFromIcon(c: EdgeContext): boolean {
  const header = (name: string): string | undefined => c.req.header(name);
  const ahead = header('sec-purpose') ?? header('purpose') ?? header('x-moz');
  return (
    c.req.method === 'GET' &&
    header('sec-fetch-site') === 'none' &&
    header('sec-fetch-mode') === 'navigate' &&
    header('sec-fetch-dest') === 'document' &&
    ahead === undefined &&
    !c.req.url.includes('?')
  );
}

/**
 * What a page needs to run its action without a press (worker/ui/pages/action-app/run-at-once.ts): the id of the one request that it may
 * send, which a host starts once, and since when it counts. It opens nothing that the session does not.
 */
function ticketFor(id: string): string {
  return `<meta name="toru-run-at-once" content="${id} ${crypto.randomUUID()} ${new Date().toISOString()}">`;
}
