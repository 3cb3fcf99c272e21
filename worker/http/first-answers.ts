/**
 * What the page asks the API first at each of its places: told to the browser beside the page (preload-hints.ts), or asked by the server, which
 * draws the place with it (first-paint.ts).
 */

export const ME = '/me?optional=true';

/** A run in an action's own app is the same page as elsewhere. */
const OF_ACTION = /^\/a\/[\w-]+(?=\/runs\/)/;
const OF_ONE = /^\/(runs|a)\/([\w-]+)$/;

/** @param path without what names a host. @returns the place as the build knows its files, with `*` for an id. */
export function placeKey(path: string): string {
  return path.replace(OF_ACTION, '').replace(OF_ONE, '/$1/*');
}

/** @returns paths below `/api`: those of own-session.ts, known-actions.ts and run-calls.ts of worker/ui. */
export function firstAnswers(path: string): string[] {
  if (path === '/login') return [ME];
  const [, list, id] = OF_ONE.exec(path.replace(OF_ACTION, '')) ?? [];
  return [ME, '/actions', ...(list === 'runs' ? [`/runs/${id}`] : [])];
}
