import { BlockList, isIPv4, isIPv6 } from 'node:net';
import * as z from 'zod';
import { isLoopback } from '../shared/served-host.ts';

/** Where the agent dials its edge: `url` is dialled, at `socket` where the edge is of this machine; `origin` is what the proofs name. */
export interface EdgeLocation {
  url: string;
  origin: string;
  socket?: string;
}

/** Addresses that no router of the internet passes on: RFC 1918, RFC 3927, RFC 4193, RFC 4291 (link-local). */
const PRIVATE = new BlockList();
for (const [address, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['169.254.0.0', 16],
] as const)
  PRIVATE.addSubnet(address, bits, 'ipv4');
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');

/** Is this the name of a machine of the same network: a private address, or a name of multicast DNS? @param hostname as URL has it. */
function isPrivate(hostname: string): boolean {
  if (isIPv4(hostname)) return PRIVATE.check(hostname, 'ipv4');
  const inner = hostname.replace(/^\[|\]$/g, '');
  return isIPv6(inner) ? PRIVATE.check(inner, 'ipv6') : hostname.endsWith('.local');
}

/** Can others of the network read what is said to this edge? */
export function isInClear(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === 'http:' && !isLoopback(hostname);
}

/** Said of such an edge. A member's users log in at their home host. */
export const IN_CLEAR =
  'everybody in this network can read what goes over it (of a member no passwords, of a home host those too), and could act as who uses it. Trust the network, or use https.';

/** Why an address is none of an edge, for the one who gave it. */
const EXPECTED = 'an address such as https://toru.example.workers.dev is expected';
const ONLY_PRIVATE =
  'http:// is for this machine and private networks (127.0.0.1, 10.…, 172.16.…, 192.168.…, fd…, *.local). Elsewhere https:// is expected';

/** The address of an edge: https, or http within this machine and private networks. A path is none of it. */
export const edgeUrl = z.string().transform((text, context): EdgeLocation => {
  // The embedded edge. Its name is only what both sides put into their proofs.
  if (text.startsWith('unix:/')) return { url: 'http://localhost', origin: 'http://localhost', socket: text.slice('unix:'.length) };
  const url = URL.canParse(text) ? new URL(text) : null;
  if (
    url === null ||
    !/^https?:$/.test(url.protocol) ||
    `${url.username}${url.password}${url.search}${url.hash}` !== '' ||
    url.pathname !== '/'
  ) {
    context.addIssue({ code: 'custom', message: EXPECTED });
    return z.NEVER;
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !isPrivate(url.hostname)) {
    context.addIssue({ code: 'custom', message: ONLY_PRIVATE });
    return z.NEVER;
  }
  return { url: url.origin, origin: url.origin };
});
