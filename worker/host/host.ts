import { DurableObject } from 'cloudflare:workers';
import type { RunRequest } from '../../shared/api.ts';
import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import { LINK_DEAD_MS, UNPROVEN_MS, UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import type { PendingRun, Role, RunSummary } from '../../shared/model.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import { CLOSE, PING, PONG } from '../../shared/wire.ts';
import type { Env } from '../env.ts';
import { accountOf } from '../env.ts';
import { migrate } from '../migrate.ts';
import type { Result } from '../result.ts';
import { attempt } from '../result.ts';
import { AgentMessages } from './agent-messages.ts';
import { Alarms } from './alarms.ts';
import type { LoginAnswer } from './answers.ts';
import type { LinkDoor, SocketSession, UnprovenState } from './attachment.ts';
import { readAttachment, TAG } from './attachment.ts';
import { BrowserDoor } from './browser-door.ts';
import { Browsers } from './browsers.ts';
import type { LoginRequest } from './edge-requests.ts';
import { EdgeRequests } from './edge-requests.ts';
import { unseal } from './envelope.ts';
import { challenge, closeLate, countUnproven, prove } from './link-door.ts';
import { LinkKeeper } from './link-keeper.ts';
import { PendingLogouts } from './pending-logouts.ts';
import { PENDING_MIGRATIONS, PendingRuns } from './pending-runs.ts';
import { PendingStarts } from './pending-starts.ts';
import { PRESENCE_EVERY_MS, PresenceRecord } from './presence.ts';
import { closeQuietly } from './quietly.ts';
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
  pending_runs: PendingRun[];
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
  readonly #links: LinkKeeper;
  readonly #sessions: SessionKeeper;
  readonly #requests = new EdgeRequests((head, body) => this.#ask(head, body, null, null));
  readonly #browserDoor: BrowserDoor;
  readonly #agent: AgentMessages;
  readonly #pending: PendingRuns;
  readonly #starts: PendingStarts;
  readonly #alarms: Alarms<'unproven' | 'link' | 'sessions' | 'presence' | 'recent' | 'pending'>;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // One pair for all sockets of an object: browsers and the agent send the same ping.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    migrate(ctx.storage, PENDING_MIGRATIONS);
    const { kv, sql } = ctx.storage;
    const browsers = new Browsers(ctx.getWebSockets(TAG.browser));
    const tunnel = new Tunnel((request, frame) => this.#links.current?.binary(`h/${request}`, frame));
    const recent = new RecentRuns(kv);
    const presence = new PresenceRecord(kv);
    const links = new LinkKeeper(ctx, ctx.getWebSockets(TAG.agent), { presence, browsers, tunnel });
    const sessions = new SessionKeeper({
      env,
      browsers,
      requests: this.#requests,
      logouts: new PendingLogouts(kv),
      link: () => links.live(),
    });
    const pending = new PendingRuns(sql);
    const alarms = new Alarms(ctx.storage, {
      pending: (now) => {
        ctx.waitUntil(this.#starts.startAll());
        return pending.sweep(now);
      },
      unproven: (now) => closeLate(ctx.getWebSockets(TAG.agent), now),
      link: () => this.#watchLink(),
      sessions: (now) => sessions.recheck(now),
      presence: (now) => this.#notePresence(now),
      recent: (now) => {
        recent.write(now);
        return null;
      },
    });
    this.#browsers = browsers;
    this.#tunnel = tunnel;
    this.#recent = recent;
    this.#presence = presence;
    this.#links = links;
    this.#sessions = sessions;
    this.#pending = pending;
    this.#starts = new PendingStarts({
      env,
      pending,
      sessions,
      ask: (head, body, sub) => this.#ask(head, body, null, sub),
      online: () => this.online(),
      wake: (at) => alarms.schedule('pending', at),
    });
    this.#alarms = alarms;
    this.#browserDoor = new BrowserDoor(browsers, links, (owner, asked) => this.#starts.keep(owner, asked));
    this.#agent = new AgentMessages({
      links,
      browsers,
      tunnel,
      sessions,
      presence,
      recent,
      writeRecent: (at) => alarms.schedule('recent', at),
      later: (work) => ctx.waitUntil(work),
    });
  }

  // From the Worker

  override async fetch(request: Request): Promise<Response> {
    try {
      const said = unseal(request.headers);
      switch (said.to) {
        case 'browser':
          return this.#openBrowser(said.session, said.newer_page);
        case 'agent':
          return this.#openDoor(said.door);
        case 'tunnel':
          return await this.#ask(said.head, request.body, request.signal, said.sub);
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
      online: this.online(),
      last_seen: this.#links.lastSeen(),
      name: known?.name ?? null,
      version: known?.version ?? null,
      recent_runs: this.#recent.visibleTo(sub, role),
      pending_runs: this.#pending.visibleTo(sub, role),
    };
  }

  /** Null when the host is there: then it is asked itself. */
  async queueRun(owner: { sid: string; sub: string }, asked: RunRequest): Promise<Result<PendingRun | null>> {
    if (this.online()) return { ok: true, value: null };
    return attempt(() => this.#starts.keep(owner, asked));
  }

  async cancelPending(sub: string, role: Role, requestId: string): Promise<Result<null>> {
    return attempt(() => {
      this.#pending.remove(sub, role, requestId);
      return null;
    });
  }

  online(): boolean {
    return this.#links.live() !== null;
  }

  // From the platform

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void | Promise<void> {
    const state = readAttachment(socket);
    switch (state?.kind) {
      case 'browser':
        return this.#browserDoor.receive(socket, state, message);
      case 'link':
        return this.#agent.receive(socket, message);
      case 'unproven':
        return this.#fromStranger(socket, state, message);
      case undefined:
        return closeQuietly(socket, CLOSE.again, 'unknown socket');
      default:
        return unreachable(state);
    }
  }

  override webSocketClose(socket: WebSocket, code: number): void {
    this.#closed(socket, code);
    closeQuietly(socket, code, '');
  }

  override webSocketError(socket: WebSocket): void {
    this.#closed(socket, 1011);
  }

  override async alarm(): Promise<void> {
    await this.#alarms.run(Date.now());
  }

  #closed(socket: WebSocket, code: number): void {
    const state = readAttachment(socket);
    const link = this.#links.current;
    if (state?.kind === 'browser') this.#browserDoor.closed(socket, state);
    else if (link?.is(socket) === true) this.#links.down(link, code, '');
  }

  // The three ways in

  #openBrowser(session: SocketSession, newerPage: boolean): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [TAG.browser]);
    if (this.#browserDoor.open(server, session, newerPage)) {
      this.#alarms.schedule('sessions', Date.now() + RECHECK_EVERY_MS);
      this.#watchFromNow();
    }
    return new Response(null, { status: 101, webSocket: client });
  }

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
    const proven = await prove(socket, state, message);
    if (proven === null) return;
    const now = Date.now();
    const link = this.#links.up(socket, state, proven, now);
    this.#browserDoor.hostIsBack(link, now);
    this.#alarms.schedule('presence', now + PRESENCE_EVERY_MS);
    if (this.#browsers.size > 0) this.#watchFromNow();
    // What ended is said first: nothing starts under a session that is over.
    this.ctx.waitUntil(this.#sessions.sayLogouts().then(() => this.#starts.startAll()));
    this.ctx.waitUntil(accountOf(this.env).hostSeen(state.host, proven.name, proven.version));
  }

  async #ask(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | null,
    client: AbortSignal | null,
    sub: string | null,
  ): Promise<Response> {
    if (this.#links.live() === null) {
      await body?.cancel();
      throw this.#links.offline();
    }
    this.#watchFromNow();
    return this.#tunnel.ask(head, body, client, sub);
  }

  // What the alarm does

  /** Only while somebody looks or waits: an idle host's object sleeps, and judges the link when it is next asked. */
  #watchLink(): number | null {
    const link = this.#links.live();
    const watched = this.#browsers.size > 0 || this.#tunnel.underWay > 0;
    return link !== null && watched ? link.lastSign + LINK_DEAD_MS : null;
  }

  #watchFromNow(): void {
    const link = this.#links.current;
    if (link !== null) this.#alarms.schedule('link', link.lastSign + LINK_DEAD_MS);
  }

  #notePresence(now: number): number | null {
    const link = this.#links.live();
    if (link === null) return null;
    this.#presence.seen(link.lastSign);
    return now + PRESENCE_EVERY_MS;
  }
}
