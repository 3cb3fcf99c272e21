import type * as z from 'zod';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';
import type { Purpose } from '../../shared/grant.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import type { Identity } from './identity.ts';
import { verifyWith } from './identity.ts';

/** Claims with a signature, as they travel (shared/signed.ts): base64url(exact JSON bytes) `.` base64url(signature). */
export function signStatement(identity: Pick<Identity, 'sign'>, purpose: Purpose, claims: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(claims));
  return `${toBase64Url(bytes)}.${toBase64Url(identity.sign(purposed(purpose, bytes)))}`;
}

/**
 * The claims of a signed statement. Nothing is parsed before the signature holds.
 * @param publicKey of the signer, raw. @returns null for anything that this key did not sign for this purpose, or that says something else.
 */
export function openStatement<T>(token: string, purpose: Purpose, publicKey: Uint8Array, schema: z.ZodType<T>): T | null {
  const [body = '', signature = '', ...more] = token.split('.');
  const bytes = decoded(body);
  const signed = decoded(signature);
  if (more.length > 0 || bytes === null || signed === null || !verifyWith(publicKey, purposed(purpose, bytes), signed)) return null;
  return schema.safeParse(parseJsonOrNull(new TextDecoder().decode(bytes))).data ?? null;
}

function decoded(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = fromBase64Url(text);
    // One spelling only: the unused bits of the last character are no second name for the same statement.
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}
