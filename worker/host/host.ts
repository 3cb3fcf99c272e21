import { DurableObject } from 'cloudflare:workers';
import { z } from 'zod';
import { randomHex } from '../../shared/encoding.ts';
import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import { GRANT_RENEW_MS, LINK_DEAD_MS, PROTOCOL_VERSION, SESSION_RECHECK_MS, UNPROVEN_MS, UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import type { AgentControl, LinkProof } from '../../shared/link-protocol.ts';
import { agentControl, CONTROL, cutBinary, cutText, LINK_CLOSE } from '../../shared/link-protocol.ts';
import type { Role, RunSummary } from '../../shared/model.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { CLOSE, PING, PONG } from '../../shared/wire.ts';
import type { Env } from '../env.ts';
import { accountOf } from '../env.ts';
import type { Result } from '../result.ts';
import { refusal } from '../result.ts';
import { Alarms } from './alarms.ts';
import type { LoginAnswer } from './answers.ts';
import { errorAnswer, loginAnswer, renewAnswer } from './answers.ts';
import type { BrowserState, LinkDoor, SocketSession, UnprovenState } from './attachment.ts';
import { readAttachment, TAG, writeAttachment } from './attachment.ts';
import { Browsers, tell } from './browsers.ts';
import { answerAlone, refuseFrame } from './client-frames.ts';
import { unseal } from './envelope.ts';
import { Link } from './link.ts';
import { challenge, closeLate, countUnproven, prove } from './link-door.ts';
import { PendingLogouts } from './pending-logouts.ts';
import { PRESENCE_EVERY_MS, PresenceRecord } from './presence.ts';
import { closeQuietly, isOpen } from './quietly.ts';
import { RecentRuns } from './recent-runs.ts';
import { Tunnel } from './tunnel.ts';

export interface LoginRequest {
  username: string;
  password: string;
  sid: string;
  address: string;
  user_agent: string;
}

export interface HostOverview {
  online: boolean;
  /** ISO 8601; null when it never linked. */
  last_seen: string | null;
  name: string | null;
  version: string | null;
  recent_runs: RunSummary[];
}

/**
 * One host, as the edge sees it: its agent's link, the browsers that look at it, and the requests on their way to it. It
 * reads the envelope of a frame, never what the frame says to somebody else.
 *
 * What has to outlive an eviction stands in attachments and storage; every field below is a cache of those.
 * Messages are dispatched synchronously: an await between two of them would let a later one overtake.
 */
export class Host extends DurableObject<Env> {
  readonly #browsers: Browsers;
  readonly #tunnel: Tunnel;
  readonly #recent: RecentRuns;
  readonly #presence: PresenceRecord;
  readonly #logouts: PendingLogouts;
  readonly #alarms: Alarms<'unproven' | 'link' | 'sessions' | 'presence' | 'recent'>;
  /** Renewals under way, by session: ten requests with an old grant are one renewal. */
  readonly #renewals = new Map<string, Promise<Result<{ grant: string; grant_exp: number }>>>();
  #link: Link | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // One pair for all sockets of an object: browsers and the agent send the same ping.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#browsers = new Browsers(ctx.getWebSockets(TAG.browser));
    this.#tunnel = new Tunnel((request, frame) => this.#link?.binary(`h/${request}`, frame));
    this.#recent = new RecentRuns(ctx.storage.kv);
    this.#presence = new PresenceRecord(ctx.storage.kv);
    this.#logouts = new PendingLogouts(ctx.storage.kv);
    this.#alarms = new Alarms(ctx.storage, {
      unproven: (now) => closeLate(ctx.getWebSockets(TAG.agent), now),
      link: () => this.#watchLink(),
      sessions: (now) => this.#recheckSessions(now),
      presence: (now) => this.#notePresence(now),
      recent: (now) => {
        this.#recent.write(now);
        return null;
      },
    });
    const linked = ctx.getWebSockets(TAG.agent).find((socket) => isOpen(socket) && readAttachment(socket)?.kind === 'link');
    if (linked !== undefined) this.#link = new Link(ctx, linked, Date.now());
  }

  // From the Worker

  override async fetch(request: Request): Promise<Response> {
    try {
      const said = unseal(request.headers);
      switch (said.to) {
        case 'browser':
          return this.#openBrowser(said.session);
        case 'agent':
          return this.#openDoor(said.door);
        case 'tunnel':
          return await this.#ask(said.head, request.body, request.signal);
        default:
          return unreachable(said);
      }
    } catch (thrown) {
      const error = toToruError(thrown);
      if (error.code === 'internal') console.error('A request to the host failed.', thrown);
      return Response.json(error.toBody(), { status: error.status });
    }
  }

  async login(login: LoginRequest): Promise<Result<LoginAnswer>> {
    return this.#askForEdge('/link/login', login, loginAnswer);
  }

  /** A newer grant for a session; with session_expired the session has ended here too. */
  async renew(sid: string, grant: string): Promise<Result<{ grant: string; grant_exp: number }>> {
    const underWay = this.#renewals.get(sid);
    if (underWay !== undefined) return underWay;
    const renewal = this.#renew(sid, grant).finally(() => this.#renewals.delete(sid));
    this.#renewals.set(sid, renewal);
    return renewal;
  }

  /** Closes their sockets at once, and tells the host, now or when it is back. */
  endSessions(sids: string[]): void {
    for (const sid of sids) this.#endSockets(sid);
    this.#logouts.add(sids);
    this.ctx.waitUntil(this.#sayLogouts());
  }

  overview(sub: string, role: Role): HostOverview {
    const known = this.#presence.known;
    return {
      online: this.#liveLink() !== null,
      last_seen: this.#lastSeen(),
      name: known?.name ?? null,
      version: known?.version ?? null,
      recent_runs: this.#recent.visibleTo(sub, role),
    };
  }

  online(): boolean {
    return this.#liveLink() !== null;
  }

  // From the platform

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void | Promise<void> {
    const state = readAttachment(socket);
    switch (state?.kind) {
      case 'browser':
        return this.#fromBrowser(socket, state, message);
      case 'link':
        return this.#fromAgent(socket, message);
      case 'unproven':
        return this.#fromStranger(socket, state, message);
      case undefined:
        return closeQuietly(socket, CLOSE.again, 'unknown socket');
      default:
        return unreachable(state);
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#closed(socket);
    closeQuietly(socket, code, '');
  }

  override webSocketError(socket: WebSocket): void {
    this.#closed(socket);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.run(Date.now());
  }

  // Browsers

  #openBrowser(session: SocketSession): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [TAG.browser]);
    if (this.#browsers.crowded(session.sid)) {
      tell(server, { type: 'error', code: 'too_many_requests', data: 'This session has too many connections. Close some of its pages.' });
      closeQuietly(server, CLOSE.too_fast, 'too many connections');
      return new Response(null, { status: 101, webSocket: client });
    }
    const now = Date.now();
    const state: BrowserState = { ...session, kind: 'browser', conn: randomHex(16), topics: [] };
    this.#browsers.add(server, state);
    this.#alarms.schedule('sessions', now + SESSION_RECHECK_MS - 10_000);
    const link = this.#liveLink();
    if (link === null) tell(server, { type: 'host', online: false, last_seen: this.#lastSeen() });
    else {
      // The first frame that the browser gets is the agent's hello.
      this.#announce(link, state);
      this.#alarms.schedule('link', link.lastSign + LINK_DEAD_MS);
    }
    return new Response(null, { status: 101, webSocket: client });
  }

  #announce(link: Link, { conn, sid, grant, address, user_agent }: BrowserState): void {
    link.control({ type: 'open', conn, sid, grant, address, user_agent });
  }

  #fromBrowser(socket: WebSocket, state: BrowserState, message: string | ArrayBuffer): void {
    if (!this.#browsers.admit(socket, message, Date.now())) {
      tell(socket, { type: 'error', code: 'too_many_requests', data: 'Too many messages in a second. Connect again in a moment.' });
      this.#closed(socket);
      return closeQuietly(socket, CLOSE.too_fast, 'too many messages');
    }
    const refused = refuseFrame(message);
    if (refused !== null) return tell(socket, refused);
    if (typeof message !== 'string') return;
    const link = this.#liveLink();
    if (link === null) return tell(socket, answerAlone(message));
    link.text(`c/${state.conn}`, message);
  }

  #endSockets(sid: string): void {
    for (const conn of this.#browsers.endSession(sid)) this.#link?.control({ type: 'closed', conn });
  }

  // The agent

  #openDoor(door: LinkDoor): Response {
    if (countUnproven(this.ctx.getWebSockets(TAG.agent)) >= UNPROVEN_SOCKETS) {
      throw new ToruError('too_many_requests', 'Too many agents are proving themselves at this moment. Try again in 10 s.');
    }
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [TAG.agent]);
    const now = Date.now();
    challenge(server, door, now);
    this.#alarms.schedule('unproven', now + UNPROVEN_MS);
    return new Response(null, { status: 101, webSocket: client });
  }

  async #fromStranger(socket: WebSocket, state: UnprovenState, message: string | ArrayBuffer): Promise<void> {
    const proof = await prove(socket, state, message);
    if (proof !== null) this.#linkUp(socket, state, proof);
  }

  #linkUp(socket: WebSocket, { conn, host }: UnprovenState, proof: LinkProof): void {
    const old = this.#link;
    if (old !== null) {
      this.#linkGone();
      closeQuietly(old.socket, LINK_CLOSE.replaced, 'a newer link of this host');
    }
    const now = Date.now();
    writeAttachment(socket, { kind: 'link', conn, host, since: now });
    const link = new Link(this.ctx, socket, now);
    this.#link = link;
    this.#presence.linked({ host, name: proof.name, version: proof.version, last_seen: now });
    link.control({ type: 'welcome', epoch: randomHex(16), protocol: PROTOCOL_VERSION });
    for (const state of this.#browsers.states()) this.#announce(link, state);
    this.#browsers.toAll({ type: 'host', online: true, last_seen: new Date(now).toISOString() });
    this.#alarms.schedule('presence', now + PRESENCE_EVERY_MS);
    if (this.#browsers.size > 0) this.#alarms.schedule('link', now + LINK_DEAD_MS);
    this.ctx.waitUntil(this.#sayLogouts());
    this.ctx.waitUntil(accountOf(this.env).hostSeen(host, proof.name, proof.version));
  }

  /** Null when there is none, or when it has been silent for too long. */
  #liveLink(): Link | null {
    const link = this.#link;
    if (link === null || !link.dead(Date.now())) return link;
    this.#linkDown(link);
    closeQuietly(link.socket, LINK_CLOSE.too_slow, 'nothing was heard for too long');
    return null;
  }

  #linkDown(link: Link): void {
    this.#presence.seen(link.lastSign);
    this.#linkGone();
    this.#browsers.toAll({ type: 'host', online: false, last_seen: this.#lastSeen() });
  }

  #linkGone(): void {
    this.#link = null;
    this.#browsers.leaveAll();
    this.#tunnel.fail(this.#offline());
  }

  #fromAgent(socket: WebSocket, message: string | ArrayBuffer): void {
    const link = this.#link;
    // What a replaced link still says has been overtaken.
    if (link === null || !link.is(socket)) return;
    link.hear(Date.now());
    const cut = typeof message === 'string' ? cutText(message) : cutBinary(new Uint8Array(message));
    if (cut === null) return console.warn('The agent sent a message without a topic.');
    const { topic, payload } = cut;
    if (topic.startsWith('t/')) return this.#browsers.publish(topic.slice(2), payload);
    if (topic.startsWith('c/')) return this.#browsers.send(topic.slice(2), payload);
    if (typeof payload === 'string') {
      if (topic === CONTROL) this.#control(link, payload);
    } else if (topic.startsWith('h/')) this.#tunnel.receive(topic.slice(2), payload);
  }

  #control(link: Link, payload: string): void {
    const said = parseControl(payload);
    // A newer agent may say more than we know: what we don't understand changes nothing here.
    if (said === null) return console.warn('The agent sent a control message that this version does not know.');
    switch (said.type) {
      case 'join':
        return this.#browsers.join(said.conn, said.topic);
      case 'leave':
        return this.#browsers.leave(said.conn, said.topic);
      case 'close':
        if (this.#browsers.close(said.conn, said.code, said.reason)) link.control({ type: 'closed', conn: said.conn });
        return;
      case 'revoke':
        for (const sid of said.sids) this.#endSockets(sid);
        return this.ctx.waitUntil(this.#revoke(link, said.id, said.sids));
      case 'run': {
        const writeAt = this.#recent.note(said.run, Date.now());
        if (writeAt !== null) this.#alarms.schedule('recent', writeAt);
        return;
      }
      case 'bye':
        this.#linkDown(link);
        return closeQuietly(link.socket, 1000, 'bye');
      default:
        return unreachable(said);
    }
  }

  /** The agent says it again at every link until it hears `revoked`, so this says so only when Account has taken note. */
  async #revoke(link: Link, id: string, sids: string[]): Promise<void> {
    const host = this.#presence.known?.host;
    if (host === undefined) return;
    try {
      await accountOf(this.env).endSessions(sids, host);
      link.control({ type: 'revoked', id });
    } catch (error) {
      console.error('A revocation did not reach Account; the agent will repeat it.', error);
    }
  }

  #closed(socket: WebSocket): void {
    const state = readAttachment(socket);
    if (state?.kind === 'browser' && this.#browsers.remove(socket)) this.#link?.control({ type: 'closed', conn: state.conn });
    if (state?.kind === 'link' && this.#link?.is(socket) === true) this.#linkDown(this.#link);
  }

  // Requests to the host

  async #ask(head: RequestHead, body: ReadableStream<Uint8Array> | null, client: AbortSignal | null): Promise<Response> {
    const link = this.#liveLink();
    if (link === null) {
      await body?.cancel();
      throw this.#offline();
    }
    this.#alarms.schedule('link', link.lastSign + LINK_DEAD_MS);
    return this.#tunnel.ask(head, body, client);
  }

  /** What the edge itself wants to know. */
  async #askForEdge<T>(path: string, said: object, schema: z.ZodType<T>): Promise<Result<T>> {
    const head: RequestHead = {
      method: 'POST',
      path,
      query: '',
      headers: [['content-type', 'application/json']],
      body: true,
      caller: null,
    };
    try {
      const response = await this.#ask(head, new Response(JSON.stringify(said)).body, null);
      const answer: unknown = response.status === 204 ? null : await response.json();
      if (response.ok) return { ok: true, value: schema.parse(answer) };
      const { error } = errorAnswer.parse(answer);
      return refusal(error.code, error.message);
    } catch (thrown) {
      const error = toToruError(thrown);
      if (error.code === 'internal') console.error(`${path} failed.`, thrown);
      return refusal(error.code, error.message, error.code === 'host_offline' ? { last_seen: this.#lastSeen() } : {});
    }
  }

  async #renew(sid: string, grant: string): Promise<Result<{ grant: string; grant_exp: number }>> {
    // Whoever asks may have read the session before the last renewal.
    const session = await accountOf(this.env).useSession(sid);
    if (session !== null && session.grant !== grant) return { ok: true, value: { grant: session.grant, grant_exp: session.grant_exp } };
    const renewed = await this.#askForEdge('/link/renew', { grant }, renewAnswer);
    if (!renewed.ok) {
      if (renewed.code === 'session_expired' || renewed.code === 'unauthenticated') {
        this.#endSockets(sid);
        await accountOf(this.env).endSessions([sid]);
      }
      return renewed;
    }
    const { grant: newer, expires_at: grant_exp } = renewed.value;
    await accountOf(this.env).renewed(sid, newer, grant_exp);
    this.#regrant(sid, newer, grant_exp);
    return { ok: true, value: { grant: newer, grant_exp } };
  }

  #regrant(sid: string, grant: string, grantExp: number): void {
    for (const conn of this.#browsers.regrant(sid, grant, grantExp)) this.#link?.control({ type: 'grant', conn, grant });
  }

  async #sayLogouts(): Promise<void> {
    for (const sid of this.#logouts.list()) {
      if (this.#liveLink() === null) return;
      const said = await this.#askForEdge('/link/logout', { sid }, noAnswer);
      if (said.ok) this.#logouts.done(sid);
    }
  }

  // What the alarm does

  /** Only while somebody looks or waits: an idle host's object sleeps, and judges the link when it is next asked. */
  #watchLink(): number | null {
    const link = this.#liveLink();
    const watched = this.#browsers.size > 0 || this.#tunnel.underWay > 0;
    return link !== null && watched ? link.lastSign + LINK_DEAD_MS : null;
  }

  async #recheckSessions(now: number): Promise<number | null> {
    const sids = this.#browsers.sids();
    if (sids.size === 0) return null;
    const live = new Map((await accountOf(this.env).useSessions([...sids])).map((session) => [session.sid, session]));
    for (const sid of sids) if (!live.has(sid)) this.#endSockets(sid);
    for (const state of [...this.#browsers.states()]) {
      const session = live.get(state.sid);
      if (session !== undefined && session.grant !== state.grant) this.#regrant(state.sid, session.grant, session.grant_exp);
    }
    for (const { sid, grant, grant_exp } of live.values()) if (grant_exp - now < GRANT_RENEW_MS) await this.renew(sid, grant);
    return now + SESSION_RECHECK_MS - 10_000;
  }

  #notePresence(now: number): number | null {
    const link = this.#liveLink();
    if (link === null) return null;
    this.#presence.seen(link.lastSign);
    return now + PRESENCE_EVERY_MS;
  }

  #offline(): ToruError {
    return new ToruError('host_offline', 'The host is not connected. It may be off, asleep, or without network.', {
      extra: { last_seen: this.#lastSeen() },
    });
  }

  #lastSeen(): string | null {
    const at = this.#link?.lastSign ?? this.#presence.known?.last_seen;
    return at === undefined ? null : new Date(at).toISOString();
  }
}

/** 204: there is nothing to read. */
const noAnswer = z.unknown();

function parseControl(payload: string): AgentControl | null {
  try {
    return agentControl.safeParse(JSON.parse(payload)).data ?? null;
  } catch {
    return null;
  }
}
