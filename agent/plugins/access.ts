import type { PluginManifest } from '../../shared/plugins.ts';
import type { Caller } from '../users/caller.ts';

/** Who may reach what of a plugin: the one place that decides it. */

type Asker = Pick<Caller, 'role'>;

/** Does this plugin exist for this caller? */
export function sees(caller: Asker, { access }: Pick<PluginManifest, 'access'>): boolean {
  return caller.role === 'admin' || access === 'everyone';
}

/**
 * May this caller ask for this of the plugin? The declared route that fits most exactly decides; where none does, the plugin's
 * own `access`.
 * @param path below the plugin's prefix, encoded as it came.
 */
export function mayAsk(
  caller: Asker,
  { access, routes }: Pick<PluginManifest, 'access' | 'routes'>,
  method: string,
  path: string,
): boolean {
  if (caller.role === 'admin') return true;
  const asked = partsOf(path);
  // What can be read in two ways is nobody's but an admin's.
  if (asked === null) return false;
  const verb = method === 'HEAD' ? 'GET' : method;
  const fitting = routes.filter((route) => route.method === verb && fits(partsOf(route.path) ?? [], asked));
  const exactness = (route: { path: string }): string =>
    (partsOf(route.path) ?? []).map((part) => (part.startsWith(':') ? '0' : '1')).join('');
  const most = fitting.map(exactness).sort().at(-1);
  const deciding = fitting.filter((route) => exactness(route) === most);
  if (deciding.length === 0) return access === 'everyone';
  return deciding.every((route) => (route.access ?? access) === 'everyone');
}

/** Frameworks differ in how they take case and a closing slash: here both make no difference, so that neither is a way around. */
function partsOf(path: string): string[] | null {
  try {
    return path
      .split('/')
      .filter((part) => part !== '')
      .map((part) => decodeURIComponent(part).toLowerCase());
  } catch {
    return null;
  }
}

function fits(route: readonly string[], asked: readonly string[]): boolean {
  return route.length === asked.length && route.every((part, at) => part.startsWith(':') || part === asked[at]);
}
