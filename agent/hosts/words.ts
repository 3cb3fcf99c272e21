import { createHash, scrypt } from 'node:crypto';
import { wordlist } from '@scure/bip39/wordlists/english.js';

/** Of 2,048 words each: 44 bits, and whoever stands between has one try (shared/pairing.ts). */
const WORDS = 4;
const BITS = 11;

/**
 * The words that two people compare: the same on both sides where both mean the same two keys.
 * @param home_key the home host's public key, base64url; host_key that of the host that asks. @param host_secret the nonce that this host
 * revealed, hex; home_nonce the home host's, hex.
 */
export function words(home_key: string, host_key: string, host_secret: string, home_nonce: string): string[] {
  const parts = [Buffer.from(home_key, 'base64url'), Buffer.from(host_key, 'base64url'), Buffer.from(host_secret, 'hex')];
  const digest = createHash('sha256')
    .update(Buffer.concat([...parts, Buffer.from(home_nonce, 'hex')]))
    .digest();
  return wordsIn(digest);
}

/**
 * The words by which a person tells a member, on its console, that this is its home host from now on. No number of either side goes into them,
 * since the two may never talk but through the edge; so each try of an edge that looks for a key with the same words is made to cost what 2^44 of
 * make impossible: 32 MB and about 0.1 s.
 * @param home_key the new home host's public key, base64url; member_key the member's. @param ins the installation.
 */
export async function trustWords(home_key: string, member_key: string, ins: string): Promise<string[]> {
  const keys = Buffer.concat([Buffer.from(home_key, 'base64url'), Buffer.from(member_key, 'base64url')]);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  scrypt(keys, `toru/trust/v1\0${ins}`, 32, { N: 32_768, r: 8, p: 1, maxmem: 64 * 1024 * 1024 }, (error, key) =>
    error === null ? resolve(key) : reject(error),
  );
  return wordsIn(await promise);
}

function wordsIn(digest: Buffer): string[] {
  let bits = digest.readBigUInt64BE() >> BigInt(64 - WORDS * BITS);
  const chosen: string[] = [];
  for (let at = 0; at < WORDS; at += 1) {
    chosen.unshift(wordlist[Number(bits & 2047n)] ?? '');
    bits >>= BigInt(BITS);
  }
  return chosen;
}

/** What a host sends of its nonce at first. @param secret hex. @returns SHA-256, hex. */
export function commitmentOf(secret: string): string {
  return createHash('sha256').update(Buffer.from(secret, 'hex')).digest('hex');
}
