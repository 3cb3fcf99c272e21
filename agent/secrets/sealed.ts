import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Identity } from '../link/identity.ts';

/** Sealed: a nonce of 12 bytes, the ciphertext, a tag of 16 (AES-256-GCM, NIST SP 800-38D). */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const PURPOSE = 'toru/secrets/v1';

/** What can seal: the host's key, or the one that is to replace it. */
export type Sealer = Pick<Identity, 'kid' | 'derive'>;

/** @param place the name and workspace that the secret is stored under: moved to another row, it can't be opened. */
export function seal(key: Sealer, place: string, value: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.derive(PURPOSE), nonce).setAAD(Buffer.from(place));
  return Buffer.concat([nonce, cipher.update(value, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null when another key sealed it, or it was changed. */
export function unseal(key: Sealer, place: string, sealed: Buffer): string | null {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', key.derive(PURPOSE), sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(place))
    .setAuthTag(sealed.subarray(-TAG_BYTES));
  try {
    return decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    return null;
  }
}
