import { DurableObject } from 'cloudflare:workers';
import type { ClaimAnswer } from '../../shared/claim.ts';
import { randomHex, sha256Hex } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import type { HandoverOffer } from '../../shared/handover.ts';
import type { EdgeControl } from '../../shared/link-protocol.ts';
import { linkStatement } from '../../shared/link-protocol.ts';
import type { MemberPresence } from '../../shared/members.ts';
import type { PairTokenAnswer } from '../../shared/pairing.ts';
import type { RecoveryAnswer } from '../../shared/recovery.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import type { Role } from '../../shared/users.ts';
import type { Env } from '../env.ts';
import { hostOf } from '../env.ts';
import type { HomeMessage } from '../host/agent-messages.ts';
import type { HostReport } from '../host/host-report.ts';
import { seenBy } from '../host/host-report.ts';
import { migrate } from '../migrate.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import { ACCOUNT_MIGRATIONS } from './account-migrations.ts';
import { LoginAttempts } from './attempts.ts';
import type { Claim } from './claims.ts';
import { Claims } from './claims.ts';
import { Devices } from './devices.ts';
import { Dials } from './dials.ts';
import { EdgeKey } from './edge-key.ts';
import { afterMoves } from './home-moves.ts';
import { HostReports } from './host-reports.ts';
import type { BoundHost, HostRecord } from './known-hosts.ts';
import { Hosts } from './known-hosts.ts';
import type { OpenPairing, PairingState } from './pairings.ts';
import { Pairings } from './pairings.ts';
import type { Granted, SessionRecord } from './session-rows.ts';
import { heldGrant, Sessions } from './session-rows.ts';
import { shownHost } from './shown-host.ts';
import type { Attempt } from './throttle.ts';
import { accountKey } from './throttle.ts';

/** A login on its way through the edge. */
export interface LoginAttempt {
  username: string;
  address: string;
  /** SHA-256 of the device cookie that came with it, if one came. */
  device: string | null;
}

/** By which turn an attempt went to the host; Account gave it out, and gets it back with the outcome. */
export type Turn = Pick<Attempt, 'guess' | 'reserved'>;

/** Under this key: the newest directory that the home host signed. */
const DIRECTORY = 'directory';
/** And the way from each of its keys to the next. */
const MOVES = 'moves';

/** What a member hears of its home host, and a home host of the one before it. */
export type HomeNews = Extract<EdgeControl, { type: 'directory' | 'home' }>;

/** The answer of a host to a login: a session to be. */
export type NewSession = Omit<SessionRecord, 'id' | 'created_at' | 'last_seen_at' | 'member_grants'>;

/** The terms of an agent's socket: whose key opens it, the challenge, and the edge's own proof to a host that dialled as itself. */
export interface LinkTermsAnswer {
  installation: string;
  public_key: string;
  nonce: string;
  dialled: boolean;
  edge?: { key: string; signature: string };
}

/**
 * The one object per installation that knows who is logged in and which hosts there are. Passwords, users and rights are
 * the host's: this object sees a grant that it can neither make nor change.
 */
