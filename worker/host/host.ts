import { DurableObject } from 'cloudflare:workers';
import { toToruError, unreachable } from '../../shared/errors.ts';
import type { LinkHandover } from '../../shared/handover.ts';
import type { PendingRun } from '../../shared/hosts.ts';
import { UNPROVEN_MS } from '../../shared/limits.ts';
import { LINK_CLOSE } from '../../shared/link-protocol.ts';
import type { LinkLoginRequest, LoginRequest } from '../../shared/login-requests.ts';
import type { HomeFacts, LinkPair } from '../../shared/pairing.ts';
import type { RunRequest } from '../../shared/runs.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import type { Role } from '../../shared/users.ts';
import type { KeptAnswer, LinkWebhook, LinkWebhookJob, WebhookAnswer } from '../../shared/webhooks.ts';
import { CLOSE, PING, PONG, SOCKET_USER } from '../../shared/wire.ts';
import type { HomeNews } from '../account/account.ts';
import type { Granted } from '../account/session-rows.ts';
import type { Env } from '../env.ts';
import { accountOf } from '../env.ts';
import type { Result } from '../result.ts';
import { attempt } from '../result.ts';
import type { Link } from './agent-link.ts';
import type { LinkTerms, SocketSession, UnprovenState } from './attachment.ts';
import { readAttachment, TAG } from './attachment.ts';
import type { Asker } from './edge-tunnel.ts';
import { unseal } from './envelope.ts';
import type { HostReport } from './host-report.ts';
import { seenBy } from './host-report.ts';
import type { HostServices } from './host-services.ts';
import { createHostServices } from './host-services.ts';
import type { Proven } from './link-handshake.ts';
import { admitUnproven, challenge, prove } from './link-handshake.ts';
import type { LoginAnswer } from './login-answers.ts';
import { PRESENCE_EVERY_MS } from './presence-record.ts';
import { closeQuietly, isOpen } from './quietly.ts';
import { RECHECK_EVERY_MS } from './session-keeper.ts';

/**
 * One host, as the edge sees it: its agent's link, the browsers that look at it, and the requests on their way to it. It
 * reads the envelope of a frame, never what the frame says to somebody else.
 *
 * What has to outlive an eviction stands in attachments and storage; every service is a cache of those.
 * Messages are dispatched synchronously: an await between two of them would let a later one overtake.
 */
