import { fromBase64Url } from './encoding.ts';

/** Did the holder of this raw public key (base64url) sign these bytes? False for anything malformed, never an error. */
export async function signedBy(publicKey: string, bytes: Uint8Array<ArrayBuffer>, signature: string): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', fromBase64Url(publicKey), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, fromBase64Url(signature), bytes);
  } catch {
    // Not a key, or not a signature, of that curve.
    return false;
  }
}
