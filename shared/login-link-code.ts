import * as z from 'zod';
import { hostId } from './ids.ts';

/**
 * A login link: `<origin>/login#code=<code>`, made at the host's local socket, which logs one user in once, within
 * LOGIN_LINK_MS. A fragment reaches no server, proxy or log. The host signs the code, so that the edge passes on only what a host made; the host alone knows whom it is for.
 */

/** On the wire: base64url(exact JSON bytes) `.` base64url(signature over them, with the purpose `login-link`). */
export const loginCode = z
  .string()
  .max(400)
  .regex(/^[\w-]+\.[\w-]{86}$/);

export const loginCodeClaims = z.strictObject({
  v: z.literal(1),
  iss: hostId,
  /** 128 random bits, base64url. */
  nonce: z.string().regex(/^[\w-]{22}$/),
  /** Seconds since 1970. */
  exp: z.int(),
});
