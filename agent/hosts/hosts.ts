import { toBase64Url } from '../../shared/encoding.ts';
import { ToruError } from '../../shared/errors.ts';
import type { HandoverOffer, HomeMoved } from '../../shared/handover.ts';
import type { AgentControl, EdgeControl } from '../../shared/link-protocol.ts';
import type { DirectoryClaims, Member, MemberPresence, Membership as MembershipShape, MemberWords } from '../../shared/members.ts';
import type { HomeFacts, Invite, InviteCreate, LinkPair, MadeInvite, Pairing, PairingOutcome } from '../../shared/pairing.ts';
import type { Role } from '../../shared/users.ts';
import type { Audit } from '../audit/audit.ts';
import type { Identity } from '../link/identity.ts';
import type { Log } from '../logger.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import type { Grants } from '../users/grants.ts';
import type { Users } from '../users/users.ts';
import { afterNewKey } from './after-new-key.ts';
import { applyDirectory } from './apply-directory.ts';
import { Directory } from './directory.ts';
import type { HostFacts } from './facts.ts';
import { HandOver } from './hand-over.ts';
import { HomeMoves } from './home-moves.ts';
import { Invites } from './invites.ts';
import { MemberCalls } from './member-calls.ts';
import { Members } from './members.ts';
import type { Membership, SignedNews } from './membership.ts';
import type { Approval, Approved } from './pairings.ts';
import { Pairings } from './pairings.ts';
import { Recovery } from './recovery.ts';
import { TakeOver } from './take-over.ts';
import { trustWords } from './words.ts';

/** Members hear of a change after so long, together with what else changes until then. */
const GATHER_MS = 100;
/** So long is waited for an edge that takes note of a move. */
const HEARD_MS = 10_000;
/** So often a directory that nothing changed is looked at: is it due to be signed again? */
const LOOK_EVERY_MS = 3_600_000;

interface HostsOptions {
  db: Database;
  facts: HostFacts;
  membership: Membership;
  identity: Identity;
  settings: Settings;
  users: Users;
  grants: Grants;
  audit: Audit;
  log: Pick<Log, 'info' | 'warn'>;
  /** Is the link up? */
  linked: () => boolean;
  /** Where people open the page; null where nobody said. */
  page_origin: string | null;
}

/**
 * The hosts of an installation. On its home host: who asks to become a member, who is one, and what they are told. On a member: what the
 * home host says is taken over.
 */
export class Hosts {
  readonly #o: HostsOptions;
  readonly #members: Members;
  readonly #invites: Invites;
  readonly #moves: HomeMoves;
  readonly #pairings: Pairings;
  readonly #directory: Directory;
  readonly #handOver: HandOver;
  readonly #takeOver: TakeOver;
  readonly #calls: MemberCalls;
  readonly #recovery: Recovery;
  readonly #listeners = new Set<(message: AgentControl) => void>();
  readonly #stops: (() => unknown)[];
  #gathering: NodeJS.Timeout | null = null;
  /** What the edge heard last, as JSON. */
  #said = '';

