import * as z from 'zod';
import { time } from './api.ts';
import { hostId, sid, userId } from './ids.ts';
import { memberName } from './pairing.ts';
import { publicKey } from './signed.ts';
import { role, username } from './users.ts';

/**
 * The word of the home host on who belongs to its installation: a certificate for each member host, and one directory of users, roles and
 * hosts. The edge keeps and carries both; a member believes neither without the home host's signature. Times in seconds since 1970.
 */

/** So many members an installation has at most. */
export const MAX_MEMBERS = 100;
/** Beside MAX_MEMBERS and MAX_ENDED_SIDS, what makes the longest directory no longer than MAX_SIGNED_CHARS: its users. */
export const MAX_USERS = 1000;
/** And the roles that differ, on all members together. */
export const MAX_MEMBER_ROLES = 1500;

/** Signed with purpose `host`: this key is a member. */
export const certificateClaims = z.strictObject({
  v: z.literal(1),
  ins: z.uuid(),
  host: hostId,
  key: publicKey,
  /** As it was when it was signed: not every name that was allowed once is now. */
  name: z.string().min(1).max(80),
  iat: z.int(),
  /** The home host that signed. */
  by: hostId,
  /** Rises with every certificate of this home host. */
  seq: z.int().positive(),
});
export type CertificateClaims = z.infer<typeof certificateClaims>;

export const MAX_ENDED_SIDS = 1000;

/** Signed with purpose `directory`. The newest `seq` wins; an older one is never taken. */
export const directoryClaims = z.strictObject({
  v: z.literal(1),
  ins: z.uuid(),
  seq: z.int().positive(),
  iat: z.int(),
  /** How long a grant for a member lives, in minutes (setting `grant_minutes`). */
  grant_minutes: z.int().positive(),
  users: z.array(z.strictObject({ id: userId, username, role, disabled: z.boolean(), epoch: z.int() })),
  /** By host and user, where a role differs from the user's own. */
  roles: z.record(hostId, z.record(userId, role)),
  /** The home host first. */
  hosts: z.array(z.strictObject({ id: hostId, name: z.string(), key: publicKey })),
  /** The newest sessions that ended before their grants did. */
  ended_sids: z.array(sid).max(MAX_ENDED_SIDS),
});
export type DirectoryClaims = z.infer<typeof directoryClaims>;

/** Signed with purpose `home` by the old key: from now on the home host has another one. Members follow from key to key. */
export const homeMoveClaims = z.strictObject({
  v: z.literal(1),
  ins: z.uuid(),
  /**
   * Counted with the directories: greater than that of every one which the old key signed. So a step is never followed a second time, by
   * whoever has heard of the same home host since.
   */
  seq: z.int().positive(),
  old_key: publicKey,
  new_key: publicKey,
  /** The home host from now on; the same as before where only its key is another. */
  new_host: hostId,
  iat: z.int(),
});
export type HomeMoveClaims = z.infer<typeof homeMoveClaims>;
/** A member that missed more of them is paired again. */
export const MAX_HOME_MOVES = 20;

/** A member whose directory is older serves its local socket only. */
export const DIRECTORY_LIFE_MS = 7 * 24 * 3_600_000;

/** A member host, as the home host knows it (GET /api/members). */
export const member = z.object({ id: hostId, name: z.string(), public_key: publicKey, paired_at: time, roles: z.record(userId, role) });
export type Member = z.infer<typeof member>;
export const memberParams = z.strictObject({ host: hostId });
export const memberPatch = z.strictObject({ name: memberName.optional(), roles: z.record(userId, role).optional() });

/** Is that member linked at this moment? As the edge knows it, which the home host has to ask (GET /api/members/presence). */
export const memberPresence = z.object({
  host: hostId,
  /** `unknown`: the edge's object of that host did not answer within 300 ms. */
  presence: z.enum(['online', 'away', 'unknown']),
  last_seen: time.nullable(),
  /** Requests to its hooks that the edge keeps for it; an older edge does not say. */
  kept_webhooks: z.int().min(0).optional(),
});
export type MemberPresence = z.infer<typeof memberPresence>;

const homeHost = z.object({ host: hostId, name: z.string(), public_key: publicKey });

/** POST /api/membership/trust: four words, as `toru hosts` shows them on the new home host. */
export const trustRequest = z.strictObject({ words: z.array(z.string()).length(4) });

/** The words by which a member believes its new home host (GET /api/home/words). */
export const memberWords = z.object({ host: hostId, name: z.string(), words: z.array(z.string()).length(4) });
export type MemberWords = z.infer<typeof memberWords>;

/** Where people open the page, as an origin; absent where the agent does not know. */
const page = z.string().optional();

/**
 * What this host is to its installation (GET /api/membership): the one that decides, or one that follows it. A home host without
 * members is a host as it always was.
 */
export const membership = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('home'), members: z.int(), page }),
  z.object({
    kind: z.literal('member'),
    page,
    /** Its own name in the installation. */
    name: z.string(),
    home: homeHost,
    /** Who says that it is the home host now, by a key to which no step leads: somebody on this host's console has to believe it (`toru trust`). */
    candidate: homeHost.nullable().optional(),
    directory: z.object({ seq: z.int(), signed_at: time, stale: z.boolean() }).nullable(),
    /** The newest directory no longer names this host: it serves its local socket only. */
    revoked: z.boolean(),
  }),
]);
export type Membership = z.infer<typeof membership>;
