import { randomUUID } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { GrantClaims } from '../../shared/grant.ts';
import { grantClaims, grantToken, purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { GRANT_LIFE_MS, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from '../../shared/limits.ts';
import type { Identity } from '../link/identity.ts';
import { verifyWith } from '../link/identity.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from './caller.ts';
import type { GrantRow, GrantUser, Revocation } from './grant-rows.ts';
import { GrantRows } from './grant-rows.ts';

/** A caller whom a grant established, and until when (ms since 1970) without a newer one. */
export interface Granted extends Caller {
  sid: string;
  expires_at: number;
}

/** Where a grant came from, as the edge says. The address is for the history only. */
export interface Presented {
  /** The session of the connection or request: a grant of another one is refused. */
  sid?: string | undefined;
  address?: string | null | undefined;
}

/** Written at most so often for a session in use: a flood of frames is no flood of commits. */
const SEEN_EVERY_MS = 60_000;
const CLOCK_STEP_MS = 60_000;
const SIGNED_KEPT = 1000;

/** Makes grants, checks them, ends them. */
export class Grants {
  readonly #identity: Identity;
  readonly #settings: Settings;
  readonly #rows: GrantRows;
  readonly #now: () => number;
  /** Signatures that held, by the whole token. A connection brings the same grant with every frame; time and tables are asked again. */
  readonly #signed = new Map<string, GrantClaims>();
  readonly #listeners = new Set<(sids: readonly string[], id: string) => void>();

  constructor(db: Database, identity: Identity, settings: Settings, now: () => number = Date.now) {
    this.#identity = identity;
    this.#settings = settings;
    this.#rows = new GrantRows(db);
    this.#now = now;
  }

  /**
   * Which edge's sessions count, as the link learned it. Another one than before ends every session of the old one.
   * @param id the installation, a UUID.
   */
  setInstallation(id: string): void {
    const known = this.#settings.internal.installation;
    if (known === id) return;
    if (known !== undefined) this.#rows.forgetAll(this.#now());
    this.#settings.set({ installation: id });
  }

  /**
   * Begins a session, or notes in a live one that the same user typed the password again.
   * @param auth_time when the password was checked, ms since 1970.
   * @throws ToruError conflict when the session ended before or is somebody else's; unknown_user.
   */
  mint({ user, sid, auth_time }: { user: { id: string }; sid: string; auth_time: number }): string {
    const now = this.#now();
    const epoch = this.#rows.begin({ sid, sub: user.id, auth_time, now });
    return this.#sign({ sub: user.id, sid, epoch, auth_time }, now);
  }

  /**
   * The user who presents this grant. Checked in this order: signature, claims, time, then our own tables.
   * @throws ToruError unauthenticated for what we never signed for this host, session_expired for what is over.
   */
  verify(token: string, from: Presented = {}): Granted {
    const claims = this.#read(token, from.sid);
    const now = this.#now();
    // Too far ahead: our clock went back since, and the grant would live longer than it may. It can be renewed.
    if (claims.exp * 1000 <= now || claims.exp * 1000 > now + GRANT_LIFE_MS + CLOCK_STEP_MS) throw expired();
    const { row, user } = this.#live(claims, now);
    if (now - row.last_seen >= SEEN_EVERY_MS) this.#rows.seen(claims.sid, now);
    return {
      user_id: user.id,
      username: user.username,
      role: user.role,
      via: 'edge',
      sid: claims.sid,
      address: from.address ?? null,
      auth_time: row.auth_time,
      expires_at: claims.exp * 1000,
    };
  }

  /** A grant for another hour, also from one that ran out: only the live session behind it counts. @throws as `verify` */
  renew(token: string, from: Presented = {}): string {
    const claims = this.#read(token, from.sid);
    const now = this.#now();
    const { row } = this.#live(claims, now);
    return this.#sign({ sub: claims.sub, sid: claims.sid, epoch: claims.epoch, auth_time: row.auth_time }, now);
  }

  /** Whose session this is, while it lives; null when it is over. To ask is no use of it: it gets no older by that, and no younger. */
  lives(sid: string): GrantUser | null {
    const now = this.#now();
    const found = this.#rows.get(sid, now);
    return found === null || isOver(found, now) ? null : found.user;
  }

  /** Ends one session. @returns false when it was over or never began. */
  revokeSession(sid: string): boolean {
    return this.#announce(this.#rows.revoke({ sid }, this.#now()));
  }

  /**
   * Ends all sessions of a user.
   * @param change what goes with it, in the same transaction: both happen or neither does.
   */
  revokeUser(user_id: string, change: () => void = () => undefined): void {
    this.#announce(this.#rows.revoke({ sub: user_id }, this.#now(), change));
  }

  /** Ends every session. */
  revokeAll(): void {
    this.#announce(this.#rows.revoke('all', this.#now()));
  }

  /** Whose session this is, for the audit; null when it never began. Says nothing of whether it lives. */
  ownerOf(sid: string): { user_id: string; username: string; address: null } | null {
    const user = this.#rows.get(sid, this.#now())?.user;
    return user === undefined ? null : { user_id: user.id, username: user.username, address: null };
  }

  /** Calls back after sessions ended, so that their connections close and the edge is told. @returns how to stop that. */
  onRevoked(listener: (sids: readonly string[], id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The revocations that the edge has not yet acknowledged: they are sent first when a link comes up. */
  pendingRevocations(): Revocation[] {
    return this.#rows.pending();
  }

  /** The edge took note of this revocation. */
  acknowledged(id: string): void {
    this.#rows.acknowledged(id);
  }

  #announce(revocations: readonly Revocation[]): boolean {
    for (const { id, sids } of revocations) for (const listener of this.#listeners) listener(sids, id);
    return revocations.length > 0;
  }

  /** The claims of a grant that we signed, for this host and this installation. */
  #read(token: string, sid: string | undefined): GrantClaims {
    const claims = this.#signed.get(token) ?? this.#checkSignature(token);
    const { kid, iss, aud, ins } = claims;
    const here = this.#settings.instance_id;
    if (kid !== this.#identity.kid || iss !== here || aud !== here || ins !== this.#settings.internal.installation) throw foreign();
    if (sid !== undefined && sid !== claims.sid) throw foreign();
    return claims;
  }

  /** Nothing is parsed before the signature holds. */
  #checkSignature(token: string): GrantClaims {
    const [body, signature] = grantToken.safeParse(token).success ? token.split('.') : [];
    if (body === undefined || signature === undefined) throw foreign();
    const bytes = decoded(body);
    const signed = decoded(signature);
    if (bytes === null || signed === null || !verifyWith(this.#identity.publicKey, purposed('grant', bytes), signed)) throw foreign();
    const claims = grantClaims.safeParse(parseJsonOrNull(new TextDecoder().decode(bytes)));
    if (!claims.success) throw foreign();
    this.#signed.set(token, claims.data);
    // Full: the one that was checked first is checked again when it comes back.
    const oldest = this.#signed.keys().next();
    if (this.#signed.size > SIGNED_KEPT && oldest.done !== true) this.#signed.delete(oldest.value);
    return claims.data;
  }

  /** The session's row and its user, as long as both are good. */
  #live(claims: GrantClaims, now: number) {
    const found = this.#rows.get(claims.sid, now);
    if (found === null || isOver(found, now)) throw expired();
    if (found.row.sub !== claims.sub || claims.epoch !== found.row.epoch) throw expired();
    return found;
  }

  #sign(of: Pick<GrantClaims, 'sub' | 'sid' | 'epoch' | 'auth_time'>, now: number): string {
    const installation = this.#settings.internal.installation;
    if (installation === undefined) throw new Error('a grant can’t be signed before the link said which installation this is');
    const here = this.#settings.instance_id;
    const claims: GrantClaims = {
      v: 1,
      kid: this.#identity.kid,
      iss: here,
      ins: installation,
      aud: here,
      sub: of.sub,
      sid: of.sid,
      epoch: of.epoch,
      auth_time: seconds(of.auth_time),
      iat: seconds(now),
      exp: seconds(now + GRANT_LIFE_MS),
      jti: randomUUID(),
    };
    const bytes = new TextEncoder().encode(JSON.stringify(claims));
    return `${toBase64Url(bytes)}.${toBase64Url(this.#identity.sign(purposed('grant', bytes)))}`;
  }
}

function isOver({ row, user }: { row: GrantRow; user: GrantUser }, now: number): boolean {
  if (row.revoked_at !== null || user.disabled || row.epoch !== user.epoch) return true;
  return now - row.last_seen >= SESSION_IDLE_MS || now - row.created_at >= SESSION_ABSOLUTE_MS;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

function decoded(text: string): Uint8Array<ArrayBuffer> | null {
  try {
    const bytes = fromBase64Url(text);
    // One spelling only: the unused bits of the last character are no second name for the same grant.
    return toBase64Url(bytes) === text ? bytes : null;
  } catch {
    return null;
  }
}

function foreign(): ToruError {
  return new ToruError('unauthenticated', 'That session is not one of this host. Log in again.');
}

function expired(): ToruError {
  return new ToruError('session_expired', 'Your session has ended. Log in again.');
}