  constructor(options: HostsOptions) {
    this.#o = options;
    const { db, identity, settings, users, grants } = options;
    this.#members = new Members(options);
    this.#invites = new Invites(db, identity);
    this.#moves = new HomeMoves(options);
    this.#pairings = new Pairings({ identity, settings, members: this.#members, invites: this.#invites });
    const parts = { ...options, members: this.#members, moves: this.#moves };
    this.#directory = new Directory({ ...parts, users, grants });
    this.#handOver = new HandOver(parts);
    this.#takeOver = new TakeOver(parts);
    this.#recovery = new Recovery(options);
    this.#calls = new MemberCalls({ say: (message) => this.#say(message), linked: options.linked });
    const looking = setInterval(() => this.#changed(), LOOK_EVERY_MS).unref();
    this.#stops = [
      grants.onWritten(() => this.#changed()),
      settings.onChange(() => this.#changed()),
      () => clearInterval(looking),
      () => clearTimeout(this.#gathering ?? undefined),
    ];
  }

  close(): void {
    for (const stop of this.#stops) stop();
  }

  get membership(): MembershipShape {
    const { membership, page_origin: page } = this.#o;
    return { ...membership.shown(this.#members.list().length), ...(page === null ? {} : { page }) };
  }

  // On the home host

  members(): Member[] {
    this.#mustBeHome();
    return this.#members.list();
  }

  pairings(): Pairing[] {
    this.#mustBeHome();
    return this.#pairings.list();
  }

  /** @throws ToruError not_home. */
  pairingOutcome(user_code: string): PairingOutcome {
    this.#mustBeHome();
    return this.#pairings.outcome(user_code);
  }

  invites(): Invite[] {
    this.#mustBeHome();
    return this.#invites.list();
  }

  /** At the edge's request: nobody is known yet. @throws ToruError as Pairings.begin; not_home. */
  pair(asked: LinkPair): HomeFacts {
    this.#mustBeHome();
    const facts = this.#pairings.begin(asked);
    const { host, name, os_user, platform } = asked.request;
    this.#o.log.info({ host, name, os_user, platform, address: asked.address }, 'a host asks to be paired');
    return facts;
  }

  /** Its host asks no longer. */
  pairWithdrawn(user_code: string): void {
    this.#pairings.withdraw(user_code);
  }

  /** At the edge's request. @throws ToruError as Pairings.reveal; not_home. */
  pairSecret(user_code: string, secret: string): void {
    this.#mustBeHome();
    // An invite whose name is taken is not used up.
    const reveal = (): void => this.#pairings.reveal(user_code, secret, (host) => this.#admit(user_code, host, null, 'an invite'));
    this.#o.db.transaction(reveal)();
  }

  /** @throws ToruError as Pairings.approve and Members.admit; not_home. */
  approve(caller: Caller, user_code: string, approval: Approval): Member {
    this.#mustBeHome();
    return this.#pairings.approve(user_code, approval, (host) => this.#admit(user_code, host, caller, 'words'));
  }

  /** @throws ToruError expired_token, not_home. */
  deny(caller: Caller, user_code: string): void {
    this.#mustBeHome();
    const { name, host } = this.#pairings.deny(user_code);
    this.#o.audit.record({ event: 'host.deny', caller, target: name, outcome: 'ok', detail: { host } });
    this.#say({ type: 'pairing', user_code, outcome: 'denied' });
  }

  /** @throws ToruError unknown_host, conflict, not_home. */
  change(
    caller: Caller,
    host: string,
    { name, roles }: { name?: string | undefined; roles?: Readonly<Record<string, Role>> | undefined },
  ): Member {
    this.#mustBeHome();
    const before = this.#known(host);
    if (roles !== undefined) {
      const stranger = Object.keys(roles).find((id) => this.#o.users.get(id) === null);
      if (stranger !== undefined) throw new ToruError('unknown_user', 'There is no such user. The list may have changed: load it again.');
      this.#members.setRoles(host, roles);
    }
    if (name !== undefined && name !== before.name) this.#members.admit({ id: host, name, public_key: before.public_key });
    const after = this.#known(host);
    const detail = { host, ...(name === undefined ? {} : { from: before.name }), ...(roles === undefined ? {} : { roles }) };
    this.#o.audit.record({ event: 'host.change', caller, target: after.name, outcome: 'ok', detail });
    this.#tell();
    return after;
  }

  /** The host is a member no longer: its link is closed at once, and nothing is signed for it any more. @throws ToruError unknown_host, not_home. */
  revoke(caller: Caller, host: string): void {
    this.#mustBeHome();
    const { name } = this.#members.remove(host);
    this.#o.audit.record({ event: 'host.revoke', caller, target: name, outcome: 'ok', detail: { host } });
    this.#tell();
  }

  /** @throws ToruError quota_exceeded, not_home, conflict for a name that a host has. */
  invite(caller: Caller, wanted: InviteCreate): MadeInvite {
    this.#mustBeHome();
    this.#members.requireFree(wanted.name, null);
    const made = this.#invites.make(wanted);
    this.#o.audit.record({
      event: 'host.invite',
      caller,
      target: made.name,
      outcome: 'ok',
      detail: { id: made.id, until: made.expires_at },
    });
    return made;
  }

  /** @throws ToruError not_found, not_home. */
  removeInvite(caller: Caller, id: string): void {
    this.#mustBeHome();
    const { name } = this.#invites.remove(id);
    this.#o.audit.record({ event: 'host.invite', caller, target: name, outcome: 'ok', detail: { id, removed: true } });
  }

  /** At the edge's request: a session wants to use a member. @throws ToruError as Grants.renew; unknown_host, not_home. */
  memberGrant(grant: string, host: string): { grant: string; expires_at: number } {
    this.#mustBeHome();
    this.#known(host);
    return this.#o.grants.forMember(grant, { host, life_ms: this.#o.settings.grant_minutes * 60_000 });
  }

  /**
   * Makes a member the home host, and this host its member. Everybody is signed out.
   * @returns who it is now; again where it is so already. @throws ToruError forbidden but at the local socket; as HandOver.to and
   * MemberCalls.ask; not_home.
   */
  async moveHome(caller: Caller, host: string): Promise<HomeMoved> {
    if (caller.via !== 'local') throw new ToruError('forbidden', 'The home host is moved on the home host itself: toru home move HOST');
    const { membership, grants, audit, log } = this.#o;
    if (membership.home?.host !== host) {
      this.#mustBeHome();
      const named = this.#members.get(host)?.name ?? host;
      const ask = (offer: HandoverOffer | null): Promise<unknown> => this.#calls.ask({ id: host, name: named }, offer);
      const { id, name } = await this.#handOver.to(host, ask, () => grants.revokeAll());
      const { directory } = membership;
      if (directory !== null) this.#follow(directory);
      audit.record({ event: 'home.move', caller, target: name, outcome: 'ok', detail: { host: id } });
      log.info({ host: id, name }, 'another host is the home host now');
    }
    const heard = await this.#sayParting();
    return { host, name: membership.home?.name ?? host, heard };
  }

  /** Which members are there at this moment. @throws ToruError as MemberCalls.presence; not_home. */
  async presence(): Promise<MemberPresence[]> {
    this.#mustBeHome();
    return this.#members.list().length === 0 ? [] : this.#calls.presence();
  }

  /** By which words each member believes this home host, after a recovery. @throws ToruError forbidden but at the local socket; not_home. */
  memberWords(caller: Caller): Promise<MemberWords[]> {
    // A page would show them through the edge, which could show others.
    if (caller.via !== 'local') throw new ToruError('forbidden', 'The words are shown on the home host itself: toru hosts');
    this.#mustBeHome();
    return this.#recovery.words();
  }

  /** This host has a new key. */
  keyRotated(old: Pick<Identity, 'publicKey' | 'sign'>): void {
    afterNewKey(this.#o, old);
    this.#tell();
  }

  // On a member

  /** At the agent's start: the users are those of the directory that this host has, also of one that it got at its pairing. */
  follow(): void {
    const { directory } = this.#o.membership;
    if (directory !== null) this.#follow(directory);
  }

  /**
   * Somebody on this host's console believes the host that says it is the home host now. @param typed the four words that it shows there.
   * @throws ToruError forbidden but at the local socket; conflict where nothing is to be believed, or by other words.
   */
  async trust(caller: Caller, typed: readonly string[]): Promise<MembershipShape> {
    if (caller.via !== 'local') throw new ToruError('forbidden', 'That is decided on the host itself: toru trust WORDS');
    const { membership, identity, grants, audit, log } = this.#o;
    const { home, candidate, issuer } = membership;
    if (home === null || issuer === null)
      throw new ToruError('conflict', 'This host is a home host itself, and follows no other one. Type it on its members.');
    if (candidate === null)
      throw new ToruError(
        'conflict',
        `There is nothing to decide: this host follows “${home.name}”, and no other host says that it is the home host. After a recovery the edge tells it so: is this host linked? (toru status)`,
      );
    const expected = await trustWords(candidate.public_key, toBase64Url(identity.publicKey), issuer.installation);
    const known = { host: candidate.host, key: candidate.public_key };
    const entry = { event: 'host.trust', caller, target: candidate.name, detail: known };
    if (expected.join(' ') !== typed.join(' ').toLowerCase()) {
      audit.record({ ...entry, outcome: 'refused' });
      throw new ToruError(
        'conflict',
        `Those are not the words of “${candidate.name}” and this host. Look again on the console of the host that you recovered: toru hosts. If they are the same there, somebody else’s host asks here: look who runs the edge. Nothing was changed.`,
      );
    }
    const directory = membership.trust(candidate);
    if (directory === null)
      throw new ToruError('conflict', 'Meanwhile another host says that it is the home host. Nothing was changed. Type it again.');
    // They were the lost home host's word.
    grants.revokeAll();
    this.#follow(directory);
    audit.record({ ...entry, outcome: 'ok' });
    log.info(known, 'another home host is followed from now on, by the words that were typed here');
    return this.membership;
  }

  /** The newest directory, as an edge gives it. One that the home host did not sign, or an older one, changes nothing. */
  takeDirectory(news: SignedNews): void {
    const { membership, log } = this.#o;
    const before = membership.candidate?.public_key;
    const directory = membership.take(news);
    const { candidate } = membership;
    if (candidate !== null && candidate.public_key !== before)
      log.warn(
        { host: candidate.host, name: candidate.name, key: candidate.public_key },
        'another host says that it is the home host now: if it was recovered, type here “toru trust” and the words that “toru hosts” shows there',
      );
    // The edge speaks for the home host that this one handed over to.
    if (directory !== null || this.#handOver.parting?.directory === news.directory) this.#handOver.heard();
    if (directory === null) return;
    this.#takeOver.drop(directory);
    this.#follow(directory);
    const { problem } = membership.issuer ?? { problem: null };
    log.info(
      { seq: directory.seq, users: directory.users.length, problem: problem?.message ?? null },
      'the home host’s directory was taken over',
    );
  }

  /** At the edge's request, for the home host: null asks for a key. @throws ToruError access_denied. */
  handover(offer: HandoverOffer | null): object {
    return offer === null ? this.#takeOver.newKey() : this.#takeOver.keep(offer);
  }

  /** The edge says that the home host handed over to this one: it did, where its own moves say so. */
  takeHome(moves: readonly string[]): void {
    const { audit, log } = this.#o;
    const before = this.#takeOver.begin(moves);
    if (before === null) return;
    audit.record({ event: 'home.take', caller: null, target: before.name, outcome: 'ok', detail: { host: before.host } });
    log.info({ from: before.host, name: before.name }, 'this host is the home host now');
    this.#tell();
  }

  // With the edge

  /** What a member answered to a handover. */
  memberAnswered(answered: Extract<EdgeControl, { type: 'handover' }>): void {
    this.#calls.answered(answered);
  }

  /** Which members are there. */
  presenceIs(answer: Extract<EdgeControl, { type: 'presence' }>): void {
    this.#calls.presenceIs(answer);
  }

  /** What is said at each link: the edge may have missed it. */
  atLink(): AgentControl[] {
    const { membership } = this.#o;
    const { parting } = this.#handOver;
    if (membership.home !== null && parting !== null) return [parting];
    const moves = this.#moves.list();
    if (membership.home !== null || !(this.#directory.exists || this.#members.list().length > 0 || moves.length > 0)) return [];
    const directory = this.#directory.signed();
    const messages: AgentControl[] = directory === null ? [] : [{ type: 'members', members: this.#members.linked(), directory, moves }];
    this.#said = JSON.stringify(messages);
    return messages;
  }

  /** Calls back with what the edge has to hear. @returns how to stop that. */
  onSay(listener: (message: AgentControl) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns whether the edge has heard that another host is the home host; it hears it at the next link otherwise. */
  async #sayParting(): Promise<boolean> {
    const { parting } = this.#handOver;
    if (parting !== null) this.#say(parting);
    return this.#handOver.untilHeard(HEARD_MS);
  }

  #admit(user_code: string, approved: Approved, caller: Caller | null, by: string): Member {
    const member = this.#members.admit(approved);
    this.#o.audit.record({
      event: 'host.pair',
      caller,
      target: member.name,
      outcome: 'ok',
      detail: { host: member.id, key: member.public_key, by },
    });
    this.#tell();
    this.#say({ type: 'pairing', user_code, outcome: 'approved' });
    return member;
  }

  #follow(directory: DirectoryClaims): void {
    const { membership, db, grants, settings } = this.#o;
    applyDirectory({ db, grants }, directory, settings.instance_id, Date.now());
    if (membership.issuer?.problem != null) grants.revokeAll();
    // What this host tells of itself, such as to a phone, has the name by which it is known there.
    const name = directory.hosts.find(({ id }) => id === settings.instance_id)?.name;
    if (name !== undefined && name !== settings.host_name) settings.set({ host_name: name });
  }

  #changed(): void {
    this.#gathering ??= setTimeout(() => {
      this.#gathering = null;
      if (this.#directory.exists && this.#o.membership.home === null) this.#tell();
    }, GATHER_MS).unref();
  }

  #tell(): void {
    const before = this.#said;
    const messages = this.atLink();
    // Sessions are written to all day long, by whoever uses one: only what changes something is rows at the edge, and news for every member.
    if (this.#said !== before) for (const message of messages) this.#say(message);
  }

  #say(message: AgentControl): void {
    for (const listener of this.#listeners) listener(message);
  }

  #known(host: string): Member {
    const member = this.#members.get(host);
    if (member === null) throw new ToruError('unknown_host', 'There is no such member. The list may have changed: load it again.');
    return member;
  }

  #mustBeHome(): void {
    const { home } = this.#o.membership;
    if (home !== null)
      throw new ToruError('not_home', `This host is a member: hosts are managed on ${home.name}, its home host. Go there.`);
  }
}
