import * as z from 'zod';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import { hostId } from '../../shared/ids.ts';
import type { CertificateClaims, DirectoryClaims, HomeMoveClaims, Membership as MembershipShape } from '../../shared/members.ts';
import { certificateClaims, DIRECTORY_LIFE_MS, directoryClaims, homeMoveClaims } from '../../shared/members.ts';
import { publicKey, signedToken } from '../../shared/signed.ts';
import type { Identity } from '../link/identity.ts';
import { openStatement } from '../link/signed-statement.ts';
import { StartError } from '../start-error.ts';
import type { Issuer } from '../users/issuer.ts';
import type { HostFacts } from './facts.ts';

/** The home host, as it was established at the pairing: by four words that people compared, or by the token of an invite. */
const home = z.object({ host: hostId, name: z.string(), public_key: publicKey });
export type Home = z.infer<typeof home>;

const kept = z.object({ home, certificate: signedToken, directory: signedToken });
const FACT = 'membership';
const DAMAGED =
  'What this host keeps of its home host is not for its key: agent.key was replaced, or the home restored on another machine. Pair it again: toru up URL';

/** What a member keeps, opened: every part of it signed by its home host. */
interface Opened {
  home: Home;
  homeKey: Uint8Array;
  certificate: CertificateClaims;
  directory: DirectoryClaims;
  ended: ReadonlySet<string>;
  /** As it came. */
  signed: { certificate: string; directory: string };
}

/** What the home host signed, as an edge carries it: none of it is believed yet. Its moves oldest first. */
export interface SignedNews {
  directory: string;
  certificate: string;
  moves: readonly string[];
  /** The home host's key, as the edge has it. */
  key?: string | undefined;
}

/**
 * What this host is to an installation, where it is a member: who its home host is, and the newest directory that it signed. What anybody
 * else says of either, the edge included, changes nothing.
 */
export class Membership {
  readonly #facts: HostFacts;
  readonly #identity: Pick<Identity, 'publicKey'>;
  readonly #host: string;
  readonly #now: () => number;
  #opened: Opened | null = null;
  /** What says that it is the home host now, by a key to which no move leads: nothing of it counts before a word of consent. */
  #candidate: Opened | null = null;
  #damaged = false;

  constructor(facts: HostFacts, identity: Pick<Identity, 'publicKey'>, host: string, now: () => number = Date.now) {
    this.#facts = facts;
    this.#identity = identity;
    this.#host = host;
    this.#now = now;
    this.reload();
  }

