import { randomBytes } from 'node:crypto';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import type { HomeFacts, Invite, LinkPair, Pairing, PairingOutcome, PairRequest } from '../../shared/pairing.ts';
import { MAX_PAIRING_OUTCOMES, MAX_PAIRINGS, PAIR_LIFE_S, pairStatement } from '../../shared/pairing.ts';
import type { Identity } from '../link/identity.ts';
import { verifyWith } from '../link/identity.ts';
import type { Settings } from '../settings/settings.ts';
import type { Invites } from './invites.ts';
import type { Members } from './members.ts';
import { commitmentOf, words } from './words.ts';

/** A request to pair that waits here. Times in ms since 1970. */
interface Waiting {
  readonly user_code: string;
  readonly address: string;
  readonly request: PairRequest;
  /** Ours, hex: made after the host committed itself to its own. */
  readonly nonce: string;
  readonly created_at: number;
  /** That it came with: it pairs under this one's name. */
  readonly invite: Invite | null;
  words: string[] | null;
}

/** Who an admin, or an invite, let in. */
export type Approved = Pick<PairRequest, 'public_key'> & { id: string; name: string };

/** The words that an admin compared, and another name than the host's own. */
export interface Approval {
  words: readonly string[];
  name?: string | undefined;
}

/**
 * The requests to pair, as this home host has them: what an admin is shown comes from here, and not from the edge. They are kept in memory:
 * a restart drops them, and their hosts ask again.
 */
export class Pairings {
  readonly #identity: Pick<Identity, 'publicKey'>;
  readonly #settings: Pick<Settings, 'instance_id' | 'host_name'>;
  readonly #members: Pick<Members, 'get'>;
  readonly #invites: Pick<Invites, 'check' | 'use'>;
  readonly #now: () => number;
  /** By user code, oldest first. */
  readonly #waiting = new Map<string, Waiting>();
  /** By user code, oldest first: so that a code that is used up is not taken for one that was mistyped. */
  readonly #over = new Map<string, PairingOutcome>();

  constructor(parts: {
    identity: Pick<Identity, 'publicKey'>;
    settings: Pick<Settings, 'instance_id' | 'host_name'>;
    members: Pick<Members, 'get'>;
    invites: Pick<Invites, 'check' | 'use'>;
    now?: () => number;
  }) {
    this.#identity = parts.identity;
    this.#settings = parts.settings;
    this.#members = parts.members;
    this.#invites = parts.invites;
    this.#now = parts.now ?? Date.now;
  }

