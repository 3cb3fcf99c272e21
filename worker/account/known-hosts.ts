import { hostId } from '../../shared/ids.ts';
import type { LinkedMember } from '../../shared/link-protocol.ts';

/** A host that may dial in. */
export type HostRecord = {
  id: string;
  name: string;
  /** base64url of the raw Ed25519 key. */
  public_key: string;
  version: string | null;
  /** ms since 1970; null when it never linked. */
  last_seen_at: number | null;
};

/** A host that no other host named. */
export interface BoundHost {
  id: string;
  public_key: string;
  name: string;
}

/** `<id>:<key>` with commas between, as bound to the Worker. What does not parse is left out, and said in the log. */
function parseHostKeys(binding: string): BoundHost[] {
  return binding
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const [name = '', public_key = ''] = entry.split(':');
      const id = hostId.safeParse(name);
      if (id.success && /^[\w-]{43}$/.test(public_key)) return [{ id: id.data, public_key, name: 'host' }];
      console.error(`HOST_KEYS: “${entry.slice(0, 60)}” is not <host id>:<base64url of a 32-byte key>.`);
      return [];
    });
}

/**
 * The hosts of this installation: first those of the binding, of which the first is the home host, or without a binding the one that
 * claimed this edge; then the members that the home host named. A host that was taken out of the binding, or out of the home host's list,
 * is unknown at once.
 */
export class Hosts {
  readonly #sql: SqlStorage;

  /** @param binding HOST_KEYS; as long as it says anything, the claim counts for nothing. */
  constructor(sql: SqlStorage, binding: string, claimed: BoundHost | null) {
    this.#sql = sql;
    this.bind(binding.trim() !== '' ? parseHostKeys(binding) : claimed === null ? [] : [claimed]);
  }

  /** These, in this order, instead of those that were bound before. */
  bind(keys: readonly BoundHost[]): void {
    const sql = this.#sql;
    for (const { id, certificate } of this.#rows())
      if (certificate === null && !keys.some((key) => key.id === id)) sql.exec('DELETE FROM hosts WHERE id = ?', id);
    keys.forEach(({ id, public_key, name }, position) => {
      sql.exec(
        `INSERT INTO hosts (id, name, public_key, position) VALUES (?1, ?4, ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET public_key = ?2, position = ?3, certificate = NULL
         WHERE public_key != ?2 OR position != ?3 OR certificate IS NOT NULL`,
        id,
        public_key,
        position,
        name,
      );
    });
  }

  /** The first is the home host, which answers logins. */
  list(): HostRecord[] {
    return this.#rows().map(({ certificate: _, ...host }) => host);
  }

  get(id: string): HostRecord | null {
    return this.list().find((host) => host.id === id) ?? null;
  }

  /** Does this host decide for the installation? */
  isHome(id: string): boolean {
    return this.#rows()[0]?.id === id;
  }

  certificateOf(id: string): string | null {
    return this.#rows().find((host) => host.id === id)?.certificate ?? null;
  }

  /** All members as the home host has them, instead of those before. @returns the ids of those that are members no longer, or by another key. */
  setMembers(members: readonly LinkedMember[]): string[] {
    const before = this.#rows();
    const bound = new Set(before.flatMap(({ id, certificate }) => (certificate === null ? [id] : [])));
    const taken = members.filter(({ id }) => !bound.has(id));
    const gone = before.filter((host) => host.certificate !== null && !taken.some((member) => isSame(member, host)));
    for (const { id } of gone) this.#sql.exec('DELETE FROM hosts WHERE id = ?', id);
    taken.forEach(({ id, name, public_key, certificate, roles }, at) => {
      this.#sql.exec(
        `INSERT INTO hosts (id, name, public_key, position, certificate, roles) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET name = ?2, public_key = ?3, position = ?4, certificate = ?5, roles = ?6
         WHERE name != ?2 OR public_key != ?3 OR position != ?4 OR certificate IS NOT ?5 OR roles != ?6`,
        id,
        name,
        public_key,
        bound.size + at,
        certificate,
        JSON.stringify(roles),
      );
    });
    return gone.map(({ id }) => id);
  }

  /** @param name as a host of the binding calls itself; a member is called what the home host calls it. */
  seen(id: string, name: string, version: string, now: number): void {
    this.#sql.exec(
      `UPDATE hosts SET name = CASE WHEN certificate IS NULL THEN ?2 ELSE name END, version = ?3, last_seen_at = ?4,
         first_seen_at = coalesce(first_seen_at, ?4) WHERE id = ?1`,
      id,
      name,
      version,
      now,
    );
  }

  #rows(): HostRow[] {
    return this.#sql
      .exec<HostRow>('SELECT id, name, public_key, version, last_seen_at, certificate FROM hosts ORDER BY position')
      .toArray();
  }
}

function isSame(member: LinkedMember, host: HostRow): boolean {
  return member.id === host.id && member.public_key === host.public_key;
}

type HostRow = HostRecord & { certificate: string | null };