  /** Asked before anybody is served: as nobody's member, this host would take its own users for those of an installation. @throws StartError */
  requireWhole(): void {
    if (this.#damaged) throw new StartError(DAMAGED);
  }

  /** What is kept is not for this host's key: as after a restore from a member's snapshot. */
  get damaged(): boolean {
    return this.#damaged;
  }

  /** Null where this host is nobody's member. */
  get home(): Home | null {
    return this.#opened?.home ?? null;
  }

  get directory(): DirectoryClaims | null {
    return this.#opened?.directory ?? null;
  }

  /** Whose grants count on this host; null: its own. */
  get issuer(): Issuer | null {
    const opened = this.#opened;
    if (opened === null) return null;
    return {
      host: opened.home.host,
      publicKey: opened.homeKey,
      installation: opened.certificate.ins,
      problem: this.#problem(opened),
      foreign: this.#candidate === null ? null : waitsForConsent(opened.home.name, this.#candidate.home.name),
      ended: (sid) => opened.ended.has(sid),
    };
  }

  /**
   * Becomes a member. @param given the home host whose key people compared, and what it signed.
   * @throws ToruError access_denied when it signed no such thing for this host's key.
   */
  join(given: z.infer<typeof kept>): void {
    const opened = this.#open(given);
    if (opened === null || opened.certificate.by !== given.home.host)
      throw new ToruError(
        'access_denied',
        'The certificate is not for this host, or was not signed by the home host whose words were compared. Nothing was changed. Do not try again before you know who answers at that address.',
      );
    const before = this.#opened;
    // Paired again with the same home host: an edge that kept its newer words back shall not win by that.
    if (before?.home.public_key === given.home.public_key && opened.directory.seq < before.directory.seq)
      throw new ToruError(
        'access_denied',
        'The edge gave an older directory than this host has. Nothing was changed. Start the home host, and try again.',
      );
    this.#facts.set(FACT, given);
    this.#opened = opened;
    this.#candidate = null;
    this.#damaged = false;
  }

  /** Is nobody's member any more. */
  leave(): void {
    this.#facts.remove(FACT);
    this.#opened = null;
    this.#candidate = null;
    this.#damaged = false;
  }

  /**
   * What an edge carries from the home host. A home host that has a new key is followed when the key that we know signed it, and each key
   * after it the next; what it signed for us has to be signed again by then.
   * @returns the directory when it is the home host's and newer than the one that we have; null when nothing changed.
   */
  take(news: SignedNews): DirectoryClaims | null {
    const before = this.#opened;
    // Before any signature is looked at: an edge that gives out old directories over and over costs next to nothing.
    if (before === null || numberIn(news.directory) <= before.directory.seq) return null;
    const to = this.#after(before, news.moves).home;
    const moved = to.public_key !== before.home.public_key;
    const found = this.#facts.get(FACT, kept);
    if (found === null) return null;
    // A newer certificate has a newer name. One that is not for us changes nothing, unless the key that signed ours is gone.
    const newer = this.#open({ home: to, certificate: news.certificate, directory: news.directory });
    const opened = newer ?? (moved ? null : this.#open({ ...found, directory: news.directory }));
    if (opened === null) this.#candidate = this.#candidateIn(news, before) ?? this.#candidate;
    if (opened === null || opened.certificate.ins !== before.certificate.ins || opened.directory.seq <= before.directory.seq) return null;
    this.#candidate = null;
    const name = opened.directory.hosts.find(({ id }) => id === to.host)?.name ?? to.name;
    this.#opened = { ...opened, home: { ...to, name } };
    this.#facts.set(FACT, {
      home: this.#opened.home,
      certificate: newer === null ? found.certificate : news.certificate,
      directory: news.directory,
    });
    return opened.directory;
  }

  /**
   * Where these moves lead from the home host that we know. @returns null where they lead nowhere; `from` is the key that signed the last
   * step, `seq` its number.
   */
  successor(moves: readonly string[]): { home: Home; from: string; seq: number } | null {
    const { home: to, last } = this.#opened === null ? { home: null, last: null } : this.#after(this.#opened, moves);
    return to === null || last === null ? null : { home: to, from: last.old_key, seq: last.seq };
  }

  /** Who says that it is the home host now, where this host has to be asked whether it believes so. */
  get candidate(): Home | null {
    return this.#candidate?.home ?? null;
  }

  /** It is believed. @param home the candidate whose words somebody compared. @returns its directory; null where it is the candidate no more. */
  trust(home: Home): DirectoryClaims | null {
    const candidate = this.#candidate;
    if (candidate === null || candidate.home.public_key !== home.public_key) return null;
    this.#facts.set(FACT, { home: candidate.home, ...candidate.signed });
    this.#opened = candidate;
    this.#candidate = null;
    return candidate.directory;
  }

  /** As it is kept: for a change that was taken back with its transaction. */
  reload(): void {
    const found = this.#facts.get(FACT, kept);
    this.#opened = found === null ? null : this.#open(found);
    this.#candidate = null;
    this.#damaged = found !== null && this.#opened === null;
  }

