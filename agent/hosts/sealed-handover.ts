import type { KeyObject } from 'node:crypto';
import { createCipheriv, createDecipheriv, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import * as z from 'zod';
import type { HandoverOffer, HandoverState } from '../../shared/handover.ts';
import { handoverClaims, handoverState } from '../../shared/handover.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import type { Identity } from '../link/identity.ts';
import { openStatement, signStatement } from '../link/signed-statement.ts';

/**
 * What a home host knows, sealed to one member: X25519, HKDF-SHA-256, AES-256-GCM. Both halves of the agreement are made for this one time, and
 * each side signs its own with its host key. So a host key that is stolen later opens nothing that an edge kept, and no key that
 * signs is used for anything else.
 */

/** A key for one handover. */
export interface AgreementKey {
  /** Raw, base64url. */
  readonly publicKey: string;
  readonly privateKey: KeyObject;
}

const jwk = z.object({ x: z.string() });
const NONCE = 12;
const TAG = 16;
/** The state as JSON, of 1,000 users and 100 hosts, is a tenth of it. */
const MAX_STATE = 8 * 1024 * 1024;

export function newAgreementKey(): AgreementKey {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return { publicKey: jwk.parse(publicKey.export({ format: 'jwk' })).x, privateKey };
}

/** @param to the member, and the key that it made and signed for this. */
export function sealState(
  identity: Pick<Identity, 'sign'>,
  to: { ins: string; host: string; key: string },
  state: HandoverState,
): HandoverOffer {
  const own = newAgreementKey();
  const claims = signStatement(identity, 'handover', { v: 1, ...to, own_key: own.publicKey } satisfies z.infer<typeof handoverClaims>);
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv('aes-256-gcm', keyOf(own.privateKey, to.key, claims), nonce);
  const sealed = [nonce, cipher.update(deflateRawSync(JSON.stringify(state))), cipher.final(), cipher.getAuthTag()];
  return { claims, sealed: Buffer.concat(sealed).toString('base64url') };
}

/**
 * @param from the home host's raw public key. @param to what the offer has to be for, with the key that was made for it.
 * @returns null for anything that this home host did not seal to this key.
 */
export function openOffer(
  { claims: token, sealed }: HandoverOffer,
  from: Uint8Array,
  to: { ins: string; host: string; key: AgreementKey },
): HandoverState | null {
  const claims = openStatement(token, 'handover', from, handoverClaims);
  if (claims === null || claims.ins !== to.ins || claims.host !== to.host || claims.key !== to.key.publicKey) return null;
  const bytes = Buffer.from(sealed, 'base64url');
  try {
    const cipher = createDecipheriv('aes-256-gcm', keyOf(to.key.privateKey, claims.own_key, token), bytes.subarray(0, NONCE));
    cipher.setAuthTag(bytes.subarray(-TAG));
    const packed = Buffer.concat([cipher.update(bytes.subarray(NONCE, -TAG)), cipher.final()]);
    const text = inflateRawSync(packed, { maxOutputLength: MAX_STATE }).toString('utf8');
    return handoverState.safeParse(parseJsonOrNull(text)).data ?? null;
  } catch {
    return null;
  }
}

/** The claims, which name both halves, both hosts and the installation, go into the key: what is sealed under others does not open. */
function keyOf(ours: KeyObject, theirs: string, claims: string): Buffer {
  const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'X25519', x: theirs }, format: 'jwk' });
  const shared = diffieHellman({ privateKey: ours, publicKey });
  return Buffer.from(hkdfSync('sha256', shared, Buffer.alloc(0), Buffer.from(`toru/handover/v1\0${claims}`), 32));
}
