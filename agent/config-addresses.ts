import { isIP } from 'node:net';
import * as z from 'zod';

/** An IP address, or a range of them as a CIDR (`10.0.0.0/8`): `bits` of `address` count. */
export const addressRange = z.string().transform((text, context) => {
  const [address = '', length, more] = text.trim().split('/');
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bits >= 0 && bits <= most && more === undefined && !address.includes('%')) return { address, bits };
  context.addIssue({ code: 'custom', message: 'IP addresses or ranges such as 127.0.0.1 or 10.0.0.0/8 are expected, with commas between' });
  return z.NEVER;
});
