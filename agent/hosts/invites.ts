import { createHmac, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Invite, InviteCreate, MadeInvite } from '../../shared/pairing.ts';
import type { Identity } from '../link/identity.ts';
import type { Database } from '../store/database.ts';

/** More are never wanted at once. */
const MAX_INVITES = 50;

interface Row {
  id: string;
  name: string;
  secret: string;
  created_at: number;
  expires_at: number;
}

/** Tokens by which a host pairs without anybody looking on: each once, under one name, for some hours at most. */
export class Invites {
  readonly #db: Database;
  readonly #identity: Pick<Identity, 'publicKey'>;
  readonly #now: () => number;

  constructor(db: Database, identity: Pick<Identity, 'publicKey'>, now: () => number = Date.now) {
    this.#db = db;
    this.#identity = identity;
    this.#now = now;
  }

  /** Those that can still be used, oldest first. */
  list(): Invite[] {
    return this.#db
      .prepare<[number], Row>('SELECT * FROM hosts_invites WHERE expires_at > ? ORDER BY created_at, id')
      .all(this.#now())
      .map(inviteOf);
  }

  /** @throws ToruError quota_exceeded. */
  make({ name, expires_minutes }: InviteCreate): MadeInvite {
    const now = this.#now();
    this.#db.prepare('DELETE FROM hosts_invites WHERE expires_at <= ?').run(now);
    if (this.list().length >= MAX_INVITES)
      throw new ToruError('quota_exceeded', `${MAX_INVITES} invites wait to be used. Remove some, or wait until they run out.`);
    const secret = randomBytes(32);
    const row = { id: randomUUID(), name, secret: secret.toString('hex'), created_at: now, expires_at: now + expires_minutes * 60_000 };
    this.#db.prepare('INSERT INTO hosts_invites VALUES ($id, $name, $secret, $created_at, $expires_at)').run(row);
    return { ...inviteOf(row), token: `${row.id}.${secret.toString('base64url')}.${toBase64Url(this.#identity.publicKey)}` };
  }

  /** @throws ToruError not_found. */
  remove(id: string): Invite {
    const [row] = this.#db.prepare<[string], Row>('DELETE FROM hosts_invites WHERE id = ? RETURNING *').all(id);
    if (row === undefined) throw new ToruError('not_found', 'There is no such invite. It may have been used, or have run out.');
    return inviteOf(row);
  }

  /**
   * The invite that a host comes with. @param statement the bytes that the host signed.
   * @throws ToruError access_denied: no such invite, used, too old, or not known to the one who comes.
   */
  check({ id, mac }: { id: string; mac: string }, statement: Uint8Array): Invite {
    const row = this.#db.prepare<[string, number], Row>('SELECT * FROM hosts_invites WHERE id = ? AND expires_at > ?').get(id, this.#now());
    const expected = createHmac('sha256', Buffer.from(row?.secret ?? '', 'hex'))
      .update(statement)
      .digest();
    if (row === undefined || !timingSafeEqual(expected, Buffer.from(mac, 'hex'))) throw useless();
    return inviteOf(row);
  }

  /** It is used now. @throws ToruError access_denied when another host was faster. */
  use({ id }: Invite): void {
    if (this.#db.prepare('DELETE FROM hosts_invites WHERE id = ?').run(id).changes === 0) throw useless();
  }
}

function inviteOf({ id, name, created_at, expires_at }: Row): Invite {
  return { id, name, created_at: new Date(created_at).toISOString(), expires_at: new Date(expires_at).toISOString() };
}

function useless(): ToruError {
  return new ToruError(
    'access_denied',
    'That token was used, has run out, or is not of this installation. Make another on the home host: toru hosts invite NAME',
  );
}
