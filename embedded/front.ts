import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders, Server, ServerResponse } from 'node:http';
import { Agent, createServer, request, STATUS_CODES } from 'node:http';
import type { BlockList, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream';
import { ToruError } from '../shared/errors.ts';
import { MAX_CLIENT_FRAME, MAX_LINK_FRAME } from '../shared/limits.ts';
import { LINK_DIAL_HEADER, LINK_PATH } from '../shared/link-protocol.ts';
import { isAmbiguousPath } from '../shared/raw-path.ts';
import { isServedHost } from '../shared/served-host.ts';
import { SOCKET_USER } from '../shared/wire.ts';
import { AnsweredSocket } from './answered-socket.ts';
import { BytePaces } from './byte-paces.ts';
import type { ConnectionLimits } from './client-connections.ts';
import { ClientConnections } from './client-connections.ts';
import { FrameCap } from './frame-cap.ts';
import { FramePace } from './frame-pace.ts';
import { answerPacked, isPackable, takesGzip } from './packed-answer.ts';
import { isTrusted, peerAddress, trustedProxies } from './peer-address.ts';
import { PouringSocket } from './pouring-socket.ts';

/**
 * After both Close frames workerd leaves the connection open until its object sleeps, 10 s or more (measured, 1.20260730),
 * and a browser says that its socket closed only when the connection does. So we end it this long after the client's Close.
 */
const CLOSE_MS = 250;

export interface FrontOptions {
  /** The Unix socket on which workerd listens, in a folder that nobody else may enter; null while it is not up. */
  upstream: () => string | null;
  /** What the Worker knows us by. New at every start. */
  token: string;
  /** Names beside loopback and IP addresses. */
  publicNames: readonly string[];
  /** Addresses and CIDRs of proxies, whose word on their client's address counts. None: every header is a client's. */
  trustedProxies?: readonly string[];
  /** Instead of those that ClientConnections has. */
  limits?: Partial<ConnectionLimits>;
}

/** As given, and what the front made of it once. */
type Front = Omit<FrontOptions, 'trustedProxies' | 'limits'> & { trusted: BlockList; connections: ClientConnections; bytes: BytePaces };

/**
 * The public port of the embedded edge. workerd believes whatever a client says of itself, its URL and address included,
 * so this stands before it: it checks the Host header and the raw path, strips what only Cloudflare or we may say, and
 * adds who asks. Bodies and sockets pass as streams.
 */
export function createFront({ trustedProxies: ranges = [], limits = {}, ...given }: FrontOptions): Server {
  const trusted = trustedProxies(ranges);
  const connections = new ClientConnections((address) => isTrusted(address, trusted), limits);
  const options: Front = { ...given, trusted, connections, bytes: new BytePaces() };
  // workerd closes a connection that was idle for 5 s: ours must be gone by then, or a request would meet the close.
  const agent = new Agent({ keepAlive: true, timeout: 2000 });
  const server = createServer({
    keepAliveTimeout: 65_000,
    requestTimeout: 30 * 60_000,
    // Anything else that asks to be upgraded (curl --http2 does) is answered as it stands.
    shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
  });
  connections.watch(server);
  server.on('request', (query, answer) => passRequest(options, agent, query, answer));
  server.on('upgrade', (wanted, socket, head) => passUpgrade(options, wanted, socket, head));
  // A client that speaks no HTTP gets Node's own 400; one that left needs nothing.
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  return server;
}

function passRequest(options: Front, agent: Agent, query: IncomingMessage, answer: ServerResponse): void {
  const to = admit(options, query);
  if (to instanceof ToruError) return refuse(answer, to);
  const { method = 'GET', url = '/' } = query;
  const hasBody = query.headers['content-length'] !== undefined || query.headers['transfer-encoding'] !== undefined;
  const pass = (over: Agent | null): void => {
    const way = over === null ? { createConnection: () => new AnsweredSocket().connect(to) } : { socketPath: to, agent: over };
    const passed = request({ ...way, method, path: url, headers: headersFor(options, query) });
    let reply: IncomingMessage | null = null;
    passed.on('response', (response) => {
      reply = response;
      const headers = answerHeaders(response.headers);
      if (isPackable(response)) {
        headers['vary'] = 'accept-encoding';
        if (takesGzip(query)) return answerPacked(response, answer, headers);
      }
      answer.writeHead(response.statusCode ?? 502, headers);
      return pipeline(response, answer, () => undefined);
    });
    passed.on('error', () => {
      if (answer.headersSent) answer.destroy();
      else if (passed.reusedSocket && !answer.destroyed) pass(null);
      else refuse(answer, starting());
    });
    // The client left before its answer was whole: without this the host would go on with what nobody waits for.
    answer.on('close', () => {
      if (reply?.complete !== true) passed.destroy();
    });
    if (hasBody) pipeline(query, passed, () => undefined);
    else passed.end();
  };
  // workerd ends a connection whose body it did not read, or whose answer broke off, and the next request on it would meet that
  // end. So bodies have one of their own, and only what may be asked twice takes one that was used, and another if that fails.
  pass(!hasBody && (method === 'GET' || method === 'HEAD') ? agent : null);
}

function passUpgrade(options: Front, query: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.on('error', () => socket.destroy());
  const to = admit(options, query);
  if (to instanceof ToruError) return refuseUpgrade(socket, to);
  const headers = { ...headersFor(options, query), connection: 'Upgrade', upgrade: 'websocket' };
  const upstream = new PouringSocket(to);
  const createConnection = (): Socket => upstream.socket;
  const passed = request({ createConnection, method: 'GET', path: query.url, headers });
  passed.on('upgrade', (response: IncomingMessage, _: Socket, first: Buffer) => {
    options.connections.release(socket);
    socket.write(headOf(response));
    socket.write(first);
    upstream.pourInto(socket);
    const cap = new FrameCap((isLink(query) ? MAX_LINK_FRAME : MAX_CLIENT_FRAME) + 1, () =>
      setTimeout(() => socket.end(), CLOSE_MS).unref(),
    );
    if (head.length > 0) socket.unshift(head);
    const user = response.headers[SOCKET_USER];
    // A member's link is no user's: it carries what a whole host prints, and the edge bounds what a host may have under way.
    passFrames(socket, cap, upstream.socket, typeof user === 'string' ? options.bytes.open(user) : null);
  });
  passed.on('response', (response) => {
    socket.write(headOf(response));
    pipeline(response, socket, () => undefined);
  });
  passed.on('error', () => refuseUpgrade(socket, starting()));
  socket.on('close', () => passed.destroy());
  passed.end();
}

/** So much of it is looked at before the next look at how many small frames there were. */
const PIECE = 4096;

/** What the client says, as far as the cap lets it; no faster than workerd takes it, and than its paces are. */
function passFrames(from: Duplex, cap: FrameCap, to: Socket, bytes: ReturnType<BytePaces['open']> | null): void {
  const pace = new FramePace(performance.now());
  let resting: NodeJS.Timeout | null = null;
  const pass = (chunk: Buffer): void => {
    to.cork();
    for (let at = 0; at < chunk.length && resting === null; at += PIECE) {
      const piece = chunk.subarray(at, at + PIECE);
      for (const part of cap.pass(piece)) to.write(part);
      const rest = Math.max(pace.pay(cap.takeSmall(), performance.now()), bytes?.pay(piece.length) ?? 0);
      if (rest === 0) continue;
      from.pause();
      resting = setTimeout(() => {
        resting = null;
        pass(chunk.subarray(at + PIECE));
        if (resting === null && !to.writableNeedDrain) from.resume();
      }, rest);
    }
    to.uncork();
    if (to.writableNeedDrain) from.pause();
  };
  from.on('data', (chunk: Buffer) => (resting === null ? pass(chunk) : from.unshift(chunk)));
  to.on('drain', () => {
    if (resting === null) from.resume();
  });
  from.on('end', () => to.end());
  from.on('close', () => {
    if (resting !== null) clearTimeout(resting);
    bytes?.close();
    to.destroy();
  });
}

/** Where to pass it on, or why not. */
function admit({ upstream, publicNames }: Front, { url = '', headers, rawHeaders }: IncomingMessage): string | ToruError {
  // Node takes the first of several; a proxy before us may have looked at another.
  if (rawHeaders.filter((name, at) => at % 2 === 0 && name.toLowerCase() === 'host').length > 1)
    return new ToruError('bad_request', 'A request has one Host header.');
  if (!isServedHost(headers.host ?? '', publicNames.join(','))) {
    return new ToruError('bad_host', 'This edge is not reached under that name. Add it to TORU_ALLOWED_HOSTS if it should be.');
  }
  // workerd tidies a path up before the Worker sees it, so only here it can be judged as it came.
  if (!url.startsWith('/') || isAmbiguousPath(url.replace(/[?#].*$/s, ''))) {
    return new ToruError('bad_path', 'That path has an encoded or empty part where none belongs.');
  }
  // Miniflare's own addresses, made for developers.
  if (/^\/cdn-cgi(?:[/?]|$)/i.test(url)) return new ToruError('not_found', 'There is nothing at this address.');
  return upstream() ?? starting();
}

/** What only Cloudflare or this front may say; and extensions, which would hide a frame's length from us. */
const STRIPPED = /^(?:cf-|x-forwarded-|x-toru-|proxy-)|^(?:forwarded|x-real-ip|true-client-ip|sec-websocket-extensions)$/;
/** Of one connection, not of what passes over it (RFC 9110, section 7.6.1). Node sets its own. */
const HOP_BY_HOP: ReadonlySet<string> = new Set(['connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade']);

/** Does the agent of another machine dial, a member? It says who it is in a header of the link's own, with a signature. */
function isLink({ url = '' }: IncomingMessage): boolean {
  return url.replace(/[?#].*$/s, '') === LINK_PATH;
}

function headersFor({ token, trusted }: Front, query: IncomingMessage): OutgoingHttpHeaders {
  const { headers } = query;
  const dialled = isLink(query) ? headers[LINK_DIAL_HEADER] : undefined;
  // What is packed is packed here (packed-answer.ts): of what workerd packs the length is lost, by which a reader sees that a download broke off.
  const kept = Object.entries(headers).filter(([name]) => !STRIPPED.test(name) && !HOP_BY_HOP.has(name) && name !== 'accept-encoding');
  const dial = dialled === undefined ? {} : { [LINK_DIAL_HEADER]: dialled };
  return { ...Object.fromEntries(kept), ...dial, 'x-toru-front': token, 'x-toru-peer': peerAddress(query, trusted) };
}

function answerHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !HOP_BY_HOP.has(name) && !name.startsWith('cf-')));
}

function headOf(response: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${response.statusCode ?? 502} ${response.statusMessage ?? ''}`];
  for (let i = 0; i + 1 < response.rawHeaders.length; i += 2)
    if (response.rawHeaders[i]?.toLowerCase() !== SOCKET_USER) lines.push(`${response.rawHeaders[i]}: ${response.rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function starting(): ToruError {
  return new ToruError('busy', 'The edge is starting. Try again in a moment.');
}

function refuse(answer: ServerResponse, error: ToruError): void {
  answer.writeHead(error.status, refusalHeaders(error)).end(JSON.stringify(error.toBody()));
}

function refuseUpgrade(socket: Duplex, error: ToruError): void {
  const headers = { ...refusalHeaders(error), connection: 'close' };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}\r\n${lines.join('\r\n')}\r\n\r\n${JSON.stringify(error.toBody())}`);
}

function refusalHeaders(error: ToruError): Record<string, string> {
  return {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(error.code === 'busy' ? { 'retry-after': '1' } : {}),
  };
}
