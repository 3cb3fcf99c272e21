import * as z from 'zod';
import { hostId, sid, userId } from './ids.ts';

/**
 * The grant: what the host signs when somebody logs in, and what comes back with everything that they ask. The edge
 * stores and returns it; it can't make one, and changing one breaks the signature.
 */

/** What a signature is for. */
export type Purpose =
  | 'grant'
  | 'link'
  | 'dial'
  | 'edge'
  | 'login-link'
  | 'pair'
  | 'claim'
  | 'recover'
  | 'host'
  | 'directory'
  | 'home'
  | 'handover-key'
  | 'handover';

/** Every signature covers `toru/<purpose>/v1\0` first, so that no signed thing can be taken for another. */
export function purposed(purpose: Purpose, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix = new TextEncoder().encode(`toru/${purpose}/v1\0`);
  const all = new Uint8Array(prefix.length + bytes.length);
  all.set(prefix);
  all.set(bytes, prefix.length);
  return all;
}

/** No role in it: each host reads its own table. Times in seconds since 1970, as in a JWT. */
export const grantClaims = z.strictObject({
  v: z.literal(1),
  /** SHA-256 of the raw public key, hex. */
  kid: z.string().regex(/^[0-9a-f]{64}$/),
  /** The home host, which minted it. */
  iss: hostId,
  /** The installation: one Account object, one id. */
  ins: z.uuid(),
  /** Exactly one host that may accept it. */
  aud: hostId,
  sub: userId,
  sid,
  /** The user's epoch: raised by a password, role or disable change, which ends every older grant. */
  epoch: z.int(),
  auth_time: z.int(),
  iat: z.int(),
  exp: z.int(),
  jti: z.uuid(),
});
export type GrantClaims = z.infer<typeof grantClaims>;

/** On the wire: base64url(exact JSON bytes) `.` base64url(signature). The bytes are verified before they are parsed. */
export const grantToken = z
  .string()
  .max(2048)
  .regex(/^[\w-]+\.[\w-]{86}$/);
