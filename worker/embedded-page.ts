// Left as it stands by the build: the Worker of Cloudflare is the module beside this one.
import worker, { Account, Host } from './index.js';

/**
 * The Worker at home: that of Cloudflare, with the page for its assets (https://developers.cloudflare.com/workers/static-assets/).
 * A file by its path, an HTML file without its ending, and index.html for every path that is none: a view of the page.
 */

interface Page {
  /** The folder of the page, as workerd serves it: bytes without a type. */
  readonly DISK: Pick<Fetcher, 'fetch'>;
  /** The files that there are, by path. */
  readonly FILES: Readonly<Record<string, { type: string; etag: string }>>;
}

// The classes that the configuration binds.
export { Account, Host };

export default {
  // In one isolate: a service of its own for the page took 7 MB more.
  fetch: (request, env, context) =>
    worker.fetch(request, { ...env, ASSETS: { fetch: (input, init) => answer(new Request(input, init), env) } }, context),
} satisfies ExportedHandler<Parameters<typeof worker.fetch>[1] & Page>;

async function answer(request: Request, { DISK, FILES }: Page): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === '/index.html') return redirect('/');
  if (pathname.endsWith('.html') && Object.hasOwn(FILES, pathname)) return redirect(pathname.slice(0, -'.html'.length));
  const path = [pathname, `${pathname}.html`].find((name) => Object.hasOwn(FILES, name)) ?? '/index.html';
  const file = FILES[path];
  if (file === undefined) return new Response(null, { status: 404 });
  const headers = new Headers({ 'content-type': file.type, etag: file.etag });
  if (knows(request, file.etag)) return new Response(null, { status: 304, headers });
  const found = await DISK.fetch(`http://disk${path}`, { method: request.method });
  if (!found.ok) return new Response(null, { status: 404 });
  const length = found.headers.get('content-length');
  if (length !== null) headers.set('content-length', length);
  return new Response(found.body, { headers });
}

function redirect(location: string): Response {
  return new Response(null, { status: 307, headers: { location } });
}

/** `If-None-Match`, as RFC 9110, section 13.1.2, compares it: weakly. */
function knows(request: Request, etag: string): boolean {
  const tags = request.headers.get('if-none-match')?.split(',') ?? [];
  return tags.some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag);
}
