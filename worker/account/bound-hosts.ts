import { hostId } from '../../shared/ids.ts';

/** A host that may dial in. */
export interface HostRecord {
  id: string;
  name: string;
  /** base64url of the raw Ed25519 key. */
  public_key: string;
  version: string | null;
  /** ms since 1970; null when it never linked. */
  last_seen_at: number | null;
}

/** `<id>:<key>` with commas between, as bound to the Worker. What does not parse is left out, and said in the log. */
function parseHostKeys(binding: string): { id: string; public_key: string }[] {
  return binding
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .flatMap((entry) => {
      const [name = '', public_key = ''] = entry.split(':');
      const id = hostId.safeParse(name);
      if (id.success && /^[\w-]{43}$/.test(public_key)) return [{ id: id.data, public_key }];
      console.error(`HOST_KEYS: “${entry.slice(0, 60)}” is not <host id>:<base64url of a 32-byte key>.`);
      return [];
    });
}

/**
 * The hosts of this installation. Their keys come from a binding and from nowhere else: nothing that is sent to this edge
 * can enrol a host, and a host that was taken out of the binding is unknown at once.
 */
export class Hosts {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage, binding: string) {
    this.#sql = sql;
    const keys = parseHostKeys(binding);
    for (const { id } of this.list()) if (!keys.some((key) => key.id === id)) sql.exec('DELETE FROM hosts WHERE id = ?', id);
    keys.forEach(({ id, public_key }, position) => {
      sql.exec(
        `INSERT INTO hosts (id, name, public_key, position) VALUES (?1, 'host', ?2, ?3)
         ON CONFLICT (id) DO UPDATE SET public_key = ?2, position = ?3 WHERE public_key != ?2 OR position != ?3`,
        id,
        public_key,
        position,
      );
    });
  }

  /** In the order of the binding: the first is the default one, and answers logins. */
  list(): HostRecord[] {
    return this.#sql.exec<HostRow>('SELECT id, name, public_key, version, last_seen_at FROM hosts ORDER BY position').toArray();
  }

  get(id: string): HostRecord | null {
    return this.list().find((host) => host.id === id) ?? null;
  }

  seen(id: string, name: string, version: string, now: number): void {
    this.#sql.exec(
      'UPDATE hosts SET name = ?2, version = ?3, last_seen_at = ?4, first_seen_at = coalesce(first_seen_at, ?4) WHERE id = ?1',
      id,
      name,
      version,
      now,
    );
  }
}

type HostRow = { id: string; name: string; public_key: string; version: string | null; last_seen_at: number | null };
