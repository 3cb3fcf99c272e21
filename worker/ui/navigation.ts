/** Going somewhere from outside a component. preact-iso's router listens to popstate. */
export function navigate(url: string, options: { replace?: boolean } = {}): void {
  if (options.replace) history.replaceState(null, '', url);
  else history.pushState(null, '', url);
  dispatchEvent(new PopStateEvent('popstate'));
  if (!options.replace) scrollTo(0, 0);
}

/** A path on this page that is safe to return to after login: never another origin, never /login itself. */
export function safeReturn(next: string | undefined): string {
  if (next === undefined || !next.startsWith('/') || next.startsWith('//') || next.includes('\\')) return '/';
  return /^\/login(?:[/?#]|$)/.test(next) ? '/' : next;
}
