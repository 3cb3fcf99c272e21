import type { IncomingMessage } from 'node:http';
import { BlockList, isIP } from 'node:net';
import { addressRange } from '../agent/config-addresses.ts';

/** Which proxies' word on their client's address counts. @param ranges addresses and CIDRs, as the configuration checked them. */
export function trustedProxies(ranges: readonly string[]): BlockList {
  const trusted = new BlockList();
  for (const range of ranges) {
    const { address, bits } = addressRange.parse(range);
    trusted.addSubnet(address, bits, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  }
  return trusted;
}

/**
 * Who asks. A proxy adds the address of its own client at the right of X-Forwarded-For (or Forwarded, RFC 7239), so the
 * right-most one that is no trusted proxy is the last that somebody trusted has seen; what stands left of it, anybody can write.
 * @returns an IP address, without a port; the peer's own when it is no trusted proxy, or names nobody.
 */
export function peerAddress({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>, trusted: BlockList): string {
  let seen = plainAddress(socket.remoteAddress ?? 'unknown');
  for (const hop of hopsOf(headers).reverse()) {
    if (!isTrusted(seen, trusted)) return seen;
    const address = addressOf(hop);
    // `unknown`, `_hidden`: the proxy itself is all that is known.
    if (address === null) return seen;
    seen = address;
  }
  return seen;
}

export function isTrusted(address: string, trusted: BlockList): boolean {
  const family = isIP(address);
  return family !== 0 && trusted.check(address, family === 6 ? 'ipv6' : 'ipv4');
}

/** Nearest proxy last. Where both headers are, only the one that every proxy writes counts: a client could have sent the other. */
function hopsOf(headers: IncomingMessage['headers']): string[] {
  const list = headers['x-forwarded-for'];
  if (list !== undefined) return [list].flat().join(',').split(',');
  return (headers.forwarded ?? '').split(',').flatMap((hop) => /(?:^|;)\s*for=("[^"]*"|[^;\s]*)/i.exec(hop)?.[1] ?? []);
}

/** `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `"[2001:db8::1]:4711"` → the address alone. */
function addressOf(hop: string): string | null {
  const text = hop.trim().replace(/^"(.*)"$/, '$1');
  const address = plainAddress(/^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? /^([^:]+):\d+$/.exec(text)?.[1] ?? text);
  return isIP(address) === 0 ? null : address;
}

/** An IPv4 peer of a socket that listens on both looks like `::ffff:192.0.2.1`. A zone (`fe80::1%eth0`) is the host's own business. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
}
