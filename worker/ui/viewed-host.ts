import { options } from 'preact';

/**
 * Which host this page shows: the one that its address names (`/h/<id>/…`), else the home host, whose pages have no prefix. A
 * page shows one host for as long as it lives: the way to another one loads the page again, so that nothing that was read of one, no
 * socket, list, cache or form, can stand in a view of the other.
 */

const [prefix = '', id = null] = /^\/h\/([\w-]+)(?=\/|$)/.exec(globalThis.location?.pathname ?? '') ?? [];

/** The id of the host in the address; null for the home host. */
export const viewedHost: string | null = id;

/** Before the path of every place of this page: empty, or `/h/<id>`. */
export const placePrefix = prefix;

/** What belongs to the installation is at the home host only; a path with a host's id already is as it should be. */
const OF_NO_HOST = /^\/(?:api\/hosts|h|all|users|account|hosts|pair|login|icons|assets)(?:[/?#]|$)/;

/**
 * A path as this page's host has it: a place (`/runs`), or an address of the API (`/api/runs`). Anything else, and what belongs to no host,
 * stays as it is; so does a path that went through here before.
 */
export function onHost(path: string): string {
  if (id === null || !path.startsWith('/') || OF_NO_HOST.test(path)) return path;
  return path.startsWith('/api/') ? `/api/hosts/${id}${path.slice('/api'.length)}` : prefix + path;
}

/** The place without what names the host: by it, the page knows where it is. */
export function withoutHost(path: string): string {
  return prefix !== '' && path.startsWith(prefix) ? path.slice(prefix.length) || '/' : path;
}

/** A place of any host. @param host null for the home host, and what belongs to all of them. @param path such as `/runs`. */
export function placeOn(host: string | null, path: string): string {
  if (host !== null) return `/h/${host}${path}`;
  // A whole address stays what it is, from whichever host's page it is followed.
  return id === null ? path : location.origin + path;
}

/** Does this page show that place, or is the page of another host to be loaded for it? */
export function isShownHere(path: string): boolean {
  const [, other = null] = /^\/h\/([\w-]+)(?=[/?#]|$)/.exec(path) ?? [];
  return other === id;
}

/** The links that the router takes: those of this page's host. The browser itself goes to the others. */
export const shownHere: RegExp = id === null ? /^(?!\/h\/)/ : new RegExp(`^(?:[?#]|${prefix}(?:[/?#]|$))`);

// Each link of each page, also of those to come, stays on its host: whoever writes one need not think of it.
if (id !== null) {
  const before = options.vnode;
  options.vnode = (vnode) => {
    const props: unknown = vnode.type === 'a' ? vnode.props : null;
    if (typeof props === 'object' && props !== null && 'href' in props && typeof props.href === 'string') props.href = onHost(props.href);
    before?.(vnode);
  };
}
