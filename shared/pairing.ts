import * as z from 'zod';
import { time } from './api.ts';
import { hostId } from './ids.ts';
import { publicKey, signature, signedToken } from './signed.ts';
import { visibleName } from './visible-name.ts';

/**
 * Pairing: how a host becomes a member of an installation, shaped as the device flow of RFC 8628. The host asks the edge, the edge
 * asks the home host, an admin compares four words and approves, and the home host signs a certificate.
 *
 * The words are those of SHA-256(home key ‖ host key ‖ the host's nonce ‖ the home host's nonce). The host sends only the hash of its nonce
 * at first, the home host answers with its own nonce, then the host reveals: whoever stands between them has to choose its numbers
 * before it sees theirs, and can't search for numbers that give the same words (as in RFC 6189, section 4.4.1.1).
 */

/** Letters of RFC 8628, section 6.1: no vowels, so no words; none that looks like another. */
export const USER_CODE_LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
export const userCode = z.string().regex(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/, 'a code such as BCDF-GHJK');

/** What a person typed or scanned, as the code that it means: case, spaces and the hyphen do not count. Null for anything else. */
export function userCodeOf(typed: string): string | null {
  const letters = typed.toUpperCase().replaceAll(/[^A-Z]/g, '');
  const code = `${letters.slice(0, 4)}-${letters.slice(4)}`;
  return userCode.safeParse(code).success ? code : null;
}

/** 32 random bytes, hex, and SHA-256 of such. */
const bytes32 = z.string().regex(/^[0-9a-f]{64}$/);

/** The host's name as an installation shows it. */
export const memberName = visibleName(80);

/** By an invite (`toru hosts invite`): its id, and HMAC-SHA-256 by its secret over the bytes that `signature` covers. */
const inviteProof = z.strictObject({ id: z.uuid(), mac: bytes32 });

/** POST /api/pair. Without a session: who asks is nobody yet. */
export const pairRequest = z.strictObject({
  host: hostId,
  public_key: publicKey,
  name: memberName,
  os_user: z.string().min(1).max(64),
  /** Such as `linux x64`. */
  platform: z.string().min(1).max(40),
  version: z.string().min(1).max(40),
  /** SHA-256 of the nonce that `POST /api/pair/token` reveals, hex. */
  nonce: bytes32,
  invite: inviteProof.optional(),
  /** Ed25519 over `pairStatement`, purpose `pair`. */
  signature,
});
export type PairRequest = z.infer<typeof pairRequest>;

/** The exact bytes that the host signs, before `purposed('pair', …)`. @param origin the edge's, as the host dialled it. */
export function pairStatement(request: Omit<PairRequest, 'signature' | 'invite'>, origin: string): Uint8Array<ArrayBuffer> {
  const { host, public_key, name, os_user, platform, version, nonce } = request;
  return new TextEncoder().encode(JSON.stringify([origin, host, public_key, name, os_user, platform, version, nonce]));
}

/** The home host, as the edge names it: who it really is, the four words say. */
export const homeFacts = z.object({ host: hostId, name: z.string(), public_key: publicKey, nonce: bytes32 });

export const pairAnswer = z.object({
  /** Only the host that asked has it. */
  device_code: z.string().regex(/^[\w-]{43}$/),
  user_code: userCode,
  verification_uri: z.url(),
  verification_uri_complete: z.url(),
  /** Seconds. */
  interval: z.int().positive(),
  expires_in: z.int().positive(),
  installation: z.uuid(),
  home: homeFacts,
});
export type PairAnswer = z.infer<typeof pairAnswer>;

/** POST /api/pair/token. @see PAIR_ERRORS */
export const pairTokenRequest = z.strictObject({
  device_code: pairAnswer.shape.device_code,
  /** What `nonce` was the hash of. */
  secret: bytes32,
});

export const pairTokenAnswer = z.object({ certificate: signedToken, directory: signedToken });
export type PairTokenAnswer = z.infer<typeof pairTokenAnswer>;

/** How long a request to pair waits, in s, and how often its host asks. */
export const PAIR_LIFE_S = 600;
export const PAIR_INTERVAL_S = 5;
/** So many wait in all, and of one address (IPv6: /64). */
export const MAX_PAIRINGS = 20;
export const MAX_PAIRINGS_PER_ADDRESS = 3;

/** A request to pair, as an admin sees it at the home host (GET /api/pairings). */
export const pairing = z.object({
  user_code: userCode,
  host: hostId,
  name: z.string(),
  os_user: z.string(),
  platform: z.string(),
  version: z.string(),
  /** As the edge saw it. */
  address: z.string(),
  /** As the home host computed them; null until the host revealed its nonce, some seconds after it asked. */
  words: z.array(z.string()).length(4).nullable(),
  /** The member that has this id already, and is paired again by this; null for a new one. */
  replaces: z.string().nullable(),
  created_at: time,
  expires_at: time,
});
export type Pairing = z.infer<typeof pairing>;

/** What became of a request to pair (GET /api/pairings/:code), as far back as this home host remembers. `host` when it is a member now. */
export const pairingOutcome = z.object({
  outcome: z.enum(['waiting', 'approved', 'denied', 'replaced', 'expired', 'unknown']),
  name: z.string().nullable(),
  host: hostId.nullable(),
});
export type PairingOutcome = z.infer<typeof pairingOutcome>;
/** So many of the last ones are remembered. */
export const MAX_PAIRING_OUTCOMES = 100;

export const pairingParams = z.strictObject({ code: userCode });

/** POST /api/pairings/:code/approve. The words are those that the admin saw: nothing else is approved. */
export const pairingApproval = z.strictObject({ words: z.array(z.string()).length(4), name: memberName.optional() });

/** POST /api/invites: a host pairs with its token without anybody looking on. */
export const inviteCreate = z.strictObject({
  /** The only name under which it pairs. */
  name: memberName,
  expires_minutes: z
    .int()
    .min(10)
    .max(24 * 60)
    .default(60),
});
export type InviteCreate = z.infer<typeof inviteCreate>;

export const invite = z.object({ id: z.uuid(), name: z.string(), created_at: time, expires_at: time });
export type Invite = z.infer<typeof invite>;

/** The token is shown once: `<id>.<base64url of the secret, 32 bytes>.<the home host's public key>`. */
export interface MadeInvite extends Invite {
  token: string;
}
export const inviteToken = z
  .string()
  .trim()
  .regex(/^[0-9a-f-]{36}\.[\w-]{43}\.[\w-]{43}$/, 'a token of “toru hosts invite” is expected')
  .transform((text) => {
    const [id = '', secret = '', home_key = ''] = text.split('.');
    return { id, secret, home_key };
  });
export const inviteParams = z.strictObject({ id: z.uuid() });

/** What the edge passes on to the home host of a request to pair (`/link/pair`), and what the home host answers. */
export const linkPair = z.strictObject({
  user_code: userCode,
  address: z.string().max(64),
  origin: z.string().max(200),
  request: pairRequest,
});
export type LinkPair = z.infer<typeof linkPair>;
export type HomeFacts = z.infer<typeof homeFacts>;

/** POST /api/pair/withdraw: the host asks no longer. What was decided by then stays. */
export const pairWithdrawal = pairTokenRequest.pick({ device_code: true });

/** To the home host: the request under that code waits no longer. */
export const linkPairWithdrawal = z.strictObject({ user_code: userCode });

/** `/link/pair-secret`: the host revealed its nonce. */
export const linkPairSecret = z.strictObject({ user_code: userCode, secret: bytes32 });
