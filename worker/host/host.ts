import { DurableObject } from 'cloudflare:workers';
import { randomHex } from '../../shared/encoding.ts';
import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import { LINK_DEAD_MS, PROTOCOL_VERSION, UNPROVEN_MS, UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import type { AgentControl, LinkProof } from '../../shared/link-protocol.ts';
import { agentControl, CONTROL, cutBinary, cutText, LINK_CLOSE } from '../../shared/link-protocol.ts';
import type { Role, RunSummary } from '../../shared/model.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { CLOSE, PING, PONG } from '../../shared/wire.ts';
import type { Env } from '../env.ts';
import { accountOf } from '../env.ts';
import type { Result } from '../result.ts';
import { Alarms } from './alarms.ts';
import type { LoginAnswer } from './answers.ts';
import type { BrowserState, LinkDoor, SocketSession, UnprovenState } from './attachment.ts';
import { readAttachment, TAG, writeAttachment } from './attachment.ts';
import { Browsers, tell } from './browsers.ts';
import { answerAlone, refuseFrame } from './client-frames.ts';
import type { LoginRequest } from './edge-requests.ts';
import { EdgeRequests } from './edge-requests.ts';
import { unseal } from './envelope.ts';
import { Link } from './link.ts';
import { challenge, closeLate, countUnproven, prove } from './link-door.ts';
import { PendingLogouts } from './pending-logouts.ts';
import { PRESENCE_EVERY_MS, PresenceRecord } from './presence.ts';
import { closeQuietly, isOpen } from './quietly.ts';
import { RecentRuns } from './recent-runs.ts';
import { RECHECK_EVERY_MS, SessionKeeper } from './session-keeper.ts';
import { Tunnel } from './tunnel.ts';

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
  readonly #alarms: Alarms<'unproven' | 'link' | 'sessions' | 'presence' | 'recent'>;
  readonly #requests = new EdgeRequests((head, body, client) => this.#ask(head, body, client));
  readonly #sessions: SessionKeeper;
  #link: Link | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // One pair for all sockets of an object: browsers and the agent send the same ping.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#browsers = new Browsers(ctx.getWebSockets(TAG.browser));
    this.#tunnel = new Tunnel((request, frame) => this.#link?.binary(`h/${request}`, frame));
    this.#recent = new RecentRuns(ctx.storage.kv);
    this.#presence = new PresenceRecord(ctx.storage.kv);
    this.#sessions = new SessionKeeper({
      env,
      browsers: this.#browsers,
      requests: this.#requests,
      logouts: new PendingLogouts(ctx.storage.kv),
      link: () => this.#liveLink(),
    });
    this.#alarms = new Alarms(ctx.storage, {
      unproven: (now) => closeLate(ctx.getWebSockets(TAG.agent), now),
      link: () => this.#watchLink(),
      sessions: (now) => this.#sessions.recheck(now),
      presence: (now) => this.#notePresence(now),
      recent: (now) => {
        this.#recent.write(now);
        return null;
      },
    });
    for (const socket of ctx.getWebSockets(TAG.agent)) {
      const state = readAttachment(socket);
      if (state?.kind === 'link' && isOpen(socket)) this.#link = new Link(ctx, socket, state.since);
    }
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
    return this.#requests.login(login);
  }

  async renew(sid: string, grant: string): Promise<Result<{ grant: string; grant_exp: number }>> {
    return this.#sessions.renew(sid, grant);
  }

  endSessions(sids: string[]): void {
    this.ctx.waitUntil(this.#sessions.end(sids));
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
    this.#alarms.schedule('sessions', now + RECHECK_EVERY_MS);
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
    this.ctx.waitUntil(this.#sessions.sayLogouts());
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
        this.#sessions.closeSockets(said.sids);
        return this.ctx.waitUntil(this.#sessions.revoke(link, this.#presence.known?.host ?? '', said.id, said.sids));
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

  // What the alarm does

  /** Only while somebody looks or waits: an idle host's object sleeps, and judges the link when it is next asked. */
  #watchLink(): number | null {
    const link = this.#liveLink();
    const watched = this.#browsers.size > 0 || this.#tunnel.underWay > 0;
    return link !== null && watched ? link.lastSign + LINK_DEAD_MS : null;
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

function parseControl(payload: string): AgentControl | null {
  try {
    return agentControl.safeParse(JSON.parse(payload)).data ?? null;
  } catch {
    return null;
  }
}
