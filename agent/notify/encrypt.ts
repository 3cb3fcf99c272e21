import { createCipheriv, createECDH, hkdfSync, randomBytes } from 'node:crypto';

/** The largest message that every service takes, in bytes, with all that encryption adds. */
const RECORD = 4096;
/** A message is filled up to so many bytes: its length tells nothing of the label. */
const FILLED = 1024;
const TAG_BYTES = 16;

interface Keys {
  /** base64url, as the browser gave them. */
  p256dh: string;
  auth: string;
}

/**
 * Encrypts for one device, in one record of `aes128gcm` (RFC 8291 and 8188). Libraries for it that run in Workers make the older
 * `aesgcm`, which not every service takes any more.
 * @param text at most 3 KiB. @param fixed the sender's key and the salt, for the RFC's own example.
 */
export function encrypt(text: string, { p256dh, auth }: Keys, fixed: { key: Buffer; salt: Buffer; fill: number } | null = null): Buffer {
  const receiver = Buffer.from(p256dh, 'base64url');
  const ecdh = createECDH('prime256v1');
  if (fixed === null) ecdh.generateKeys();
  else ecdh.setPrivateKey(fixed.key);
  const sender = ecdh.getPublicKey();
  const salt = fixed?.salt ?? randomBytes(16);
  const shared = ecdh.computeSecret(receiver);
  const secret = derive(shared, Buffer.from(auth, 'base64url'), Buffer.concat([Buffer.from('WebPush: info\0'), receiver, sender]), 32);
  const key = derive(secret, salt, Buffer.from('Content-Encoding: aes128gcm\0'), 16);
  const nonce = derive(secret, salt, Buffer.from('Content-Encoding: nonce\0'), 12);
  // After the text a 2, for the last record, and zeroes.
  const plain = Buffer.from(text);
  const filled = Buffer.alloc(Math.max(plain.length, fixed?.fill ?? FILLED) + 1);
  plain.copy(filled);
  filled[plain.length] = 2;
  const cipher = createCipheriv('aes-128-gcm', key, nonce);
  const head = Buffer.alloc(21);
  salt.copy(head);
  head.writeUInt32BE(RECORD, 16);
  head.writeUInt8(sender.length, 20);
  const message = Buffer.concat([head, sender, cipher.update(filled), cipher.final(), cipher.getAuthTag()]);
  if (filled.length + TAG_BYTES > RECORD) throw new Error('a push message is too long');
  return message;
}

function derive(key: Buffer, salt: Buffer, info: Buffer, length: number): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, info, length));
}
