import * as z from 'zod';
import { hostId } from './ids.ts';
import { memberName } from './pairing.ts';
import { publicKey, signature } from './signed.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);

/** POST /api/recover: another home host in the place of one that was lost, by the recovery code that its claim (or the last recovery) printed. */
export const recoveryRequest = z.strictObject({
  /** As it was typed. */
  recovery_code: z.string().max(100),
  /** SHA-256 of the recovery code that counts from then on, which the host makes: the edge never sees it. */
  next: hex32,
  host: hostId,
  public_key: publicKey,
  name: memberName,
  /** Whose home host was restored here; null where nothing was restored. */
  installation: z.uuid().nullable(),
  /** Random: what was signed once is signed for this request alone. */
  nonce: hex32,
  /** Ed25519 over `recoveryStatement`, purpose `recover`. */
  signature,
});
export type RecoveryRequest = z.infer<typeof recoveryRequest>;

/** The exact bytes that the host signs, before `purposed('recover', …)`. @param origin the edge's, as the host asked it. */
export function recoveryStatement(request: Omit<RecoveryRequest, 'signature' | 'recovery_code'>, origin: string): Uint8Array<ArrayBuffer> {
  const { next, host, public_key, name, installation, nonce } = request;
  return new TextEncoder().encode(JSON.stringify([origin, next, host, public_key, name, installation, nonce]));
}

export const recoveryAnswer = z.object({ installation: z.uuid(), host: hostId });
export type RecoveryAnswer = z.infer<typeof recoveryAnswer>;
