import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, hkdfSync, type KeyObject, sign, verify } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** The host's own key: what it proves itself with at the edge, and signs grants with. It never leaves `agent.key`. */
export interface Identity {
  /** The raw Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** SHA-256 of the public key, hex: how a grant names the key that signed it. */
  readonly kid: string;
  /** An Ed25519 signature, 64 bytes. Callers add the purpose first (`purposed` in shared/grant.ts). */
  sign(bytes: Uint8Array): Uint8Array;
  /** A key of 32 bytes for one purpose, by HKDF-SHA256 (RFC 5869) from the private key. */
  derive(purpose: string): Uint8Array;
}

/** The identity with its file. */
export interface KeyFile extends Identity {
  /**
   * Replaces the key, here and in the file, by a new one.
   * @param prepare gets the new one while the old one still counts: what it throws leaves everything as it was.
   * @returns the old one, for its last signature.
   */
  rotate(prepare?: (fresh: Pick<Identity, 'kid' | 'derive'>) => void): Pick<Identity, 'publicKey' | 'sign'>;
}

/** An Ed25519 key in SPKI DER is this prefix and the 32 raw bytes (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The identity in `home/agent.key` (PKCS#8 PEM, 0600), made on the first start.
 * @throws when the file is readable by others, or is not an Ed25519 key: somebody has to look at that.
 */
export function loadIdentity(home: string): KeyFile {
  const file = join(home, 'agent.key');
  let key = keyOf(readKey(file) ?? createKey(file), file);
  return {
    get publicKey() {
      return key.publicKey;
    },
    get kid() {
      return key.kid;
    },
    sign: (bytes) => new Uint8Array(sign(null, bytes, key.privateKey)),
    derive: (purpose) => derived(key.privateKey, purpose),
    rotate: (prepare) => {
      const fresh = `${file}.new`;
      rmSync(fresh, { force: true });
      const next = keyOf(createKey(fresh), file);
      prepare?.({ kid: next.kid, derive: (purpose) => derived(next.privateKey, purpose) });
      renameSync(fresh, file);
      const { publicKey, privateKey } = key;
      key = next;
      return { publicKey, sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)) };
    },
  };
}

function keyOf(pem: string, file: string) {
  const privateKey = createPrivateKey(pem);
  if (privateKey.asymmetricKeyType !== 'ed25519')
    throw new Error(`${file} is not an Ed25519 key. Restore it from a backup, or remove it to get a new identity.`);
  const publicKey = new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }).subarray(SPKI_PREFIX.length));
  return { privateKey, publicKey, kid: kidOf(publicKey) };
}

function derived(privateKey: KeyObject, purpose: string): Uint8Array {
  const { d } = privateKey.export({ format: 'jwk' });
  return new Uint8Array(hkdfSync('sha256', Buffer.from(d ?? '', 'base64url'), Buffer.alloc(0), purpose, 32));
}

/** How a grant names the key that signed it: SHA-256, hex. @param key raw Ed25519. */
export function kidOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('hex');
}

/** Did the holder of this raw public key sign these bytes? False for anything malformed, never an error. */
export function verifyWith(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, publicKey]), type: 'spki', format: 'der' });
  return verify(null, bytes, key, signature);
}

function readKey(file: string): string | null {
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new Error(`${file} can be read by others. Run: chmod 600 ${file}`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Exclusive: of two first starts at once, one makes the key and the other reads it. */
function createKey(file: string): string {
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  let fd: number;
  try {
    fd = openSync(file, 'wx', 0o600);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return readFileSync(file, 'utf8');
    throw error;
  }
  try {
    writeSync(fd, pem);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return pem;
}
