import { ToruError } from '../../../shared/errors.ts';

/** The routes below a plugin's id that are the host's, not the plugin's. */
const HOSTS_OWN: ReadonlySet<string> = new Set(['enable', 'disable', 'logs', 'bundle.js']);

/**
 * The address of one of a plugin's own routes: what its page asks for is only ever looked for below its own prefix.
 * @param path as the plugin's page gave it. @param origin of the page. @returns path and query to fetch.
 * @throws ToruError bad_path for anything that leads elsewhere, or could be read in two ways.
 */
export function ownRoute(plugin: string, path: string, origin: string): string {
  const prefix = `/api/plugins/${plugin}/`;
  const refused = new ToruError('bad_path', `“${path.slice(0, 100)}” is none of this plugin’s routes. Write it as “/name”.`);
  if (!path.startsWith('/') || /%(?:2e|2f|5c|00)|[\\\0-\x1f]|^\/\//i.test(path)) throw refused;
  const url = new URL(`${prefix}${path.slice(1)}`, origin);
  // Read by the same parser that fetch uses: steps up, another origin and a name of the host's are seen as they would be asked.
  if (url.origin !== origin || !url.pathname.startsWith(prefix)) throw refused;
  const [first = ''] = url.pathname.slice(prefix.length).split('/', 1);
  if (HOSTS_OWN.has(decoded(first))) throw refused;
  return url.pathname + url.search;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part).toLowerCase();
  } catch {
    return part;
  }
}