export class Account extends DurableObject<Env> {
  readonly #installation: string;
  /** Of this life of the object: what stands for a guess can't be computed by anybody else, or later. */
  readonly #secret = crypto.randomUUID();
  readonly #sessions: Sessions;
  readonly #attempts: LoginAttempts;
  readonly #devices: Devices;
  readonly #hosts: Hosts;
  readonly #reports: HostReports;
  readonly #edgeKey: EdgeKey;
  readonly #dials = new Dials();
  readonly #pairings: Pairings;
  readonly #claims: Claims;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    migrate(ctx.storage, ACCOUNT_MIGRATIONS);
    const { kv, sql } = ctx.storage;
    const known = kv.get<string>('installation');
    this.#installation = known ?? crypto.randomUUID();
    if (known === undefined) kv.put('installation', this.#installation);
    this.#sessions = new Sessions(sql);
    this.#attempts = new LoginAttempts(sql, Date.now());
    this.#devices = new Devices(sql);
    const hostKeys = env.HOST_KEYS ?? '';
    this.#claims = new Claims(ctx.storage, env.SETUP_CODE_HASH, hostKeys.trim() !== '');
    this.#hosts = new Hosts(sql, hostKeys, this.#claims.claim);
    this.#reports = new HostReports({
      store: kv,
      ask: (host) => hostOf(env, host).watched(),
      later: (work) => ctx.waitUntil(work),
    });
    this.#pairings = new Pairings(sql);
    this.#edgeKey = new EdgeKey(kv, env.EDGE_KEY);
  }

  hosts(): HostRecord[] {
    return this.#hosts.list();
  }

  /**
   * The terms for the host that dials; null for a host that nobody bound.
   * @param dial what its upgrade request says (LINK_DIAL_HEADER). @param members only they come this way, no host of the binding.
   * @returns clock_skew with `now` when only its time is wrong.
   */
  async linkTerms(host: string, origin: string, dial: string | null, members: boolean): Promise<Result<LinkTermsAnswer> | null> {
    const public_key = this.#hosts.get(host)?.public_key;
    if (public_key === undefined || (members && this.#hosts.certificateOf(host) === null)) return null;
    const now = Date.now();
    const dialled = await this.#dials.judge(dial, { host, origin, public_key }, now);
    if (dialled === 'clock') return refusal('clock_skew', 'The clock of this host is off by more than a minute.', { now });
    const installation = this.#installation;
    const nonce = randomHex(32);
    const facts = { installation, public_key, nonce, dialled: dialled !== null };
    if (dialled === null) return { ok: true, value: facts };
    const statement = linkStatement({ edge_nonce: nonce, ...dialled, origin, installation, host });
    return { ok: true, value: { ...facts, edge: await this.#edgeKey.sign(purposed('edge', statement)) } };
  }

  /** A host is there. @param public_key that it proved. @param report of its object. @returns whether it belongs here by that key; what it has to be told, if it is a member. */
  hostSeen(id: string, name: string, version: string, public_key: string, report: HostReport): { known: boolean; news: HomeNews | null } {
    if (this.#hosts.get(id)?.public_key !== public_key) return { known: false, news: null };
    this.#hosts.seen(id, name, version, Date.now());
    this.#reports.put(id, report);
    if (this.#hosts.isHome(id)) this.#pairings.homeCameBack();
    return { known: true, news: this.#newsFor(id) };
  }

  /** It calls itself otherwise. */
  hostRenamed(id: string, name: string, version: string): void {
    this.#hosts.seen(id, name, version, Date.now());
  }

  /** Its object says what changed. */
  hostReported(id: string, report: HostReport): void {
    if (this.#hosts.get(id) !== null) this.#reports.put(id, report);
  }

  installation(): string {
    return this.#installation;
  }

  /** What a host says that decides for the installation. Of any other host it is worth nothing. */
  async fromHome(host: string, message: HomeMessage): Promise<void> {
    if (!this.#hosts.isHome(host)) return console.warn(`${host} is not the home host, and spoke as if it were.`);
    if (message.type === 'pairing') return this.#pairings.decide(message.user_code, message.outcome);
    const { kv } = this.ctx.storage;
    const { claim } = this.#claims;
    const home = claim === null ? null : await afterMoves(claim, message.moves, this.#installation);
    // In one step with its members: where another host is the home host now, the one before is among them.
    const gone = this.ctx.storage.transactionSync(() => {
      if (home !== null && claim !== null) this.#follow(claim, home);
      // A home host says the same at each of its links: only what is new is a row.
      if (kv.get<string>(DIRECTORY) !== message.directory) kv.put(DIRECTORY, message.directory);
      if (JSON.stringify(kv.get<string[]>(MOVES)) !== JSON.stringify(message.moves)) kv.put(MOVES, message.moves);
      return this.#hosts.setMembers(message.members);
    });
    for (const id of gone) {
      this.#sessions.forgetHost(id);
      this.#reports.forget(id);
    }
    const members = message.members.map(({ id }) => id);
    await Promise.all([
      ...gone.map((id) => hostOf(this.env, id).membershipEnded(this.#hosts.get(id)?.public_key ?? null)),
      ...(home === null || home.id === host ? members : [home.id, ...members]).flatMap((id) => {
        const news = this.#newsFor(id);
        return news === null ? [] : hostOf(this.env, id).homeSaid(news);
      }),
    ]);
  }

  /**
   * The home host hands over to a member, or asks it for a key: what they say to each other is theirs.
   * @returns not_home, unknown_host, host_offline; conflict where the edge's owner decides which host is the home host.
   */
  async handover(home: string, host: string, offer: HandoverOffer | null): Promise<Result<unknown>> {
    if (!this.#hosts.isHome(home)) return refusal('not_home', 'Another host is the home host.');
    if (this.#claims.claim === null)
      return refusal(
        'conflict',
        'The home host of this edge is the one that its owner set: of an edge at home (toru start) the machine that runs it, elsewhere the first of HOST_KEYS.',
      );
    if (this.#hosts.certificateOf(host) === null) return refusal('unknown_host', 'There is no such member.');
    return hostOf(this.env, host).handover({ offer });
  }

  /** Which members are there, for the home host; null for any other. */
  async presences(home: string): Promise<MemberPresence[] | null> {
    if (!this.#hosts.isHome(home)) return null;
    const members = this.#hosts.list().slice(1);
    const reports = await this.#reports.of(members.map(({ id }) => id));
    return members.map(({ id, last_seen_at }, at) => {
      const report = reports[at] ?? null;
      const last = report?.last_sign ?? last_seen_at;
      return {
        host: id,
        presence: report === null ? 'unknown' : report.online ? 'online' : 'away',
        last_seen: last === null ? null : new Date(last).toISOString(),
        kept_webhooks: (report?.kept_webhooks ?? []).reduce((sum, { count }) => sum + count, 0),
      };
    });
  }

  /** @returns claim_refused where no host may claim this edge. */
  claimOpen(): Result<null> {
    return this.#claims.open();
  }

  /** @param code SHA-256 of the setup code that the host brought, hex. @returns as `Claims.take`. */
  async claim(code: string, host: BoundHost): Promise<Result<ClaimAnswer>> {
    const recovery_code = newCode();
    const recovery = await sha256Hex(readCode(recovery_code) ?? '');
    const taken = this.#claims.take(code, { ...host, recovery, claimed_at: Date.now() }, (claimed) => this.#hosts.bind([claimed]));
    return taken.ok ? { ok: true, value: { installation: this.#installation, host: host.id, recovery_code } } : taken;
  }

  /** @returns claim_refused where no host may take the place of the home host. */
  recoveryOpen(): Result<null> {
    const found = this.#claims.recoverable();
    return found.ok ? { ok: true, value: null } : found;
  }

  /**
   * Another home host, in the place of one that was lost: everybody is signed out, and the link of the lost one is closed. Its members are told by the
   * new one, and believe it when somebody says so on their own consoles.
   * @param code SHA-256 of the recovery code that the host brought, hex; `next` that of the one that counts from then on.
   * @param installation whose home host was restored; null: nothing was. @returns as `Claims.recover`; conflict for another installation's.
   */
  async recover(code: string, next: string, host: BoundHost, installation: string | null): Promise<Result<RecoveryAnswer>> {
    if (installation !== null && installation !== this.#installation)
      return refusal(
        'conflict',
        'What was restored here is the home host of another installation. Is it the right snapshot, and the right address?',
      );
    const [lost] = this.#hosts.list();
    let ended: string[] = [];
    const taken = this.#claims.recover(code, { ...host, recovery: next, claimed_at: Date.now() }, (claimed) => {
      this.#hosts.bind([claimed]);
      ended = this.#sessions.endAll();
    });
    if (!taken.ok) return taken;
    if (lost !== undefined && lost.public_key !== host.public_key)
      await hostOf(this.env, lost.id).membershipEnded(lost.id === host.id ? host.public_key : null);
    if (ended.length > 0) await Promise.all(this.#hosts.list().map(({ id }) => hostOf(this.env, id).endSessions(ended)));
    return { ok: true, value: { installation: this.#installation, host: host.id } };
  }

  beginPairing(from: { host: string; public_key: string; network: string }): Promise<Result<OpenPairing>> {
    return this.#pairings.begin(from, Date.now());
  }

  pairingTaken(user_code: string, from: { host: string; public_key: string }): void {
    this.#pairings.taken(user_code, from);
  }

  dropPairing(user_code: string): void {
    this.#pairings.drop(user_code);
  }

  withdrawPairing(device_code: string): Promise<string | null> {
    return this.#pairings.withdraw(device_code);
  }

  pairingRevealed(user_code: string): void {
    this.#pairings.revealed(user_code);
  }

  /** @returns the request's code, and whether the home host still lacks its nonce; the errors of RFC 8628, section 3.5. */
  async pairingAsked(device_code: string): Promise<Result<PairingState>> {
    return this.#pairings.ask(device_code, Date.now());
  }

  /** What an approved host gets: its certificate, by the key that it asked with, and the directory. */
  pairingToken({ host, public_key, outcome }: PairingState): Result<PairTokenAnswer> {
    const certificate = this.#hosts.get(host)?.public_key === public_key ? this.#hosts.certificateOf(host) : null;
    const directory = this.ctx.storage.kv.get<string>(DIRECTORY);
    if (outcome === 'approved' && certificate !== null && directory !== undefined) return { ok: true, value: { certificate, directory } };
    return refusal('authorization_pending', 'An admin has not approved this host yet.');
  }

  /** @returns the role of the session's user on that host. */
  rememberGrant(sid: string, host: string, grant: Granted): Role {
    return this.#sessions.remember(sid, host, grant);
  }

  /** Counts the attempt, before any host is asked. @returns too_many_attempts with `retry_after`, in seconds. */
  async admitLogin(login: LoginAttempt, password: string): Promise<Result<Turn>> {
    const guess = await sha256Hex([this.#secret, await accountKey(this.#installation, login.username), password].join('\0'));
    const { wait, reserved } = this.#attempts.admit(await this.#attempt(login, { guess, reserved: false }), Date.now());
    if (reserved !== null) return { ok: true, value: { guess, reserved } };
    const seconds = Math.ceil(wait / 1000);
    return refusal('too_many_attempts', `Too many attempts. Try the same again in ${seconds} s.`, { retry_after: seconds });
  }

  /** @param judged did the host look at the password? */
  async loginFailed(login: LoginAttempt, turn: Turn, judged: boolean): Promise<void> {
    const attempt = await this.#attempt(login, turn);
    if (judged) this.#attempts.failed(attempt, Date.now());
    else this.#attempts.unasked(attempt, Date.now());
  }

  /** Does the device go on under the cookie that it sent? Only under one that it got at a login of this user. */
  keepsDevice({ device, username }: LoginAttempt): boolean {
    return device !== null && this.#devices.knows(device, username);
  }

  /**
   * @param turn null for a login without a password, which was not counted.
   * @param replaces the sid that the same browser held: one browser, one session.
   * @param device the hash of the cookie that the browser is known by from now on.
   * @returns the session, and the sids that ended by it.
   */
  async openSession(
    login: LoginAttempt,
    turn: Turn | null,
    session: NewSession,
    replaces: string | null,
    device: string,
  ): Promise<{ session: SessionRecord; ended: string[] }> {
    const now = Date.now();
    if (turn !== null) this.#attempts.succeeded(await this.#attempt(login, turn), now);
    this.#devices.remember(device, login.device, login.username, now);
    const opened = { ...session, id: crypto.randomUUID(), created_at: now, last_seen_at: now, member_grants: [] };
    const ended = replaces === null ? [] : this.#sessions.end([replaces]);
    return { session: opened, ended: [...ended, ...this.#sessions.open(opened)] };
  }

  useSession(sid: string): SessionRecord | null {
    return this.#sessions.use(sid, Date.now());
  }

  /** With the hosts: what the page's first view needs, in one request. */
  useSessionAmongHosts(sid: string): { session: SessionRecord; hosts: HostRecord[] } | null {
    const session = this.useSession(sid);
    return session === null ? null : { session, hosts: this.hosts() };
  }

  /**
   * And what is known of each member at this moment, as `shownHost`, in JSON: text costs a request between objects less than what it says. The home
   * host's object is asked by who asks us.
   */
  async useSessionAndMembers(sid: string): Promise<{ session: SessionRecord; home: HostRecord | null; members: string[] } | null> {
    const found = this.useSessionAmongHosts(sid);
    if (found === null) return null;
    const { session, hosts } = found;
    const [home = null, ...records] = hosts;
    const reports = await this.#reports.of(records.map(({ id }) => id));
    const members = records.map((record, at) => {
      const report = reports[at] ?? null;
      const role = heldGrant(session, record.id)?.role ?? null;
      // What nobody signed for this session on that host yet is seen as a client sees it.
      const seen = report === null ? null : seenBy(report, session.sub, role ?? 'client');
      return JSON.stringify(shownHost(record, { home: false, role }, seen));
    });
    return { session, home, members };
  }

  /** The sids of the sessions that live. */
  useSessions(sids: string[]): SessionRecord[] {
    const now = Date.now();
    return sids.flatMap((sid) => this.#sessions.use(sid, now) ?? []);
  }

  /** Those of these that live. Unlike `useSessions` it is no use of them: a session is not kept alive by what it is told. */
  liveSids(sids: string[]): string[] {
    return this.#sessions.live(sids, Date.now());
  }

  sessionsOf(sub: string): SessionRecord[] {
    return this.#sessions.of(sub, Date.now());
  }

  renewed(sid: string, grant: string, grantExp: number): void {
    this.#sessions.renewed(sid, grant, grantExp);
  }

  /** @param home set where a host asks: it ends only what it began. @returns the sids that lived until now. */
  endSessions(sids: string[], home?: string): string[] {
    return this.#sessions.end(sids, home);
  }

  /** A home host that claimed this edge may have a new key, or be another host: the old key says so. What is bound, its owner changes. */
  #follow(claim: Claim, home: Claim): void {
    if (!this.#hosts.isHome(claim.id) || (home.id === claim.id && home.public_key === claim.public_key)) return;
    const now = { ...home, name: this.#hosts.get(home.id)?.name ?? home.name };
    this.#claims.moved(now);
    this.#hosts.bind([now]);
  }

  #newsFor(id: string): HomeNews | null {
    const { kv } = this.ctx.storage;
    const moves = kv.get<string[]>(MOVES) ?? [];
    if (this.#hosts.isHome(id)) return this.#claims.claim === null || moves.length === 0 ? null : { type: 'home', moves };
    const certificate = this.#hosts.certificateOf(id);
    const directory = kv.get<string>(DIRECTORY);
    const key = this.#hosts.list()[0]?.public_key;
    return certificate === null || directory === undefined ? null : { type: 'directory', certificate, directory, moves, key };
  }

  async #attempt(login: LoginAttempt, turn: Turn): Promise<Attempt> {
    const account = await accountKey(this.#installation, login.username);
    return { account, address: login.address, device: this.keepsDevice(login) ? login.device : null, ...turn };
  }
}
