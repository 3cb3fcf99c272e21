/** Which `Host` an embedded edge answers to: the front asks first, and the Worker again. */

/** The name or address of a `Host` header; empty when it is none. IPv6 keeps its brackets. */
export function hostnameOf(host: string): string {
  const [, hostname = '', port = '0'] = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(\d{1,5}))?$/i.exec(host) ?? [];
  return Number(port) > 65_535 ? '' : hostname.toLowerCase();
}

export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    (isAddress(hostname) && hostname.startsWith('127.'))
  );
}

/** `999.1.1.1` looks like an address and is none: a URL can't be made of it. */
function isAddress(hostname: string): boolean {
  if (!/^(?:[\d.]+|\[.*\])$/.test(hostname) || !URL.canParse(`http://${hostname}/`)) return false;
  // `127.1` is read as 127.0.0.1; an IPv6 address has many spellings.
  return hostname.startsWith('[') || new URL(`http://${hostname}/`).hostname === hostname;
}

/**
 * A page of another site can make its own name point at this machine (DNS rebinding), but it can't make itself an
 * address or a loopback name: those, and the names that the owner configured, are all that the embedded edge answers to.
 */
export function isServedHost(host: string, publicNames: string): boolean {
  const hostname = hostnameOf(host);
  if (hostname === '') return false;
  if (isLoopback(hostname) || isAddress(hostname)) return true;
  return publicNames
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .includes(hostname);
}
