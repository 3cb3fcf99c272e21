import { createECDH, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import type { Database } from '../store/database.ts';

/** A proof to a push service lives so long; a day is the most that it may (RFC 8292, section 2). */
export const PROOF_MS = 20 * 3_600_000;

const jwk = z.object({ d: z.string() });

/** The key by which push services know this host (VAPID, RFC 8292): a subscription is made for it. */
export class Vapid {
  /** Uncompressed point of P-256, base64url: what a browser wants as `applicationServerKey`. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  /** Reads the key of the table, or makes it. */
  constructor(db: Database) {
    const kept = db.prepare<[], string>('SELECT private_key FROM notify_key').pluck().get();
    const pem = kept ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    if (kept === undefined) db.prepare('INSERT INTO notify_key VALUES (?)').run(pem);
    this.#key = createPrivateKey(pem);
    const ecdh = createECDH('prime256v1');
    ecdh.setPrivateKey(Buffer.from(jwk.parse(this.#key.export({ format: 'jwk' })).d, 'base64url'));
    this.publicKey = ecdh.getPublicKey('base64url');
  }

  /** The `Authorization` of a message. @param origin of the page: whom a push service may turn to. @param now ms since 1970. */
  authorization({ endpoint, origin }: { endpoint: string; origin: string }, now: number): string {
    const contact = origin.startsWith('https:') ? origin : 'mailto:toru@localhost.invalid';
    const claims = { aud: new URL(endpoint).origin, exp: Math.floor((now + PROOF_MS) / 1000), sub: contact };
    const signed = [{ typ: 'JWT', alg: 'ES256' }, claims].map((part) => toBase64Url(Buffer.from(JSON.stringify(part)))).join('.');
    const signature = sign('sha256', Buffer.from(signed), { key: this.#key, dsaEncoding: 'ieee-p1363' });
    return `vapid t=${signed}.${toBase64Url(signature)}, k=${this.publicKey}`;
  }
}
