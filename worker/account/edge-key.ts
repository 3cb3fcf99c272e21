import * as z from 'zod';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';

/** The key by which agents know this edge: bound as EDGE_KEY, or made once and kept in the Account object. It never leaves it. */
export class EdgeKey {
  readonly #store: Store;
  readonly #bound: string | undefined;
  #pair: Promise<Pair> | null = null;

  constructor(store: Store, bound: string | undefined) {
    this.#store = store;
    this.#bound = bound;
  }

  /** @returns the raw public key and an Ed25519 signature, both base64url. @throws when EDGE_KEY is no such key. */
  async sign(bytes: Uint8Array<ArrayBuffer>): Promise<{ key: string; signature: string }> {
    this.#pair ??= this.#load();
    const { privateKey, key } = await this.#pair;
    return { key, signature: toBase64Url(new Uint8Array(await crypto.subtle.sign('Ed25519', privateKey, bytes))) };
  }

  async #load(): Promise<Pair> {
    const kept = this.#bound ?? this.#store.get<string>(STORED) ?? null;
    const text = kept ?? (await newKey());
    if (kept === null) this.#store.put(STORED, text);
    const privateKey = await crypto.subtle.importKey('pkcs8', fromBase64Url(text), 'Ed25519', true, ['sign']);
    const { x } = jwk.parse(await crypto.subtle.exportKey('jwk', privateKey));
    return { privateKey, key: x };
  }
}

const STORED = 'edge_key';

interface Store {
  get<T>(key: string): T | undefined;
  put<T>(key: string, value: T): void;
}

interface Pair {
  privateKey: CryptoKey;
  key: string;
}

/** RFC 8037: `x` is the public key. */
const jwk = z.object({ x: z.string() });

/** PKCS#8 DER, base64url. */
async function newKey(): Promise<string> {
  const made = await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify']);
  if (!('privateKey' in made)) throw new Error('unreachable: Ed25519 makes a pair');
  const der = await crypto.subtle.exportKey('pkcs8', made.privateKey);
  if (!(der instanceof ArrayBuffer)) throw new Error('unreachable: pkcs8 is bytes');
  return toBase64Url(new Uint8Array(der));
}