  /** For `toru status` and the page. @param members of this host, where it is a home host. */
  shown(members: number): MembershipShape {
    const opened = this.#opened;
    if (opened === null) return { kind: 'home', members };
    const { directory } = opened;
    return {
      kind: 'member',
      name: this.#entry(opened)?.name ?? opened.certificate.name,
      home: opened.home,
      candidate: this.candidate,
      directory: { seq: directory.seq, signed_at: new Date(directory.iat * 1000).toISOString(), stale: this.#stale(directory) },
      revoked: this.#entry(opened) === undefined,
    };
  }

  #problem(opened: Opened): ToruError | null {
    const { name } = opened.home;
    if (this.#entry(opened) === undefined)
      return new ToruError('membership_over', `${name}, the home host, took this host out of its installation. Pair it again: toru up`);
    if (this.#stale(opened.directory))
      return new ToruError(
        'membership_over',
        `This host has heard nothing of ${name}, its home host, for a week, and serves nobody until it does. Start ${name}, or use the command toru on this machine.`,
      );
    return null;
  }

  /** A home host that was recovered, as the edge has it: with what it signed for this host, newer than what we have. */
  #candidateIn({ key, certificate, directory }: SignedNews, before: Opened): Opened | null {
    if (key === undefined || key === before.home.public_key) return null;
    const listed = openStatement(directory, 'directory', fromBase64Url(key), directoryClaims);
    const [first] = listed?.hosts ?? [];
    if (first?.key !== key) return null;
    const opened = this.#open({ home: { host: first.id, name: first.name.slice(0, 80), public_key: key }, certificate, directory });
    const isNewer = opened !== null && opened.directory.seq > before.directory.seq;
    return isNewer && opened.certificate.ins === before.certificate.ins && opened.certificate.by === first.id ? opened : null;
  }

  /** This host, as the directory names it: under its own key. */
  #entry({ directory }: Opened): DirectoryClaims['hosts'][number] | undefined {
    const key = toBase64Url(this.#identity.publicKey);
    return directory.hosts.find((host) => host.id === this.#host && host.key === key);
  }

  #after(opened: Opened, moves: readonly string[]): { home: Home; last: HomeMoveClaims | null } {
    let at: { home: Home; last: HomeMoveClaims | null } = { home: opened.home, last: null };
    for (const move of moves) at = followed(at.home, move, opened) ?? at;
    return at;
  }

  #stale(directory: DirectoryClaims): boolean {
    return this.#now() - directory.iat * 1000 > DIRECTORY_LIFE_MS;
  }

  /** Null when it does not hold together: another key than the home host's signed, or it is another host's. */
  #open({ home: of, certificate: certified, directory: listed }: z.infer<typeof kept>): Opened | null {
    const homeKey = fromBase64Url(of.public_key);
    const certificate = openStatement(certified, 'host', homeKey, certificateClaims);
    const directory = openStatement(listed, 'directory', homeKey, directoryClaims);
    if (certificate === null || directory === null || directory.ins !== certificate.ins) return null;
    if (certificate.host !== this.#host || certificate.key !== toBase64Url(this.#identity.publicKey)) return null;
    return {
      home: of,
      homeKey,
      certificate,
      directory,
      ended: new Set(directory.ended_sids),
      signed: { certificate: certified, directory: listed },
    };
  }
}

/** The number that a directory says it has, which nobody has checked; infinite where it can't be read at a glance. */
function numberIn(directory: string): number {
  const [, seq = ''] = /^\{"v":1,"seq":(\d{1,15}),/.exec(Buffer.from(directory.slice(0, 80), 'base64url').toString('latin1')) ?? [];
  return seq === '' ? Number.POSITIVE_INFINITY : Number(seq);
}

/** The home host after this move; null when the move is none of its own, or older than what we know of it. */
function followed(from: Home, move: string, { certificate, directory }: Opened): { home: Home; last: HomeMoveClaims } | null {
  const claims = openStatement(move, 'home', fromBase64Url(from.public_key), homeMoveClaims);
  if (claims === null || claims.ins !== certificate.ins || claims.old_key !== from.public_key || claims.seq <= directory.seq) return null;
  return { home: { ...from, host: claims.new_host, public_key: claims.new_key }, last: claims };
}

function waitsForConsent(known: string, candidate: string): ToruError {
  return new ToruError(
    'membership_over',
    `“${candidate}” says that it is the home host now, in the place of “${known}”, and this host asks for a word of consent. If you recovered it, type on this host’s console: toru trust, and the words that “toru hosts” shows on “${candidate}”.`,
  );
}
