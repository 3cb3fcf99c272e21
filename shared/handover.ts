import * as z from 'zod';
import { hostId, userId } from './ids.ts';
import { directoryClaims, MAX_HOME_MOVES, MAX_MEMBERS, MAX_USERS } from './members.ts';
import { memberName } from './pairing.ts';
import { publicKey, signedToken } from './signed.ts';
import { role, username } from './users.ts';

/**
 * `toru home move`: the home host hands what it knows to a member, and the member is the home host from then on.
 *
 *   1. The home host asks the member for a key, which the member makes for this one time and signs (purpose `handover-key`).
 *   2. It seals what it knows to that key, and sends it with a signature (purpose `handover`). The member keeps it, and answers with what it
 *      will say as the home host: a certificate for each host, and a directory.
 *   3. The home host signs the step to the member's key (purpose `home`), and is a member itself, in one transaction. That is the
 *      moment in which the home host is another one; before it, nothing that was kept or signed counts for anybody.
 *   4. The edge, the members and the new home host follow the step, as they follow the one to a new key of the same host.
 *
 * The edge carries the messages, and reads none of what is sealed.
 */

/** An X25519 public key, raw, base64url. */
const agreementKey = publicKey;

export const handoverKeyClaims = z.strictObject({
  v: z.literal(1),
  ins: z.uuid(),
  /** The member that made the key, and the home host that asked for it, by its public key. */
  host: hostId,
  home_key: publicKey,
  key: agreementKey,
});

export const handoverClaims = z.strictObject({
  v: z.literal(1),
  ins: z.uuid(),
  /** The member, and its key of step 1. */
  host: hostId,
  key: agreementKey,
  /** The home host's half, made for this one time as well. */
  own_key: agreementKey,
});

/** The longest that comes about, of 1,000 users and 100 hosts, is half of it. */
const MAX_SEALED_CHARS = 700_000;

/** Step 2: who seals it to whom, and the sealed `HandoverState`, base64url. */
export const handoverOffer = z.strictObject({
  claims: signedToken,
  sealed: z
    .string()
    .max(MAX_SEALED_CHARS)
    .regex(/^[\w-]+$/),
});
export type HandoverOffer = z.infer<typeof handoverOffer>;

const instant = z.int();

/** What a home host knows of its installation. Times in ms since 1970. */
export const handoverState = z.strictObject({
  /** The newest that the home host counted: of directories and moves, and of certificates. */
  seq: z.int().nonnegative(),
  certificates: z.int().nonnegative(),
  moves: z.array(signedToken).max(MAX_HOME_MOVES),
  grant_minutes: directoryClaims.shape.grant_minutes,
  /** The home host itself, a member from then on. */
  home: z.strictObject({ id: hostId, name: memberName, public_key: publicKey }),
  users: z
    .array(
      z.strictObject({
        id: userId,
        username,
        password_hash: z.string().max(500),
        role,
        disabled: z.boolean(),
        epoch: z.int(),
        created_at: instant,
        last_login_at: instant.nullable(),
      }),
    )
    .max(MAX_USERS),
  /** The other members, without the one that takes it over. */
  members: z
    .array(z.strictObject({ id: hostId, name: memberName, public_key: publicKey, paired_at: instant, roles: z.record(userId, role) }))
    .max(MAX_MEMBERS),
});
export type HandoverState = z.infer<typeof handoverState>;

/** What the edge asks of the member (`/link/handover`): null asks for its key. */
export const linkHandover = z.strictObject({ offer: handoverOffer.nullable() });
export type LinkHandover = z.infer<typeof linkHandover>;

/** The answer to step 1. */
export const handoverKeyAnswer = z.object({ claims: signedToken });

/** POST /api/home/move, at the local socket of the home host. */
export const homeMoveRequest = z.strictObject({ host: hostId });
export const homeMoved = z.object({
  /** The new home host. */
  host: hostId,
  name: z.string(),
  /** Has the edge said so? Otherwise it hears of it as soon as this host is linked. */
  heard: z.boolean(),
});
export type HomeMoved = z.infer<typeof homeMoved>;
