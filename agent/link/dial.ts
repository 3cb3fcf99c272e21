import { WebSocket } from 'ws';
import { randomHex, toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { parseJsonOrNull } from '../../shared/json.ts';
import { MAX_LINK_FRAME, OLDEST_PROTOCOL, PROTOCOL_VERSION } from '../../shared/limits.ts';
import { CONTROL, cutText, edgeControl, LINK_PATH, linkChallenge, linkStatement } from '../../shared/link-protocol.ts';
import { agreeOn } from '../../shared/protocol.ts';
import type { Identity } from './identity.ts';

/** Where an edge is: `url` is what is dialled, `origin` what the proof names. They differ only behind a port of our own. */
export interface EdgeAddress {
  url: string;
  origin: string;
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
}

/** One attempt, with the reason in words that the owner of the host can act on. */
export class DialError extends Error {
  override name = 'DialError';
}

const HANDSHAKE_MS = 15_000;

/**
 * A key of zeros, with which masking changes nothing and `ws` skips it: it took 30 % of the agent's CPU in a flood. Masks
 * protect proxies from bytes that a web page chose (RFC 6455, section 10.3); ours go over TLS, or stay on this machine.
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
  generateMask: noMask,
};

/**
 * Opens the link and proves who we are: one challenge, one proof, one welcome.
 * @param take gets the open link, and must listen to it before it returns: `ws` may deliver what came in the same packet
 * as the welcome in the same tick.
 * @returns what `take` returned. @throws DialError
 */
export function dial<T>(
  edge: EdgeAddress,
  identity: Identity,
  self: HostSelf,
  signal: AbortSignal,
  take: (dialled: Dialled) => T,
): Promise<{ taken: T }> {
  return new Promise((resolve, reject) => {
    const url = new URL(LINK_PATH, edge.url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('host', self.id);
    const socket = new WebSocket(url, SOCKET_OPTIONS);
    let installation: string | null = null;

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
      () => finish(new DialError(`the edge at ${edge.origin} did not finish the handshake in ${HANDSHAKE_MS / 1000} s`)),
      HANDSHAKE_MS,
    );
    signal.addEventListener('abort', onAbort);

    socket.on('error', (error) => finish(new DialError(`no connection to ${edge.origin}: ${error.message}`, { cause: error })));
    socket.on('unexpected-response', (_request, response) => {
      finish(
        new DialError(
          response.statusCode === 404
            ? `${edge.origin} does not know this host. Add what “toru key” prints to its HOST_KEYS.`
            : `${edge.origin} answered ${response.statusCode} instead of opening a WebSocket`,
        ),
      );
    });
    socket.on('close', (code, reason) =>
      finish(new DialError(`${edge.origin} closed the link (${code}${reason.length > 0 ? `: ${reason.toString()}` : ''})`)),
    );
    socket.on('message', (data, binary) => {
      if (binary) return finish(new DialError('the edge sent bytes before its welcome'));
      const text = data.toString();
      if (installation === null) {
        const challenge = linkChallenge.safeParse(parseJsonOrNull(text));
        if (!challenge.success) return finish(new DialError(`${edge.origin} does not speak Toru’s link`));
        if (agreeOn(challenge.data.protocol) === null) {
          const { protocol } = challenge.data;
          return finish(
            new DialError(`${edge.origin} speaks protocol ${protocol}, this host ${OLDEST_PROTOCOL} and newer. Update the edge.`),
          );
        }
        installation = challenge.data.installation;
        const agentNonce = randomHex(32);
        const said = { edge_nonce: challenge.data.edge_nonce, agent_nonce: agentNonce, origin: edge.origin, installation, host: self.id };
        const signature = toBase64Url(identity.sign(purposed('link', linkStatement(said))));
        socket.send(
          JSON.stringify({
            type: 'proof',
            protocol: PROTOCOL_VERSION,
            host: self.id,
            name: self.name,
            version: self.version,
            windows: true,
            credit: true,
            agent_nonce: agentNonce,
            origin: edge.origin,
            signature,
          }),
        );
        return;
      }
      const cut = cutText(text);
      const welcome = edgeControl.safeParse(cut?.topic === CONTROL ? parseJsonOrNull(cut.payload) : null);
      if (!welcome.success || welcome.data.type !== 'welcome')
        return finish(new DialError('the edge sent something else before its welcome'));
      const { epoch, clears = false } = welcome.data;
      finish(null, { socket, installation, epoch, clears });
    });
  });
}