  /**
   * A host asks, through the edge. @returns what it is told of this home host.
   * @throws ToruError access_denied when it did not sign what is said of it, or for its invite; conflict for this host's own id, or by an
   * invite for a member's, or a request that somebody sends again; too_many_requests.
   */
  begin({ user_code, address, origin, request }: LinkPair): HomeFacts {
    const now = this.#now();
    for (const [code, { created_at }] of this.#waiting) if (now - created_at >= PAIR_LIFE_S * 1000) this.#drop(code, 'expired');
    const { host, public_key, signature, invite } = request;
    const statement = pairStatement(request, origin);
    if (!verifyWith(fromBase64Url(public_key), purposed('pair', statement), fromBase64Url(signature)))
      throw new ToruError('access_denied', 'The request was not signed by the host that it names, for this address.');
    if (host === this.#settings.instance_id)
      throw new ToruError(
        'conflict',
        'That is the home host itself, or a copy of its TORU_HOME. Start the other machine with a fresh TORU_HOME.',
      );
    // Only who has its key takes a request back: anybody may name another's id, or send again what it read on its way.
    const own = [...this.#waiting.values()].filter(({ request: of }) => of.host === host && of.public_key === public_key);
    if (own.some((waiting) => waiting.request.nonce === request.nonce && waiting.address !== address))
      throw new ToruError('conflict', 'The same request came before, from another address. If it was yours, start again: toru up');
    for (const waiting of own) this.#drop(waiting.user_code, 'replaced');
    if (this.#waiting.size >= MAX_PAIRINGS || this.#waiting.has(user_code))
      throw new ToruError('too_many_requests', 'Too many hosts wait to be paired. Approve or deny them, or wait ten minutes.');
    const checked = invite === undefined ? null : this.#invites.check(invite, statement);
    if (checked !== null) this.#requireOwnId(request);
    const nonce = randomBytes(32).toString('hex');
    this.#waiting.set(user_code, { user_code, address, request, nonce, created_at: now, invite: checked, words: null });
    return { host: this.#settings.instance_id, name: this.#settings.host_name, public_key: this.#key, nonce };
  }

  /**
   * The host revealed its nonce: the words are known. @param admit makes the host of an invite a member at once.
   * @throws ToruError expired_token, access_denied when it is not what the host committed itself to; what `admit` throws.
   */
  reveal(user_code: string, secret: string, admit: (host: Approved) => unknown): void {
    const waiting = this.#known(user_code);
    const { request, nonce, invite } = waiting;
    if (commitmentOf(secret) !== request.nonce) {
      this.#drop(user_code, 'denied');
      throw new ToruError('access_denied', 'The host did not keep to the number that it began with. Start again: toru up');
    }
    waiting.words ??= words(this.#key, request.public_key, secret, nonce);
    if (invite === null) return;
    this.#requireOwnId(request);
    this.#invites.use(invite);
    this.#take(waiting, invite.name, admit);
  }

  /** Oldest first. */
  list(): Pairing[] {
    const now = this.#now();
    return [...this.#waiting.values()]
      .filter(({ created_at, invite }) => now - created_at < PAIR_LIFE_S * 1000 && invite === null)
      .map(({ user_code, address, request, created_at, words: seen }) => ({
        user_code,
        host: request.host,
        name: request.name,
        os_user: request.os_user,
        platform: request.platform,
        version: request.version,
        address,
        words: seen,
        replaces: this.#members.get(request.host)?.name ?? null,
        created_at: new Date(created_at).toISOString(),
        expires_at: new Date(created_at + PAIR_LIFE_S * 1000).toISOString(),
      }));
  }

  /**
   * @param admit makes it a member. @throws ToruError expired_token, conflict when these are not its words; what `admit` throws.
   */
  approve<T>(user_code: string, { words: seen, name }: Approval, admit: (host: Approved) => T): T {
    const waiting = this.#known(user_code);
    if (waiting.words === null) throw new ToruError('conflict', 'The host has not shown its words yet. Wait some seconds.');
    if (waiting.words.join(' ') !== seen.join(' ').toLowerCase())
      throw new ToruError(
        'conflict',
        'Those are not the words of this request: another host may ask under this code. Look again, or deny it.',
      );
    return this.#take(waiting, name ?? waiting.request.name, admit);
  }

  /** @throws ToruError expired_token. */
  deny(user_code: string): { name: string; host: string } {
    const { name, host } = this.#known(user_code).request;
    this.#drop(user_code, 'denied');
    return { name, host };
  }

  /** Its host asks no longer. */
  withdraw(user_code: string): void {
    this.#drop(user_code, 'expired');
  }

  /** @returns `unknown` for a code that was mistyped, or is long gone. */
  outcome(user_code: string): PairingOutcome {
    const waiting = this.#waiting.get(user_code);
    if (waiting === undefined) return this.#over.get(user_code) ?? { outcome: 'unknown', name: null, host: null };
    const outcome = this.#now() - waiting.created_at < PAIR_LIFE_S * 1000 ? 'waiting' : 'expired';
    return { outcome, name: waiting.request.name, host: null };
  }

  /** It waits no longer, and is remembered for a while. */
  #drop(user_code: string, outcome: PairingOutcome['outcome'], name?: string): void {
    const request = this.#waiting.get(user_code)?.request;
    if (request === undefined) return;
    this.#waiting.delete(user_code);
    this.#over.set(user_code, { outcome, name: name ?? request.name, host: outcome === 'approved' ? request.host : null });
    const [oldest] = this.#over.keys();
    if (this.#over.size > MAX_PAIRING_OUTCOMES && oldest !== undefined) this.#over.delete(oldest);
  }

  get #key(): string {
    return toBase64Url(this.#identity.publicKey);
  }

  /** An invite lets a host in. That a member has another key from now on, with all that waits for it, only the words say. @throws ToruError conflict. */
  #requireOwnId({ host, public_key }: PairRequest): void {
    const member = this.#members.get(host);
    if (member === null || member.public_key === public_key) return;
    throw new ToruError(
      'conflict',
      `“${member.name}” is a member under this id, with another key. Pair without the token, by the four words; or take it out first: toru hosts revoke`,
    );
  }

  /** Once it is admitted it waits no longer. Under a name that another host has, it waits on for a better one. */
  #take<T>({ user_code, request }: Waiting, name: string, admit: (host: Approved) => T): T {
    const admitted = admit({ id: request.host, name, public_key: request.public_key });
    this.#drop(user_code, 'approved', name);
    return admitted;
  }

  #known(user_code: string): Waiting {
    const waiting = this.#waiting.get(user_code);
    if (waiting === undefined || this.#now() - waiting.created_at >= PAIR_LIFE_S * 1000)
      throw new ToruError(
        'expired_token',
        'No host waits under that code: it was approved, denied, or ran out after ten minutes. Start again on the host: toru up',
      );
    return waiting;
  }
}
