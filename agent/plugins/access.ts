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
 * own `access`. Frameworks differ in how they take case, encoding and a closing slash: whoever asks has to have the right in
 * every way in which the path can be read, so that no spelling is a way around.
 * @param path below the plugin's prefix, encoded as it came.
 */
export function mayAsk(caller: Asker, manifest: Pick<PluginManifest, 'access' | 'routes'>, method: string, path: string): boolean {
  if (caller.role === 'admin') return true;
  const verb = method === 'HEAD' ? 'GET' : method;
  return READINGS.every((read) => accessOf(manifest, verb, path, read) === 'everyone');
}

type Reading = (path: string) => string[] | null;

/** As it stands there, decoded, and with neither case nor empty parts. */
const READINGS: readonly Reading[] = [
  (path) => path.split('/'),
  decoded,
  (path) =>
    decoded(path)
      ?.filter((part) => part !== '')
      .map((part) => part.toLowerCase()) ?? null,
];

/** Null for what can't be decoded: nobody's but an admin's. */
function decoded(path: string): string[] | null {
  try {
    return path.split('/').map(decodeURIComponent);
  } catch {
    return null;
  }
}

function accessOf(
  { access, routes }: Pick<PluginManifest, 'access' | 'routes'>,
  verb: string,
  path: string,
  read: Reading,
): PluginManifest['access'] {
  const segments = read(path);
  if (segments === null) return 'admin';
  const fitting = routes.flatMap((route) => {
    const parts = read(route.path);
    return route.method === verb && parts !== null && fits(parts, segments) ? [{ parts, access: route.access ?? access }] : [];
  });
  const exactness = ({ parts }: { parts: readonly string[] }): string => parts.map((part) => (part.startsWith(':') ? '0' : '1')).join('');
  const most = fitting.map(exactness).sort().at(-1);
  const deciding = fitting.filter((route) => exactness(route) === most);
  if (deciding.length === 0) return access;
  return deciding.every((route) => route.access === 'everyone') ? 'everyone' : 'admin';
}

function fits(route: readonly string[], segments: readonly string[]): boolean {
  return route.length === segments.length && route.every((part, at) => part.startsWith(':') || part === segments[at]);
}
