import type { ErrorCode } from '../../shared/errors.ts';
import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import { PROTOCOL_VERSION } from '../../shared/limits.ts';
import type { EdgeControl, HostAlert } from '../../shared/link-protocol.ts';
import type { Turn } from '../../shared/outbound.ts';
import { agreeOn } from '../../shared/protocol-version.ts';
import type { RunSummary } from '../../shared/runs.ts';
import type { RequestHead } from '../../shared/tunnel.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { CLOSE } from '../../shared/wire.ts';
import type { SocketServices } from '../api/browser-socket.ts';
import { BrowserSocket } from '../api/browser-socket.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { ApiEnv } from '../http/router.ts';
import type { TopicSink } from '../http/topics.ts';
import type { LinkListener, LinkSession } from '../link/link.ts';
import type { Log } from '../logger.ts';
import type { OutputTransport } from '../logs/viewers.ts';
import type { Lane } from '../loop-turns.ts';
import { inTurn, turns } from '../loop-turns.ts';
import type { Settings } from '../settings/settings.ts';
import type { Caller } from '../users/caller.ts';
import type { Grants } from '../users/grants.ts';
import type { Login } from '../users/login.ts';
import type { Webhooks } from '../workflows/webhooks.ts';
import { FrameCredit } from './frame-credit.ts';
import { answerLinkRequest } from './link-requests.ts';
import { News } from './news.ts';
import { Subscribers } from './subscribers.ts';
import { TunnelServer } from './tunnel-server.ts';

interface Connection {
  readonly socket: BrowserSocket;
  /** Its frames, in turns with what others send. */
  readonly lane: Lane;
  /** The size of those that wait. */
  held: number;
  readonly sid: string;
  readonly user_id: string;
  grant: string;
  address: string;
}

export interface EdgeTransportServices {
  api: { fetch(request: Request, env: ApiEnv['Bindings']): Response | Promise<Response> };
  grants: Grants;
  login: Login;
  settings: Pick<Settings, 'host_name' | 'onChange'>;
  /** The newest runs, oldest first: what the edge shows when we are away, brought up to date at each link. */
  recent(): RunSummary[];
  /** What the edge tells people while we are away. */
  alerts: { list(): HostAlert[]; onChange(listener: () => void): () => void };
  /** Another agent with this host's key was refused by the edge. */
  duplicate?(seen: Extract<EdgeControl, { type: 'duplicate' }>): void;
  /** The installation's other hosts, as the edge asks and hears of them. */
  hosts: Pick<
    Hosts,
    | 'atLink'
    | 'onSay'
    | 'takeDirectory'
    | 'takeHome'
    | 'handover'
    | 'memberAnswered'
    | 'presenceIs'
    | 'pair'
    | 'pairSecret'
    | 'pairWithdrawn'
    | 'memberGrant'
  >;
  /** What other services start by webhooks. */
  workflows: { webhooks: Pick<Webhooks, 'take' | 'job' | 'keptNames' | 'onKeptNames'> };
  log: Log;
}

/** A session that lives is not said to have ended: whoever logged in again would be refused again. */
function closeCodeFor(code: ErrorCode): number {
  switch (code) {
    case 'internal':
      return CLOSE.again;
    case 'clock_skew':
    case 'membership_over':
      return CLOSE.not_served;
    default:
      return CLOSE.session_ended;
  }
}

/** About how long a run's summary is on the link. */
const SUMMARY_BYTES = 500;

/**
 * The transport through the edge: browsers' sockets as virtual connections, and tunnelled HTTP. Whoever comes in shows a grant
 * that this host signed; it is checked here against this host's own tables, at the opening and at every frame after it.
 */
export class EdgeTransport implements LinkListener, OutputTransport, TopicSink {
  readonly #services: EdgeTransportServices;
  readonly #connections = new Map<string, Connection>();
  readonly #subscribers: Subscribers;
  readonly #watchedChanged: ((topic: string, watched: boolean) => void)[] = [];
  readonly #stopListening: (() => void)[];
  /** What the edge knows this host as, or learns at the next link. */
  #name: string;
  /** The hooks whose requests this edge keeps, as it was told with this link. */
  #keptHooks: string | null = null;
  #socketServices: SocketServices | null = null;
  #session: LinkSession | null = null;
  #tunnel: TunnelServer | null = null;
  #news: News | null = null;
  #credit = this.#newCredit(false);

