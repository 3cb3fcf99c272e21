import type * as z from 'zod';
import { signedBy } from '../shared/ed25519.ts';
import { fromBase64Url } from '../shared/encoding.ts';
import type { Purpose } from '../shared/grant.ts';
import { purposed } from '../shared/grant.ts';
import { parseJsonOrNull } from '../shared/json.ts';

/**
 * The claims of what a host signed (shared/signed.ts). Nothing is parsed before the signature holds.
 * @param publicKey of the host, base64url. @returns null for anything that this key did not sign for this purpose, or that says something else.
 */
export async function openStatement<T>(token: string, purpose: Purpose, publicKey: string, schema: z.ZodType<T>): Promise<T | null> {
  const [body = '', signature = ''] = token.split('.');
  const bytes = bytesOf(body);
  if (bytes === null || !(await signedBy(publicKey, purposed(purpose, bytes), signature))) return null;
  return schema.safeParse(parseJsonOrNull(new TextDecoder().decode(bytes))).data ?? null;
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    return fromBase64Url(text);
  } catch {
    return null;
  }
}
