import { sentCookie } from './cookies.ts';
import type { EdgeContext } from './edge-context.ts';

/**
 * What a browser should fetch beside the page's first script, which would ask for it only when it runs: a round trip less before a
 * place is drawn. Told by the header Link (https://www.rfc-editor.org/rfc/rfc8288), which the page's policy holds for, too.
 */

/** As the build writes it (worker/ui/vite.config.ts): a place's path, with `*` for an id, and the files that it needs. */
type Hints = Readonly<Record<string, readonly string[]>>;

/** A build's files have the hash of the build in their names, and an instance of the Worker serves one build. */
let known: Promise<Hints> | null = null;

/** @returns the value of Link for the page at this path; null where there is nothing to say. */
export async function preloadHints(c: EdgeContext, pathname: string): Promise<string | null> {
  known ??= readHints(c);
  // Without a session, every place is the login.
  const place = (await sentCookie(c, 'toru')) === null ? '/login' : placeIn(pathname).replace(/(?<=^\/runs\/)[\w-]+$/, '*');
  const files = (await known)[place];
  return files === undefined ? null : files.map(hint).join(', ');
}

/** The same of every host. */
function placeIn(pathname: string): string {
  return pathname.replace(/^\/h\/[\w-]+(?=\/|$)/, '') || '/';
}

/** Styles are asked for as Vite's links ask for them: another way of asking would load them twice. */
function hint(file: string): string {
  return file.endsWith('.css') ? `<${file}>; rel=preload; as=style; crossorigin` : `<${file}>; rel=modulepreload`;
}

async function readHints(c: EdgeContext): Promise<Hints> {
  const file = await c.env.ASSETS.fetch('https://assets/preloads.json');
  // A page that was not built for it is served without.
  if (file.headers.get('content-type')?.startsWith('application/json') !== true) return {};
  return file.json<Hints>();
}
