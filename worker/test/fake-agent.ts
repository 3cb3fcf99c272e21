import { randomBytes, randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import type { ErrorCode } from '../../shared/errors.ts';
import { ERROR_STATUS } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import type { AgentControl, EdgeControl, LinkChallenge } from '../../shared/link-protocol.ts';
import {
  binaryMessage,
  CONTROL,
  cutBinary,
  cutText,
  dialStatement,
  edgeControl,
  LINK_PATH,
  linkChallenge,
  linkStatement,
  textMessage,
} from '../../shared/link-protocol.ts';
import type { FrameKind, RequestHead } from '../../shared/tunnel.ts';
import { creditOf, decodeFrame, encodeCredit, encodeFrame, encodeJson, requestHead } from '../../shared/tunnel.ts';
import type { TestEdge, TestHostKey } from './edge.ts';
import { Inbox } from './inbox.ts';
import { socketOptions } from './socket-client.ts';

export interface ProofChanges {
  key?: TestHostKey;
  origin?: string;
  nonce?: string;
  host?: string;
  protocol?: number;
  /** That it says what it read of browsers' frames. */
  credit?: boolean;
  /** That it answers marks; it does so while `reads` is true. */
  marks?: boolean;
  process?: string;
}

/** LINK_DIAL_HEADER of that host. @param time in ms since 1970. */
export function dialHeader(edge: TestEdge, host: TestHostKey, time = Date.now(), agent_nonce = randomBytes(32).toString('hex')): string {
  const statement = dialStatement({ time, agent_nonce, origin: edge.origin, host: host.id });
  return `${time}.${agent_nonce}.${Buffer.from(host.sign(purposed('dial', statement))).toString('base64url')}`;
}

/** One tunnelled request, as the agent sees it. */
export class FakeRequest {
  readonly id: string;
  readonly head: RequestHead;
  readonly frames = new Inbox<{ kind: FrameKind; bytes: Uint8Array }>();
  readonly #send: (frame: Uint8Array) => void;
  #credit = 1024 * 1024;

  constructor(id: string, head: RequestHead, send: (frame: Uint8Array) => void) {
    this.id = id;
    this.head = head;
    this.#send = send;
  }

  send(kind: FrameKind, bytes?: Uint8Array): void {
    this.#send(encodeFrame(kind, bytes));
  }

  sendHead(status: number, headers: [string, string][], body: boolean): void {
    this.#send(encodeJson('head', { status, headers, body }));
  }

  answer(status: number, body: unknown, headers: [string, string][] = [['content-type', 'application/json']]): void {
    this.sendHead(status, headers, body !== null);
    if (body === null) return;
    this.send('data', Buffer.from(JSON.stringify(body)));
    this.send('end');
  }

  refuse(code: ErrorCode): void {
    this.answer(ERROR_STATUS[code], { error: { code, message: code } });
  }

  /** The whole body, giving credit as it comes. */
  async body(): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    for (;;) {
      const frame = await this.frames.take(({ kind }) => kind === 'data' || kind === 'end');
      if (frame.kind === 'end') return Buffer.concat(parts);
      parts.push(frame.bytes);
      this.#send(encodeCredit(frame.bytes.length));
    }
  }

  /** Sends bytes as far as the credit goes. */
  async stream(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      while (this.#credit < 65_536) this.#credit += creditOf((await this.frames.take(({ kind }) => kind === 'credit')).bytes);
      const part = bytes.subarray(at, at + 65_536);
      this.#credit -= part.length;
      this.send('data', part);
      at += part.length;
    }
    this.send('end');
  }
}

/** An agent that speaks the link, with a real key and nothing behind it. */
export class FakeAgent {
  readonly socket: WebSocket;
  readonly controls = new Inbox<EdgeControl>();
  readonly texts = new Inbox<{ topic: string; payload: string }>();
  /** Requests that the handler did not take. */
  readonly requests = new Inbox<FakeRequest>();
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly host: TestHostKey;
  installation = '';
  challenge = '';
  /** The proof of the edge. */
  edge: LinkChallenge['edge'];
  /** The newest that the edge speaks, as it says. */
  protocol = 0;
  readonly #requests = new Map<string, FakeRequest>();
  /** Does it answer when another one comes with its key? */
  alive = false;
  /** Does it answer marks? */
  reads = true;
  /** Gets each request first. True: it was answered. */
  handle: (request: FakeRequest) => boolean = (request) => this.answerLogin(request);

  private constructor(socket: WebSocket, host: TestHostKey) {
    this.socket = socket;
    this.host = host;
    this.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    socket.on('error', () => undefined);
  }