export class Host extends DurableObject<Env> {
  readonly #services: HostServices;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    // One pair for all sockets of an object: browsers and the agent send the same ping.
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
    this.#services = createHostServices(ctx, env, (head, body, asker) => this.#ask(head, body, null, asker));
  }

  // From the Worker

  override async fetch(request: Request): Promise<Response> {
    try {
      const message = unseal(request.headers);
      switch (message.to) {
        case 'browser':
          return this.#openBrowser(message.session, message.newer_page);
        case 'agent':
          return this.#openLink(message.terms);
        case 'tunnel':
          return await this.#ask(message.head, request.body, request.signal, { sub: message.sub, role: message.role ?? 'client' });
        default:
          return unreachable(message);
      }
    } catch (thrown) {
      const error = toToruError(thrown);
      if (error.code === 'internal') console.error('A request to the host failed.', thrown);
      return Response.json(error.toBody(), { status: error.status });
    }
  }

  async login(login: LoginRequest): Promise<Result<LoginAnswer>> {
    return this.#services.requests.login(login);
  }

  async loginByLink(login: LinkLoginRequest): Promise<Result<LoginAnswer>> {
    return this.#services.requests.loginByLink(login);
  }

  async pair(asked: LinkPair): Promise<Result<HomeFacts>> {
    return this.#services.requests.pair(asked);
  }

  async pairSecret(revealed: { user_code: string; secret: string }): Promise<Result<unknown>> {
    return this.#services.requests.pairSecret(revealed);
  }

  async pairWithdrawn(withdrawn: { user_code: string }): Promise<Result<unknown>> {
    return this.#services.requests.pairWithdrawn(withdrawn);
  }

  async webhook(asked: LinkWebhook): Promise<Result<WebhookAnswer | KeptAnswer>> {
    return this.#services.hooks.take(asked);
  }

  async webhookJob(asked: LinkWebhookJob): Promise<Result<WebhookAnswer>> {
    return this.#services.requests.webhookJob(asked);
  }

  async memberGrant(grant: string, aud: string): Promise<Result<Granted>> {
    return this.#services.requests.memberGrant(grant, aud);
  }

  async handover(asked: LinkHandover): Promise<Result<unknown>> {
    return this.#services.requests.handover(asked);
  }

  /** The home host signed something newer than what this host was told. */
  homeSaid(news: HomeNews): void {
    this.#services.links.current?.control(news);
  }

  /** The home host named this host no longer, or by another key. @param bound the key that it has now; null: nobody comes back to it. */
  membershipEnded(bound: string | null): void {
    this.#services.membershipEnded(bound);
  }

  async renew(sid: string, grant: string): Promise<Result<Granted>> {
    return this.#services.sessions.renew(sid, grant);
  }

  endSessions(sids: string[]): void {
    this.#services.pending.sessionsEnded(sids);
    this.#services.alerts.sessionsEnded(sids);
    this.ctx.waitUntil(this.#services.sessions.end(sids));
  }

  overview(sub: string, role: Role): HostReport {
    return seenBy(this.#services.reports.now(), sub, role);
  }

  /** Somebody looks at the list of hosts: the Account object, which asks, is told of what changes from now on. */
  watched(): HostReport {
    this.#services.reports.watched(Date.now());
    return this.#services.reports.now();
  }

  /** Null when the host is there: then it is asked itself. */
  async queueRun(owner: { sid: string; sub: string }, request: RunRequest): Promise<Result<PendingRun | null>> {
    if (this.online()) return { ok: true, value: null };
    return attempt(() => this.#services.starts.keep(owner, request));
  }

  async cancelPending(sub: string, role: Role, requestId: string): Promise<Result<null>> {
    return attempt(() => {
      this.#services.pending.remove(sub, role, requestId);
      return null;
    });
  }

  online(): boolean {
    return this.#services.links.live() !== null;
  }

  // From the platform

  override webSocketMessage(socket: WebSocket, message: string | ArrayBuffer): void | Promise<void> {
    const state = readAttachment(socket);
    switch (state?.kind) {
      case 'browser':
        return this.#services.browserTransport.receive(socket, state, message);
      case 'link':
        return this.#services.agent.receive(socket, message);
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
    await this.#services.alarms.run(Date.now());
  }

  #closed(socket: WebSocket, code: number): void {
    const state = readAttachment(socket);
    const link = this.#services.links.current;
    if (state?.kind === 'browser') this.#services.browserTransport.closed(socket, state);
    else if (link?.is(socket) === true) this.#services.links.down(link, code, '');
  }

  // The three ways in

  #openBrowser(session: SocketSession, newerPage: boolean): Response {
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [TAG.browser]);
    if (this.#services.browserTransport.open(server, session, newerPage)) {
      this.#services.alarms.schedule('sessions', Date.now() + RECHECK_EVERY_MS);
      this.#watchLink();
    }
    // Who stands before us reads a user's sockets together. Nobody else has use for it.
    const headers = this.env.EMBEDDED === undefined ? {} : { [SOCKET_USER]: session.sub };
    return new Response(null, { status: 101, webSocket: client, headers });
  }

  #openLink(terms: LinkTerms): Response {
    admitUnproven(this.ctx.getWebSockets(TAG.agent), terms);
    const { 0: client, 1: server } = new WebSocketPair();
    this.ctx.acceptWebSocket(server, [TAG.agent]);
    const now = Date.now();
    challenge(server, terms, now);
    this.#services.alarms.schedule('unproven', now + UNPROVEN_MS);
    return new Response(null, { status: 101, webSocket: client });
  }

  async #fromStranger(socket: WebSocket, state: UnprovenState, message: string | ArrayBuffer): Promise<void> {
    const proven = await prove(socket, state, message);
    if (proven === null || !(await this.#services.duplicates.admit(socket, state, proven)) || !isOpen(socket)) return;
    const now = Date.now();
    const link = this.#services.links.up(socket, state, proven, now);
    this.#services.browserTransport.hostIsBack(link, now);
    this.#services.alarms.schedule('presence', now + PRESENCE_EVERY_MS);
    if (this.#services.browsers.size > 0) this.#watchLink();
    // What ended is said first: nothing starts under a session that is over, nor at a host that is known no longer.
    const ready = this.#hostSeen(link, state, proven).then(() => this.#services.sessions.sayLogouts());
    this.ctx.waitUntil(ready.then(() => this.#services.starts.startAll()));
    this.ctx.waitUntil(ready.then(() => this.#services.hooks.deliver()));
  }

  /**
   * A member hears the newest directory with every link: it may have missed some. And the terms were made when it dialled: meanwhile it may
   * have been taken out, or paired again by another key.
   */
  async #hostSeen(link: Link, { host, public_key }: UnprovenState, { name, version }: Proven): Promise<void> {
    const { known, news } = await accountOf(this.env).hostSeen(host, name, version, public_key, this.#services.reports.now());
    // A newer link may have overtaken it.
    if (this.#services.links.current !== link) return;
    if (!known) this.#services.links.down(link, LINK_CLOSE.unknown_host, 'this edge knows the host no longer by this key');
    else if (news !== null) link.control(news);
  }

  async #ask(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | null,
    client: AbortSignal | null,
    asker: Asker | null,
  ): Promise<Response> {
    if (this.#services.links.live() === null) {
      await body?.cancel();
      throw this.#services.links.offline();
    }
    this.#watchLink();
    return this.#services.tunnel.ask(head, body, client, asker);
  }

  /** Somebody looks or waits from now on. */
  #watchLink(): void {
    const at = this.#services.watch.deadline;
    if (at !== null) this.#services.alarms.schedule('link', at);
  }
}
