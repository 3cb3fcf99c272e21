import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import * as z from 'zod';
import { fromBase64Url, randomHex, toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { MAX_LINK_FRAME, OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../shared/limits.ts';
import type { LinkChallenge, LinkProof } from '../../shared/link-protocol.ts';
import {
  CONTROL,
  cutText,
  dialStatement,
  edgeControl,
  LINK_CLOSE,
  LINK_DIAL_HEADER,
  LINK_PATH,
  linkChallenge,
  linkStatement,
} from '../../shared/link-protocol.ts';
import { agreeOn } from '../../shared/protocol-version.ts';
import { isLoopback } from '../../shared/served-host.ts';
import type { Identity } from './identity.ts';
import { verifyWith } from './identity.ts';

/**
 * Where an edge is: `url` is what is dialled, at `socket` where the edge is of this machine; `origin` is what the proofs name.
 * They differ only behind a port of our own.
 */
export interface EdgeAddress {
  url: string;
  origin: string;
  socket?: string;
}

/** Which key the edge has to prove, see EdgePin. */
export interface KeyPin {
  readonly key: string | null;
  learn(key: string): void;
}

export interface HostSelf {
  /** The instance id. */
  id: string;
  name: string;
  version: string;
}

export interface Dialled {
  socket: WebSocket;
  installation: string;
  /** New at every link. */
  epoch: string;
  /** Does the edge know `clear`? */
  clears: boolean;
  /** Does it take credit of one connection for all of its user's? */
  creditByUser: boolean;
}

/** One attempt, with the reason in words that the owner of the host can act on. */
export class DialError extends Error {
  override name = 'DialError';
  /** Another agent with this host's key is linked, and alive. */
  readonly duplicate: boolean;
  /** The edge's time, in ms since 1970, where it refused ours. */
  readonly now: number | null;
  /** The edge does not know this host. */
  readonly unknownHost: boolean;

  constructor(message: string, options: { cause?: unknown; duplicate?: boolean; now?: number; unknownHost?: boolean } = {}) {
    super(message, { cause: options.cause });
    this.unknownHost = options.unknownHost ?? false;
    this.duplicate = options.duplicate ?? false;
    this.now = options.now ?? null;
  }
}

/** What one attempt needs beside the address. */
export interface DialOptions {
  identity: Identity;
  self: HostSelf;
  /** Random hex, one for as long as this process lives. */
  process: string;
  pin: KeyPin;
  /** What the edge's clock is ahead of ours, in ms. */
  clock: number;
  signal: AbortSignal;
}

const HANDSHAKE_MS = 15_000;

/**
 * A key of zeros, with which masking changes nothing and `ws` skips it: it took 30 % of the agent's CPU in a flood. Masks
 * protect proxies from bytes that a script or a web page chose (RFC 6455, section 10.3). What goes over TLS, or stays on this machine,
 * needs none; what a member of a home network says in clear has them.
 */
function noMask(key: Buffer): void {
  key.fill(0);
}

/**
 * Apart from its use, since the types of `ws` lack `closeTimeout`: how long an edge that said Close may leave the
 * connection open before we cut it and dial again. Their default of 30 s would be 30 s without a link.
 */
const SOCKET_OPTIONS = {
  maxPayload: MAX_LINK_FRAME,
  perMessageDeflate: false,
  handshakeTimeout: HANDSHAKE_MS,
  followRedirects: false,
  closeTimeout: 1000,
};

/**
 * Opens the link; both sides prove who they are: the host in its upgrade request, the edge in its challenge, the host once
 * more with the edge's nonce. Nothing about this host is said to an edge that did not prove the key that is pinned.
 * @param take gets the open link, and must listen to it before it returns: `ws` may deliver what came in the same packet
 * as the welcome in the same tick.
 * @returns what `take` returned. @throws DialError
 */
export function dial<T>(edge: EdgeAddress, options: DialOptions, take: (dialled: Dialled) => T): Promise<{ taken: T }> {
  const { identity, self, process, pin, clock, signal } = options;
  return new Promise((resolve, reject) => {
    const agent_nonce = randomHex(32);
    const { origin } = edge;
    const socket = open(edge, self.id, dialHeader(identity, { time: Date.now() + clock, agent_nonce, origin, host: self.id }));
    let challenged: LinkChallenge | null = null;

    const finish = (error: DialError | null, dialled?: Dialled): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.removeAllListeners();
      if (dialled !== undefined) return resolve({ taken: take(dialled) });
      // Without a listener, a late error of this socket would end the process.
      socket.on('error', () => undefined);
      socket.terminate();
      reject(error ?? new DialError('the link was not made'));
    };
    const onAbort = (): void => finish(new DialError('stopped'));
    const timer = setTimeout(
      () => finish(new DialError(`the edge at ${origin} did not finish the handshake in ${HANDSHAKE_MS / 1000} s`)),
      HANDSHAKE_MS,
    );
    signal.addEventListener('abort', onAbort);

    socket.on('error', (error) => finish(new DialError(`no connection to ${origin}: ${error.message}`, { cause: error })));
    socket.on('unexpected-response', (_request, response) => {
      readRefusal(response).then(
        (refused) => finish(refusedBy(origin, response.statusCode ?? 0, refused)),
        () => finish(null),
      );
    });
    socket.on('close', (code, reason) => finish(closedBy(origin, code, reason.toString())));
    socket.on('message', (data, binary) => {
      if (binary) return finish(new DialError('the edge sent bytes before its welcome'));
      const text = data.toString();
      if (challenged === null) {
        const challenge = linkChallenge.safeParse(parseJsonOrNull(text));
        if (!challenge.success) return finish(new DialError(`${origin} does not speak Toru’s link`));
        const { protocol, edge_nonce, installation } = challenge.data;
        if (agreeOn(protocol) === null) {
          return finish(new DialError(`${origin} speaks protocol ${protocol}, this host ${OLDEST_PROTOCOL} and newer. Update the edge.`));
        }
        const statement = linkStatement({ edge_nonce, agent_nonce, origin, installation, host: self.id });
        const doubt = doubtOf(challenge.data.edge, statement, origin, pin);
        if (doubt !== null) return finish(doubt);
        challenged = challenge.data;
        const signature = toBase64Url(identity.sign(purposed('link', statement)));
        const { id: host, name, version } = self;
        const proof: LinkProof = {
          type: 'proof',
          protocol: PROTOCOL_VERSION,
          host,
          name,
          version,
          windows: true,
          credit: true,
          marks: true,
          agent_nonce,
          origin,
          signature,
          process,
        };
        socket.send(JSON.stringify(proof));
        return;
      }
      const cut = cutText(text);
      const welcome = edgeControl.safeParse(cut?.topic === CONTROL ? parseJsonOrNull(cut.payload) : null);
      if (!welcome.success || welcome.data.type !== 'welcome')
        return finish(new DialError('the edge sent something else before its welcome'));
      const { epoch, clears = false, credit_by_user: creditByUser = false } = welcome.data;
      const { installation, edge: proven } = challenged;
      if (proven !== undefined) pin.learn(proven.key);
      finish(null, { socket, installation, epoch, clears, creditByUser });
    });
  });
}

function open(edge: EdgeAddress, host: string, dialled: string): WebSocket {
  const url = new URL(LINK_PATH, edge.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('host', host);
  const readable = url.protocol === 'ws:' && !isLoopback(url.hostname);
  const options = { ...SOCKET_OPTIONS, ...(readable ? {} : { generateMask: noMask }), headers: { [LINK_DIAL_HEADER]: dialled } };
  const { socket: path } = edge;
  return new WebSocket(url, path === undefined ? options : { ...options, createConnection: () => connect({ path }) });
}

function dialHeader(identity: Identity, message: { time: number; agent_nonce: string; origin: string; host: string }): string {
  return `${message.time}.${message.agent_nonce}.${toBase64Url(identity.sign(purposed('dial', dialStatement(message))))}`;
}

/** Why this edge is not the one that we know; null when it is, or when we know none and it proves what it says. */
function doubtOf(proof: LinkChallenge['edge'], statement: Uint8Array<ArrayBuffer>, origin: string, pin: KeyPin): DialError | null {
  const pinned = pin.key;
  if (proof === undefined) {
    if (pinned === null) return null;
    return new DialError(
      `${origin} did not prove the key that this host has pinned (${pinned}): it does not know this host’s key (after “toru key rotate”, ` +
        `set HOST_KEYS there), is an older edge, or somebody else’s. ${UNPIN}`,
    );
  }
  if (pinned !== null && pinned !== proof.key) {
    return new DialError(
      `${origin} has the key ${proof.key}, and this host has pinned ${pinned}: the edge was made again, or it is somebody else’s. ${UNPIN}`,
    );
  }
  const signed = verifyWith(fromBase64Url(proof.key), purposed('edge', statement), fromBase64Url(proof.signature));
  return signed ? null : new DialError(`${origin} did not prove its key ${proof.key}`);
}

const UNPIN = 'Nothing was said to it. If you changed the edge yourself, run: toru key unpin';

function closedBy(origin: string, code: number, reason: string): DialError {
  if (code === LINK_CLOSE.duplicate_host) {
    return new DialError(
      'another agent with this host’s key is linked, and alive. If this TORU_HOME is a copy, stop one of the two; if it is not, the key was stolen: run “toru key rotate”',
      { duplicate: true },
    );
  }
  return new DialError(`${origin} closed the link (${code}${reason.length > 0 ? `: ${reason}` : ''})`);
}

/** As many digits as the header of a dial may have: with a time beyond them no edge would know this host again. */
const dialTime = z.int().min(0).max(999_999_999_999_999);
const refusalBody = z.object({ error: z.object({ code: z.string(), now: dialTime.optional() }) });
const MAX_REFUSAL = 4096;

/** What an edge answers instead of a WebSocket, where it is Toru's. */
async function readRefusal(response: IncomingMessage): Promise<z.infer<typeof refusalBody>['error'] | null> {
  let text = '';
  for await (const part of response.setEncoding('utf8')) {
    text += String(part);
    if (text.length > MAX_REFUSAL) break;
  }
  const parsed = refusalBody.safeParse(parseJsonOrNull(text));
  return parsed.success ? parsed.data.error : null;
}

function refusedBy(origin: string, status: number, refused: { code: string; now?: number | undefined } | null): DialError {
  if (refused?.code === 'unknown_host' || status === 404)
    return new DialError(
      `${origin} does not know this host. Pair it: toru up ${origin} (where it is the edge’s only host: add what “toru key” prints to its HOST_KEYS)`,
      { unknownHost: refused?.code === 'unknown_host' },
    );
  if (refused?.code === 'clock_skew' && refused.now !== undefined) {
    return new DialError(`the clock of this host differs from that of ${origin} by more than a minute`, { now: refused.now });
  }
  return new DialError(`${origin} answered ${status} instead of opening a WebSocket`);
}
