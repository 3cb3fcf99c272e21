import { createHash } from 'node:crypto';
import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import type { DirectoryClaims } from '../../shared/members.ts';
import { MAX_ENDED_SIDS } from '../../shared/members.ts';
import { signedToken } from '../../shared/signed.ts';
import type { Identity } from '../link/identity.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Settings } from '../settings/settings.ts';
import type { Grants } from '../users/grants.ts';
import type { Users } from '../users/users.ts';
import type { HostFacts } from './facts.ts';
import type { Members } from './members.ts';

/** A directory whose words did not change is signed again after so long: members serve nobody by one that is older than a week. */
const SIGN_EVERY_MS = 24 * 3_600_000;

const signed = z.object({ seq: z.int(), content: z.string(), signed_at: z.int(), token: signedToken });
const FACT = 'directory';

/** The users, roles and hosts of this home host's installation, signed: what its members go by. */
export class Directory {
  readonly #facts: HostFacts;
  readonly #identity: Identity;
  readonly #settings: Pick<Settings, 'instance_id' | 'internal' | 'host_name' | 'grant_minutes'>;
  readonly #users: Pick<Users, 'list' | 'epochOf'>;
  readonly #grants: Pick<Grants, 'ended'>;
  readonly #members: Members;
  readonly #now: () => number;

  constructor(parts: {
    facts: HostFacts;
    identity: Identity;
    settings: Pick<Settings, 'instance_id' | 'internal' | 'host_name' | 'grant_minutes'>;
    users: Pick<Users, 'list' | 'epochOf'>;
    grants: Pick<Grants, 'ended'>;
    members: Members;
    now?: () => number;
  }) {
    this.#facts = parts.facts;
    this.#identity = parts.identity;
    this.#settings = parts.settings;
    this.#users = parts.users;
    this.#grants = parts.grants;
    this.#members = parts.members;
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
    const seq = Math.max((before?.seq ?? 0) + 1, Math.floor(now / 1000));
    const claims: DirectoryClaims = { v: 1, seq, iat: Math.floor(now / 1000), ...words };
    const token = signStatement(this.#identity, 'directory', claims);
    this.#facts.set(FACT, { seq, content, signed_at: now, token });
    return token;
  }

  #words(ins: string): Omit<DirectoryClaims, 'v' | 'seq' | 'iat'> {
    const { instance_id: id, host_name: name, grant_minutes } = this.#settings;
    const members = this.#members.list();
    return {
      ins,
      grant_minutes,
      users: this.#users.list().map((user) => {
        const { username, role, disabled } = user;
        return { id: user.id, username, role, disabled, epoch: this.#users.epochOf(user.id) ?? 0 };
      }),
      roles: Object.fromEntries(members.filter(({ roles }) => Object.keys(roles).length > 0).map((member) => [member.id, member.roles])),
      hosts: [
        { id, name, key: toBase64Url(this.#identity.publicKey) },
        ...members.map((member) => ({ id: member.id, name: member.name, key: member.public_key })),
      ],
      ended_sids: this.#grants.ended(MAX_ENDED_SIDS),
    };
  }
}
