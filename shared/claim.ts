import * as z from 'zod';
import { hostId } from './ids.ts';
import { memberName } from './pairing.ts';
import { publicKey, signature } from './signed.ts';

/** POST /api/claim: the first host of a fresh edge, by the setup code that `toru deploy` printed. */
export const claimRequest = z.strictObject({
  /** As it was typed. */
  setup_code: z.string().max(100),
  host: hostId,
  public_key: publicKey,
  name: memberName,
  /** Random, hex: what was signed once is signed for this request alone. */
  nonce: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Ed25519 over `claimStatement`, purpose `claim`. */
  signature,
});
export type ClaimRequest = z.infer<typeof claimRequest>;

/** The exact bytes that the host signs, before `purposed('claim', …)`. @param origin the edge's, as the host asked it. */
export function claimStatement(request: Omit<ClaimRequest, 'signature' | 'setup_code'>, origin: string): Uint8Array<ArrayBuffer> {
  const { host, public_key, name, nonce } = request;
  return new TextEncoder().encode(JSON.stringify([origin, host, public_key, name, nonce ?? null]));
}

export const claimAnswer = z.object({
  installation: z.uuid(),
  host: hostId,
  /** Shown once: the edge keeps its hash. It gives the installation a new home host when this one is lost. */
  recovery_code: z.string(),
});
export type ClaimAnswer = z.infer<typeof claimAnswer>;
