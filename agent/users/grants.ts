import { randomUUID } from 'node:crypto';
import { ToruError } from '../../shared/errors.ts';
import type { GrantClaims } from '../../shared/grant.ts';
import { grantClaims, grantToken } from '../../shared/grant.ts';
import { GRANT_LIFE_MS, MEMBER_GRANT_MOST_MS, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from '../../shared/limits.ts';
import type { Identity } from '../link/identity.ts';
import { kidOf } from '../link/identity.ts';
import { openStatement, signStatement } from '../link/signed-statement.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from './caller.ts';
import type { GrantRow, GrantUser, Revocation } from './grant-rows.ts';
import { GrantRows } from './grant-rows.ts';
import type { Issuer } from './issuer.ts';

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

/**
 * Makes grants, checks them, ends them. On a member they are the home host's: it makes them for this host, and here they are checked, and a
 * session begins with the first one that is good.
 */
export class Grants {
  readonly #identity: Identity;
  readonly #settings: Settings;
  readonly #issuer: () => Issuer | null;
  readonly #rows: GrantRows;
  readonly #now: () => number;
  /** Signatures that held, by the whole token. A connection brings the same grant with every frame; time and tables are asked again. */
  readonly #signed = new Map<string, GrantClaims>();
  readonly #writeListeners = new Set<() => void>();
  readonly #listeners = new Set<(sids: readonly string[], id: string) => void>();

  /** @param options.issuer the home host of a member; null: this host signs for itself. */
  constructor(
    db: Database,
    identity: Identity,
    settings: Settings,
    { now = Date.now, issuer = () => null }: { now?: () => number; issuer?: () => Issuer | null } = {},
  ) {
    this.#identity = identity;
    this.#settings = settings;
    this.#issuer = issuer;
    this.#rows = new GrantRows(db, () => {
      for (const listener of this.#writeListeners) listener();
    });
    this.#now = now;
  }

  /**
   * Which edge's sessions count, as the link learned it. Another one than before ends every session of the old one.
   * @param id the installation, a UUID.
   */
  setInstallation(id: string): void {
    // A member's is in its certificate, whatever an edge says.
    if (this.#issuer() !== null) return;
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
    const issuer = this.#issuer();
    const claims = this.#read(token, from.sid);
    const now = this.#now();
    if (issuer !== null) requireServed(issuer, claims, now);
    // Too far ahead: our clock went back since, and the grant would live longer than it may. It can be renewed.
    else if (claims.exp * 1000 <= now || claims.exp * 1000 > now + GRANT_LIFE_MS + CLOCK_STEP_MS) throw expired();
    const { row, user } = this.#live(claims, now, issuer !== null);
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

  /**
   * For a session of this home host: a grant for one of its members. @param member its instance id, and how long the grant lives, in ms.
   * @throws as `renew`
   */
  forMember(token: string, member: { host: string; life_ms: number }): { grant: string; expires_at: number } {
    const claims = this.#read(token, undefined);
    const now = this.#now();
    const { row } = this.#live(claims, now);
    const grant = this.#sign({ sub: claims.sub, sid: claims.sid, epoch: claims.epoch, auth_time: row.auth_time }, now, member);
    return { grant, expires_at: seconds(now + member.life_ms) * 1000 };
  }

  /** The sids of the sessions that ended last, newest first. */
  ended(limit: number): string[] {
    return this.#rows.ended(limit);
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

  /** Calls back with every write to users and sessions, within its transaction: what it does about it, it does later. @returns how to stop that. */
  onWritten(listener: () => void): () => void {
    this.#writeListeners.add(listener);
    return () => this.#writeListeners.delete(listener);
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

  /** The claims of a grant that was signed for this host and this installation: by this host, or by the home host of a member. */
  #read(token: string, sid: string | undefined): GrantClaims {
    const issuer = this.#issuer();
    const claims = this.#signed.get(token) ?? this.#checkSignature(token, issuer);
    const { kid, iss, aud, ins } = claims;
    const here = this.#settings.instance_id;
    if (aud !== here || (sid !== undefined && sid !== claims.sid)) throw foreign();
    if (kid !== (issuer === null ? this.#identity.kid : kidOf(issuer.publicKey))) throw foreign();
    if (iss !== (issuer?.host ?? here) || ins !== (issuer?.installation ?? this.#settings.internal.installation)) throw foreign();
    return claims;
  }

  #checkSignature(token: string, issuer: Issuer | null): GrantClaims {
    const publicKey = issuer?.publicKey ?? this.#identity.publicKey;
    const claims = grantToken.safeParse(token).success ? openStatement(token, 'grant', publicKey, grantClaims) : null;
    if (claims === null) throw issuer?.foreign ?? foreign();
    this.#signed.set(token, claims);
    // Full: the one that was checked first is checked again when it comes back.
    const oldest = this.#signed.keys().next();
    if (this.#signed.size > SIGNED_KEPT && oldest.done !== true) this.#signed.delete(oldest.value);
    return claims;
  }

  /** The session's row and its user, as long as both are good. */
  #live(claims: GrantClaims, now: number, begins = false) {
    const found = this.#rows.get(claims.sid, now) ?? (begins ? this.#begun(claims, now) : null);
    if (found === null || isOver(found, now)) throw expired();
    if (found.row.sub !== claims.sub || claims.epoch !== found.row.epoch) throw expired();
    return found;
  }

  /** A session of the home host comes here for the first time. */
  #begun({ sid, sub, epoch, auth_time }: GrantClaims, now: number) {
    try {
      if (this.#rows.begin({ sid, sub, auth_time: auth_time * 1000, now, epoch }) !== epoch) return null;
    } catch {
      // The directory knows no such user, or the user changed since: the session is over, or its directory is on its way.
      return null;
    }
    return this.#rows.get(sid, now);
  }

  #sign(of: Pick<GrantClaims, 'sub' | 'sid' | 'epoch' | 'auth_time'>, now: number, member?: { host: string; life_ms: number }): string {
    const installation = this.#settings.internal.installation;
    if (installation === undefined) throw new Error('a grant can’t be signed before the link said which installation this is');
    const here = this.#settings.instance_id;
    const claims: GrantClaims = {
      v: 1,
      kid: this.#identity.kid,
      iss: here,
      ins: installation,
      aud: member?.host ?? here,
      sub: of.sub,
      sid: of.sid,
      epoch: of.epoch,
      auth_time: seconds(of.auth_time),
      iat: seconds(now),
      exp: seconds(now + (member?.life_ms ?? GRANT_LIFE_MS)),
      jti: randomUUID(),
    };
    return signStatement(this.#identity, 'grant', claims);
  }
}

function isOver({ row, user }: { row: GrantRow; user: GrantUser }, now: number): boolean {
  if (row.revoked_at !== null || user.disabled || row.epoch !== user.epoch) return true;
  return now - row.last_seen >= SESSION_IDLE_MS || now - row.created_at >= SESSION_ABSOLUTE_MS;
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000);
}

/**
 * Does the home host's grant count on this member now? The two hosts' clocks may differ by a minute. An edge renews a grant long before it
 * runs out, so one that ran out says that a clock is wrong, or that the home host is away.
 */
function requireServed(issuer: Issuer, claims: GrantClaims, now: number): void {
  if (issuer.problem !== null) throw issuer.problem;
  if (issuer.ended(claims.sid)) throw expired();
  const began = claims.iat * 1000;
  const ends = Math.min(claims.exp * 1000, began + MEMBER_GRANT_MOST_MS);
  if (began > now + CLOCK_STEP_MS || ends <= now - CLOCK_STEP_MS)
    throw new ToruError(
      'clock_skew',
      'The clock of this host and that of its home host differ by more than a minute, or the home host has been away for too long. Set the clocks (timedatectl), or start the home host.',
    );
}

function foreign(): ToruError {
  return new ToruError('unauthenticated', 'That session is not one of this host. Log in again.');
}

function expired(): ToruError {
  return new ToruError('session_expired', 'Your session has ended. Log in again.');
}