  /** Opens a socket at the agent's socket and waits for the challenge. @throws when the socket is refused. */
  static async knock(edge: TestEdge, host: TestHostKey = edge.host, headers: Record<string, string> = {}): Promise<FakeAgent> {
    const socket = new WebSocket(`${edge.origin.replace('http', 'ws')}${LINK_PATH}?host=${host.id}`, { ...socketOptions, headers });
    const agent = new FakeAgent(socket, host);
    const first = await new Promise<string>((resolve, reject) => {
      socket.once('message', (data) => resolve(data.toString()));
      socket.once('unexpected-response', (_request, response) => reject(new Error(`answered ${response.statusCode}`)));
    });
    const { edge_nonce, installation, protocol, edge: proof } = linkChallenge.parse(JSON.parse(first));
    agent.edge = proof;
    agent.protocol = protocol;
    agent.challenge = edge_nonce;
    agent.installation = installation;
    socket.on('message', (data: Buffer, binary) => agent.#receive(data, binary));
    return agent;
  }

  /** Knocks and proves. */
  static async link(edge: TestEdge, host: TestHostKey = edge.host, changes: ProofChanges = {}): Promise<FakeAgent> {
    const agent = await FakeAgent.knock(edge, host);
    agent.prove(edge, changes);
    await agent.controls.take(({ type }) => type === 'welcome');
    return agent;
  }

  /** @param changes what is wrong with this proof. */
  prove(edge: TestEdge, changes: ProofChanges = {}): void {
    const {
      key = this.host,
      origin = edge.origin,
      nonce = this.challenge,
      host = this.host.id,
      protocol = 1,
      credit,
      marks,
      process,
    } = changes;
    const agent_nonce = randomBytes(32).toString('hex');
    const statement = linkStatement({ edge_nonce: nonce, agent_nonce, origin, installation: this.installation, host });
    const signature = Buffer.from(key.sign(purposed('link', statement))).toString('base64url');
    this.socket.send(
      JSON.stringify({
        type: 'proof',
        protocol,
        host,
        name: 'test host',
        version: '1.2.3',
        agent_nonce,
        origin,
        signature,
        credit,
        marks,
        process,
      }),
    );
  }

  control(message: AgentControl): void {
    this.text(CONTROL, JSON.stringify(message));
  }

  text(topic: string, payload: string): void {
    this.socket.send(textMessage(topic, payload));
  }

  binary(topic: string, payload: Uint8Array): void {
    this.socket.send(binaryMessage(topic, payload));
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.closed;
  }

  /** Everyone whose password is "right" is let in; `client…` are clients, the others admins. */
  answerLogin(request: FakeRequest): boolean {
    if (request.head.path === '/link/logout') {
      request.answer(204, null);
      return false;
    }
    if (request.head.path === '/link/alive' && this.alive) {
      request.answer(204, null);
      return true;
    }
    if (request.head.path !== '/link/login') return false;
    void request.body().then((body) => {
      const { username, password } = JSON.parse(body.toString());
      if (password !== 'right') return request.refuse('invalid_credentials');
      request.answer(200, { grant: fakeGrant(), user: userOf(username), auth_time: Date.now(), expires_at: Date.now() + 3_600_000 });
    });
    return true;
  }

  #control(message: EdgeControl): void {
    if (message.type === 'mark' && this.reads) this.control({ type: 'arrived' });
    else this.controls.put(message);
  }

  #receive(data: Buffer, binary: boolean): void {
    if (!binary) {
      const cut = cutText(data.toString());
      if (cut === null) return;
      if (cut.topic === CONTROL) this.#control(edgeControl.parse(JSON.parse(cut.payload)));
      else this.texts.put(cut);
      return;
    }
    const cut = cutBinary(data);
    const frame = cut === null ? null : decodeFrame(cut.payload);
    if (cut === null || frame === null) return;
    const id = cut.topic.slice(2);
    if (frame.kind !== 'head') {
      this.#requests.get(id)?.frames.put(frame);
      return;
    }
    const head = requestHead.parse(JSON.parse(Buffer.from(frame.bytes).toString()));
    const request = new FakeRequest(id, head, (bytes) => this.binary(cut.topic, bytes));
    this.#requests.set(id, request);
    if (!this.handle(request)) this.requests.put(request);
  }
}

export function fakeGrant(): string {
  return `${randomBytes(40).toString('base64url')}.${randomBytes(64).toString('base64url')}`;
}

const users = new Map<string, string>();

export function userOf(username: string): { id: string; username: string; role: 'admin' | 'client' } {
  const id = users.get(username) ?? randomUUID();
  users.set(username, id);
  return { id, username, role: username.startsWith('client') ? 'client' : 'admin' };
}
