import * as z from 'zod';

/** An Ed25519 public key, raw, base64url. */
export const publicKey = z.string().regex(/^[\w-]{43}$/);
/** An Ed25519 signature, base64url. */
export const signature = z.string().regex(/^[\w-]{86}$/);

/**
 * A signed statement on the wire, as a grant is: base64url(exact JSON bytes) `.` base64url(Ed25519 signature). The signature covers
 * `purposed(…)` of the bytes, and is verified before they are parsed.
 */
export const MAX_SIGNED_CHARS = 512 * 1024;
export const signedToken = z
  .string()
  .max(MAX_SIGNED_CHARS)
  .regex(/^[\w-]+\.[\w-]{86}$/);
