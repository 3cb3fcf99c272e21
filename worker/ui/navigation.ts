import { isShownHere, onHost, withoutHost } from './viewed-host.ts';

/** Going somewhere: to a place of this page's host, unless the address names another. preact-iso's router listens to popstate. */
export function navigate(to: string, options: { replace?: boolean } = {}): void {
  const url = onHost(to);
  if (!isShownHere(url)) return options.replace ? location.replace(url) : location.assign(url);
  if (options.replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  dispatchEvent(new PopStateEvent('popstate'));
  if (!options.replace) scrollTo(0, 0);
}

/** The browser's list of this page's places, where it has one. */
const places: unknown = Reflect.get(globalThis, 'navigation');

/**
 * Back to where the person was in Toru before; where they came from elsewhere, as by a link in a message, up to `otherwise`. Without the
 * browser's list of places nobody knows, and up is safe.
 */
export function goBack(otherwise: string): void {
  if (placesBefore() > 0) history.back();
  else navigate(otherwise);
}

/** How many places of Toru lie before this one. */
function placesBefore(): number {
  if (typeof places !== 'object' || places === null || !('currentEntry' in places)) return 0;
  const { currentEntry } = places;
  if (typeof currentEntry !== 'object' || currentEntry === null || !('index' in currentEntry)) return 0;
  return Number(currentEntry.index);
}

/** An action's own app, where it is put on the home screen. */
export function appPath(action: string): string {
  return onHost(`/a/${encodeURIComponent(action)}`);
}

/** The path under which a run is shown: in an action's own app it stays inside, where a phone keeps the app around it. */
export function runPath(taskId: string): string {
  const [, app = ''] = /^(\/a\/[^/]+)/.exec(withoutHost(location.pathname)) ?? [];
  return onHost(`${app}/runs/${taskId}`);
}

/**
 * Reloads the page, if the server is there to load it from: else the browser's own error would stand in its place.
 * @returns whether it does.
 */
export async function reloadFromServer(): Promise<boolean> {
  const answer = await fetch('/', { method: 'HEAD', cache: 'no-store' }).catch(() => null);
  if (answer?.ok !== true) return false;
  location.reload();
  return true;
}

/** Where to go after the login: `next`, when it is a place of this page. Another origin, the login itself or no URL at all is none. */
export function safeReturn(next: string | undefined): string {
  if (next === undefined || !next.startsWith('/') || !URL.canParse(next, location.origin)) return '/';
  // As the browser reads it: it takes `\` for `/`, and leaves tabs and newlines out.
  const { origin, pathname, search, hash } = new URL(next, location.origin);
  return origin !== location.origin || /^\/login(?:\/|$)/.test(pathname) ? '/' : pathname + search + hash;
}
