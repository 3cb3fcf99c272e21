import { createHash } from 'node:crypto';
import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import type { DirectoryClaims, Member } from '../../shared/members.ts';
import { MAX_ENDED_SIDS } from '../../shared/members.ts';
import { signedToken } from '../../shared/signed.ts';
import type { Identity } from '../link/identity.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Settings } from '../settings/settings.ts';
import type { Grants } from '../users/grants.ts';
import type { Users } from '../users/users.ts';
import type { HostFacts } from './facts.ts';
import type { HomeMoves } from './home-moves.ts';
import type { Members } from './members.ts';

/** A directory whose words did not change is signed again after so long: members serve nobody by one that is older than a week. */
const SIGN_EVERY_MS = 24 * 3_600_000;

const signed = z.object({ seq: z.int(), content: z.string(), signed_at: z.int(), token: signedToken });
const FACT = 'directory';

/** The number of the newest directory that this home host signed; 0 before the first. */
export function signedSeq(facts: HostFacts): number {
  return facts.get(FACT, signed)?.seq ?? 0;
}

/** Beyond this one this home host counts on. */
export function setSignedSeq(facts: HostFacts, seq: number, token: string): void {
  facts.set(FACT, { seq, content: '', signed_at: 0, token });
}

/** This host signs no directory any more. */
export function forgetDirectory(facts: HostFacts): void {
  facts.remove(FACT);
}

interface Words {
  ins: string;
  grant_minutes: number;
  users: DirectoryClaims['users'];
  /** The home host, then its members. */
  hosts: readonly { id: string; name: string; public_key: string; roles?: Member['roles'] }[];
  ended_sids: string[];
}

/** What a directory says, but for its number and time. */
export function directoryWords({ ins, grant_minutes, users, hosts, ended_sids }: Words): Omit<DirectoryClaims, 'v' | 'seq' | 'iat'> {
  return {
    ins,
    grant_minutes,
    users,
    roles: Object.fromEntries(hosts.flatMap(({ id, roles = {} }) => (Object.keys(roles).length > 0 ? [[id, roles]] : []))),
    hosts: hosts.map(({ id, name, public_key }) => ({ id, name, key: public_key })),
    ended_sids,
  };
}

/** The users, roles and hosts of this home host's installation, signed: what its members go by. */
export class Directory {
  readonly #facts: HostFacts;
  readonly #identity: Identity;
  readonly #settings: Pick<Settings, 'instance_id' | 'internal' | 'host_name' | 'grant_minutes'>;
  readonly #users: Pick<Users, 'list' | 'epochOf'>;
  readonly #grants: Pick<Grants, 'ended'>;
  readonly #members: Members;
  readonly #moves: Pick<HomeMoves, 'seq'>;
  readonly #now: () => number;

  constructor(parts: {
    facts: HostFacts;
    identity: Identity;
    settings: Pick<Settings, 'instance_id' | 'internal' | 'host_name' | 'grant_minutes'>;
    users: Pick<Users, 'list' | 'epochOf'>;
    grants: Pick<Grants, 'ended'>;
    members: Members;
    moves: Pick<HomeMoves, 'seq'>;
    now?: () => number;
  }) {
    this.#facts = parts.facts;
    this.#identity = parts.identity;
    this.#settings = parts.settings;
    this.#users = parts.users;
    this.#grants = parts.grants;
    this.#members = parts.members;
    this.#moves = parts.moves;
    this.#now = parts.now ?? Date.now;
  }

  /** Was there ever one? Before the first member there is nobody to read it. */
  get exists(): boolean {
    return this.#facts.get(FACT, signed) !== null;
  }

  /** As it stands now: under a new number when something changed. @returns null before the first link, which says which installation this is. */
  signed(): string | null {
    const ins = this.#settings.internal.installation;
    if (ins === undefined) return null;
    const now = this.#now();
    const before = this.#facts.get(FACT, signed);
    const words = this.#words(ins);
    const content = createHash('sha256')
      .update(`${this.#identity.kid}\n${JSON.stringify(words)}`)
      .digest('hex');
    if (before !== null && before.content === content && Math.abs(now - before.signed_at) < SIGN_EVERY_MS) return before.token;
    // No smaller than the time: a home host that was restored from a backup goes on beyond what its members have seen.
    const seq = Math.max((before?.seq ?? 0) + 1, this.#moves.seq + 1, Math.floor(now / 1000));
    const claims: DirectoryClaims = { v: 1, seq, iat: Math.floor(now / 1000), ...words };
    const token = signStatement(this.#identity, 'directory', claims);
    this.#facts.set(FACT, { seq, content, signed_at: now, token });
    return token;
  }

  #words(ins: string): Omit<DirectoryClaims, 'v' | 'seq' | 'iat'> {
    const { instance_id: id, host_name: name, grant_minutes } = this.#settings;
    return directoryWords({
      ins,
      grant_minutes,
      users: this.#users.list().map((user) => {
        const { username, role, disabled } = user;
        return { id: user.id, username, role, disabled, epoch: this.#users.epochOf(user.id) ?? 0 };
      }),
      hosts: [{ id, name, public_key: toBase64Url(this.#identity.publicKey) }, ...this.#members.list()],
      // A thousand that ended later push one out: then its grant for a member, if there is one, counts there until its own end, and no home host
      // makes another. Where it was used on a member, it is over there since the first directory that named it.
      ended_sids: this.#grants.ended(MAX_ENDED_SIDS),
    });
  }
}