  constructor(services: EdgeTransportServices) {
    this.#services = services;
    this.#subscribers = new Subscribers((topic, watched) => {
      for (const listener of this.#watchedChanged) listener(topic, watched);
    });
    this.#name = services.settings.host_name;
    this.#stopListening = [
      services.grants.onRevoked((sids, id) => this.#revoked(sids, id)),
      services.settings.onChange(() => this.#renamed(services.settings.host_name)),
      services.alerts.onChange(() => this.#sayAlerts()),
      services.workflows.webhooks.onKeptNames(() => this.#sayKeptHooks()),
      services.hosts.onSay((message) => this.#session?.control(message)),
    ];
  }

  /** The streams carry through this transport and the sockets watch them: the second half of the circle. Called once. */
  open(services: SocketServices, watchedChanged: (topic: string, watched: boolean) => void): void {
    this.#socketServices = services;
    this.#watchedChanged.push(watchedChanged);
  }

  close(): void {
    for (const stop of this.#stopListening) stop();
    this.down();
  }

  /** For `toru status`: browsers connected now. */
  get connections(): number {
    return this.#connections.size;
  }

  // LinkListener

  up(session: LinkSession): void {
    this.#session = session;
    this.#keptHooks = null;
    this.#credit = this.#newCredit(session.creditByUser);
    this.#news = new News((callback) => session.turn(callback));
    this.#services.grants.setInstallation(session.installation);
    this.#tunnel = new TunnelServer(
      { send: (request, frame) => session.binary(`h/${request}`, frame), turn: (callback) => session.turn(callback) },
      (head, body, signal) => this.#answer(head, body, signal),
    );
    // Before anything else: what ended while the edge could not be told.
    for (const { id, sids } of this.#services.grants.pendingRevocations()) session.control({ type: 'revoke', id, sids });
    for (const message of this.#services.hosts.atLink()) session.control(message);
    for (const run of this.#services.recent()) this.summary(run);
    this.#sayAlerts();
    this.#sayKeptHooks();
  }

  down(): void {
    this.#session = null;
    this.#tunnel?.close();
    this.#tunnel = null;
    this.#news = null;
    for (const conn of [...this.#connections.keys()]) this.#forget(conn);
  }

  control(message: EdgeControl): void {
    switch (message.type) {
      case 'welcome':
        return;
      case 'mark':
        return this.#session?.control({ type: 'arrived' });
      case 'open':
        return this.#opened(message);
      case 'grant': {
        const connection = this.#connections.get(message.conn);
        if (connection === undefined) return;
        return this.#guarded(message.conn, () => {
          requireUser(this.#services.grants.verify(message.grant, connection), connection.user_id);
          connection.grant = message.grant;
        });
      }
      case 'closed':
        return this.#left(message.conn);
      case 'duplicate':
        return this.#services.duplicate?.(message);
      case 'directory':
        return this.#services.hosts.takeDirectory(message);
      case 'home':
        return this.#services.hosts.takeHome(message.moves);
      case 'handover':
        return this.#services.hosts.memberAnswered(message);
      case 'presence':
        return this.#services.hosts.presenceIs(message);
      case 'revoked':
        return this.#services.grants.acknowledged(message.id);
      default:
        return unreachable(message);
    }
  }

  text(topic: string, payload: string): void {
    if (!topic.startsWith('c/')) return;
    const conn = topic.slice(2);
    const connection = this.#connections.get(conn);
    // Its `closed` and this frame crossed, or its `open` was refused: either way there is nobody to answer.
    if (connection === undefined) return this.#credit.stray(conn, payload.length);
    const { user_id, socket, lane } = connection;
    if (!this.#credit.take(user_id, conn, payload.length)) return socket.refuse(TOO_MUCH);
    connection.held += payload.length;
    lane.do(() => {
      connection.held -= payload.length;
      this.#credit.read(user_id, conn, payload.length);
      socket.receive(payload);
    });
  }

  binary(topic: string, payload: Uint8Array): void {
    if (topic.startsWith('h/')) this.#tunnel?.receive(topic.slice(2), payload);
  }

  // OutputTransport and TopicSink

  turn(callback: Turn): void {
    this.#session?.turn(callback);
  }

  publish(topic: string, frame: string | Utf8Text): void {
    this.#session?.text(`t/${topic}`, frame);
  }

  tell(topic: string, frame: string, about: string | null): void {
    this.#news?.tell(topic, { about, bytes: frame.length, send: () => this.publish(topic, frame) });
  }

  clear(topic: string): void {
    const session = this.#session;
    const left = this.#subscribers.clear(topic);
    if (left.size === 0 || session === null) return;
    if (session.clears) session.control({ type: 'clear', topic });
    else for (const conn of left) session.control({ type: 'leave', conn, topic });
  }

  watched(topic: string): boolean {
    return this.#subscribers.watched(topic);
  }

  summary(run: RunSummary): void {
    const send = (): void => this.#session?.control({ type: 'run', run });
    this.#news?.tell('control', { about: run.task_id, bytes: SUMMARY_BYTES, send });
  }

  #opened({ conn, sid, grant, address, protocol: theirs }: Extract<EdgeControl, { type: 'open' }>): void {
    const services = this.#socketServices;
    if (services === null || this.#connections.has(conn)) return;
    const protocol = agreeOn(theirs ?? PROTOCOL_VERSION);
    if (protocol === null)
      return this.#session?.control({ type: 'close', conn, code: CLOSE.reload, reason: 'this page is older than the host: reload it' });
    this.#guarded(conn, () => {
      const first = this.#services.grants.verify(grant, { sid });
      const socket = new BrowserSocket(
        services,
        {
          timed: true,
          send: (frame) => this.#session?.text(`c/${conn}`, frame),
          join: (topic) => {
            if (this.#subscribers.join(conn, topic)) this.#session?.control({ type: 'join', conn, topic });
          },
          leave: (topic) => {
            if (this.#subscribers.leave(conn, topic)) this.#session?.control({ type: 'leave', conn, topic });
          },
        },
        () => this.#callerOf(conn),
        protocol,
      );
      const lane = turns.lane(first.user_id);
      this.#connections.set(conn, { socket, lane, held: 0, sid, user_id: first.user_id, grant, address });
    });
  }

  /** Who is at this connection now. When the session is over, so is the connection. @throws ToruError session_expired */
  #callerOf(conn: string): Caller {
    const connection = this.#connections.get(conn);
    if (connection === undefined) throw new ToruError('session_expired', 'This connection is closed.');
    try {
      return requireUser(this.#services.grants.verify(connection.grant, connection), connection.user_id);
    } catch (error) {
      this.#shut(conn, error);
      throw error;
    }
  }

  #guarded(conn: string, step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#shut(conn, error);
    }
  }

  #shut(conn: string, thrown: unknown): void {
    const { code } = toToruError(thrown);
    if (code === 'internal') this.#services.log.error({ err: thrown }, 'a connection failed');
    this.#forget(conn);
    this.#session?.control({ type: 'close', conn, code: closeCodeFor(code), reason: code });
  }

  /** The browser left. What it said before is done first: a cancel, and then the page is closed. */
  #left(conn: string): void {
    const connection = this.#connections.get(conn);
    connection?.lane.do(() => {
      this.#forget(conn);
      this.#credit.end(connection.user_id, conn);
    });
  }

  #newCredit(byUser: boolean): FrameCredit {
    return new FrameCredit((conn, size) => this.#session?.control({ type: 'credit', conns: { [conn]: size } }), byUser);
  }

  #forget(conn: string): void {
    const connection = this.#connections.get(conn);
    if (connection === undefined) return;
    connection.socket.close();
    connection.lane.clear();
    if (connection.held > 0) this.#credit.read(connection.user_id, conn, connection.held);
    this.#connections.delete(conn);
    this.#subscribers.drop(conn);
  }

  #sayAlerts(): void {
    this.#session?.control({ type: 'alerts', alerts: this.#services.alerts.list() });
  }

  #sayKeptHooks(): void {
    if (this.#session === null) return;
    const names = this.#services.workflows.webhooks.keptNames();
    const list = JSON.stringify(names);
    if (list === this.#keptHooks) return;
    this.#keptHooks = list;
    this.#session.control({ type: 'kept_hooks', names });
  }

  #renamed(name: string): void {
    if (name === this.#name) return;
    this.#name = name;
    this.#session?.control({ type: 'name', name });
  }

  #revoked(sids: readonly string[], id: string): void {
    this.#session?.control({ type: 'revoke', id, sids: [...sids] });
    const ended = new Set(sids);
    for (const [conn, { sid }] of this.#connections)
      if (ended.has(sid)) this.#shut(conn, new ToruError('session_expired', 'The session ended.'));
  }

  async #answer(head: RequestHead, body: ReadableStream<Uint8Array> | null, signal: AbortSignal): Promise<Response> {
    if (head.path.startsWith('/link/')) return answerLinkRequest(this.#services, head, body);
    if (head.caller === null) throw new ToruError('unauthenticated', 'Log in first.');
    const caller = this.#services.grants.verify(head.caller.grant, head.caller);
    const request = new Request(`http://host${head.path}${head.query}`, {
      method: head.method,
      headers: head.headers,
      signal,
      // A body of these means nothing (RFC 9110, section 9.3.1), and a Request can't have one.
      ...(body === null || head.method === 'GET' || head.method === 'HEAD' ? {} : { body, duplex: 'half' }),
    });
    const lane = turns.lane(caller.user_id);
    const turn = <T>(work: () => T): Promise<T> => inTurn(lane, work);
    return await await turn(() => this.#services.api.fetch(request, { caller, turn }));
  }
}

const TOO_MUCH = new ToruError('too_many_requests', 'Too much of what you sent waits at the host. Wait for its answers.');

/** A connection is fixed to its session, which `verify` checks, and to its user. */
function requireUser(caller: Caller, user_id: string): Caller {
  if (caller.user_id !== user_id) throw new ToruError('unauthenticated', 'The grant belongs to another user.');
  return caller;
}
