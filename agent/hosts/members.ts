import * as z from 'zod';
import { ToruError } from '../../shared/errors.ts';
import type { LinkedMember } from '../../shared/link-protocol.ts';
import type { CertificateClaims, Member } from '../../shared/members.ts';
import { MAX_MEMBER_ROLES, MAX_MEMBERS } from '../../shared/members.ts';
import type { Role } from '../../shared/users.ts';
import { role } from '../../shared/users.ts';
import type { Identity } from '../link/identity.ts';
import { signStatement } from '../link/signed-statement.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { HostFacts } from './facts.ts';

/** A host that an admin let in, or renamed. */
interface Admitted {
  id: string;
  name: string;
  public_key: string;
}

interface Row extends Admitted {
  certificate: string;
  paired_at: number;
  roles: string;
}

const certificates = z.object({ seq: z.int() });
const COUNTED = 'certificates';
const rolesByUser = z.record(z.string(), role);

/** The members of this home host: a certificate for each, and the roles that differ there. */
export class Members {
  readonly #db: Database;
  readonly #facts: HostFacts;
  readonly #identity: Identity;
  readonly #settings: Pick<Settings, 'instance_id' | 'internal'>;
  readonly #now: () => number;

  constructor(parts: {
    db: Database;
    facts: HostFacts;
    identity: Identity;
    settings: Pick<Settings, 'instance_id' | 'internal'>;
    now?: () => number;
  }) {
    this.#db = parts.db;
    this.#facts = parts.facts;
    this.#identity = parts.identity;
    this.#settings = parts.settings;
    this.#now = parts.now ?? Date.now;
  }

  /** In the order in which they were paired. */
  list(): Member[] {
    return this.#rows().map(memberOf);
  }

  get(id: string): Member | null {
    return this.list().find((member) => member.id === id) ?? null;
  }

  /** So many certificates were signed. */
  get counted(): number {
    return this.#facts.get(COUNTED, certificates)?.seq ?? 0;
  }

  /** As the edge has to know them. */
  linked(): LinkedMember[] {
    return this.#rows().map((row) => {
      const { id, name, public_key, roles } = memberOf(row);
      return { id, name, public_key, roles, certificate: row.certificate };
    });
  }

  /** @param id of the member that may have this name; null: nobody may. @throws ToruError conflict */
  requireFree(name: string, id: string | null): void {
    if (this.list().some((member) => member.id !== id && member.name.toLowerCase() === name.toLowerCase()))
      throw new ToruError('conflict', `There is already a host “${name}”. Give this one another name, or that one: toru hosts rename`, {
        extra: { field: 'name' },
      });
  }

  /** Signs a certificate for a new member, or a new one for an old member. @throws ToruError conflict, quota_exceeded. */
  admit({ id, name, public_key }: Admitted): Member {
    const others = this.#rows().filter((member) => member.id !== id);
    this.requireFree(name, id);
    if (others.length >= MAX_MEMBERS) throw new ToruError('quota_exceeded', `An installation has at most ${MAX_MEMBERS} members.`);
    const now = this.#now();
    this.#db.transaction(() => {
      const certificate = this.#certify({ id, name, public_key }, now);
      this.#db
        .prepare(
          `INSERT INTO hosts_members (id, name, public_key, certificate, paired_at) VALUES ($id, $name, $public_key, $certificate, $now)
           ON CONFLICT (id) DO UPDATE SET name = $name, public_key = $public_key, certificate = $certificate`,
        )
        .run({ id, name, public_key, certificate, now });
    })();
    return this.#known(id);
  }

  /** @throws ToruError unknown_host, quota_exceeded. */
  setRoles(id: string, roles: Readonly<Record<string, Role>>): Member {
    this.#known(id);
    const others = this.list().filter((member) => member.id !== id);
    const all = [roles, ...others.map((member) => member.roles)].reduce((sum, of) => sum + Object.keys(of).length, 0);
    if (all > MAX_MEMBER_ROLES)
      throw new ToruError(
        'quota_exceeded',
        `On all hosts together, at most ${MAX_MEMBER_ROLES} roles may differ from the users’ own. Give some users another role of their own.`,
      );
    this.#db.prepare('UPDATE hosts_members SET roles = ? WHERE id = ?').run(JSON.stringify(roles), id);
    return this.#known(id);
  }

  /** @throws ToruError unknown_host. */
  remove(id: string): Member {
    const member = this.#known(id);
    this.#db.prepare('DELETE FROM hosts_members WHERE id = ?').run(id);
    return member;
  }

  /** These instead of all others, as another home host certified them to be ours. @param counted of the certificates. */
  takeOver(members: readonly (LinkedMember & { paired_at: number })[], counted: number): void {
    this.#db.transaction(() => {
      this.forget();
      const put = this.#db.prepare('INSERT INTO hosts_members VALUES ($id, $name, $public_key, $certificate, $paired_at, $roles)');
      for (const { roles, ...member } of members) put.run({ ...member, roles: JSON.stringify(roles) });
      this.#facts.set(COUNTED, { seq: counted });
    })();
  }

  /** This host is nobody's home host any more. */
  forget(): void {
    this.#db.prepare('DELETE FROM hosts_members').run();
    this.#facts.remove(COUNTED);
  }

  /** Of a key that was replaced: every certificate of the old one is worth nothing. */
  certifyAll(): void {
    const now = this.#now();
    this.#db.transaction(() => {
      for (const row of this.#rows())
        this.#db.prepare('UPDATE hosts_members SET certificate = ? WHERE id = ?').run(this.#certify(row, now), row.id);
    })();
  }

  #certify({ id, name, public_key }: Admitted, now: number): string {
    const installation = this.#settings.internal.installation;
    if (installation === undefined) throw new ToruError('conflict', 'This host was never linked to an edge: it has no installation yet.');
    const seq = this.counted + 1;
    this.#facts.set(COUNTED, { seq });
    return signCertificate(this.#identity, { ins: installation, by: this.#settings.instance_id, seq }, { id, name, public_key }, now);
  }

  #known(id: string): Member {
    const member = this.get(id);
    if (member === null) throw new ToruError('unknown_host', 'There is no such member. The list may have changed: load it again.');
    return member;
  }

  #rows(): Row[] {
    return this.#db.prepare<[], Row>('SELECT * FROM hosts_members ORDER BY paired_at, id').all();
  }
}

/** @param of the installation, by which home host, and which of its certificates. @param now in ms since 1970. */
export function signCertificate(
  identity: Pick<Identity, 'sign'>,
  of: { ins: string; by: string; seq: number },
  { id, name, public_key }: Admitted,
  now: number,
): string {
  const claims: CertificateClaims = { v: 1, ...of, host: id, key: public_key, name, iat: Math.floor(now / 1000) };
  return signStatement(identity, 'host', claims);
}

function memberOf({ id, name, public_key, paired_at, roles }: Row): Member {
  return { id, name, public_key, paired_at: new Date(paired_at).toISOString(), roles: rolesByUser.parse(JSON.parse(roles)) };
}
