import { WebSocket } from 'ws';
import type { ClientFrameInput, ServerFrame } from '../../shared/browser-protocol.ts';
import { eventually } from './eventually.ts';
import type { Toru } from './toru.ts';

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

/** A browser without a page: cookies, Origin, HTTP and the WebSocket. */
export class Client {
  readonly origin: string;
  readonly #cookies = new Map<string, string>();
  readonly #sockets: TestSocket[] = [];

  /** @param origin where Toru is, as `http://127.0.0.1:<port>`. */
  constructor(origin: string) {
    this.origin = origin;
  }

  /** Logged in as the admin that the first start made, unless other credentials are given. */
  static async of(toru: Toru, username = toru.username, password = toru.password): Promise<Client> {
    const client = new Client(toru.url);
    const answer = await client.login(username, password);
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.text}`);
    return client;
  }

  login(username: string, password: string): Promise<Answer> {
    return this.http('POST', '/api/login', { username, password });
  }

  cookieHeader(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  }

  /** @param body sent as JSON. @param headers beside or instead of cookie, Origin and Sec-Fetch-Site. */
  async http(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.origin + path, {
      method,
      redirect: 'manual',
      headers: {
        origin: this.origin,
        'sec-fetch-site': 'same-origin',
        ...(this.#cookies.size > 0 ? { cookie: this.cookieHeader() } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString();
    return { status: response.status, headers: response.headers, bytes, text, json: () => JSON.parse(text) };
  }

  /** A socket after its `hello`. */
  async openSocket(headers: Record<string, string> = {}, path = '/api/ws'): Promise<TestSocket> {
    const ws = new WebSocket(this.origin.replace('http', 'ws') + path, {
      headers: { origin: this.origin, cookie: this.cookieHeader(), ...headers },
    });
    const socket = new TestSocket(ws);
    this.#sockets.push(socket);
    await socket.next('hello');
    return socket;
  }

  close(): void {
    for (const socket of this.#sockets) socket.close();
  }

  #keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.#cookies.delete(pair.slice(0, at));
    else this.#cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its assertions what it expects here.
  json(): any;
}

/** Longer than a script that is cancelled may take to end. */
const FRAMES_MS = 30_000;

/** Keeps every frame that came, in order, and acknowledges output as the page does, unless told not to. */
export class TestSocket {
  readonly frames: ServerFrame[] = [];
  readonly ws: WebSocket;
  autoAck = true;
  /** Set when the socket was closed. */
  closed: { code: number; reason: string } | null = null;
  #failure: Error | null = null;
  readonly #acked = new Map<string, number>();
  /** As the host last said it. */
  #window = 0;

  constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('message', (data) => this.#take(JSON.parse(String(data))));
    ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    ws.on('error', (error) => {
      this.#failure = error;
    });
  }

  send(frame: ClientFrameInput): void {
    this.ws.send(JSON.stringify(frame));
  }

  /** As it is: for what is no frame. */
  sendRaw(data: string | Uint8Array): void {
    this.ws.send(data);
  }

  /** Frames of one kind that came so far, of one run if its id is given. */
  of<T extends ServerFrame['type']>(type: T, taskId?: string): Frame<T>[] {
    const isOne = (frame: ServerFrame): frame is Frame<T> =>
      frame.type === type && (taskId === undefined || ('task_id' in frame && frame.task_id === taskId));
    return this.frames.filter(isOne);
  }

  /** The first frame of this kind (of this run) that came or comes, and for which `matches` holds. */
  async next<T extends ServerFrame['type']>(
    type: T,
    taskId?: string,
    matches: (frame: Frame<T>) => boolean = () => true,
  ): Promise<Frame<T>> {
    let found: Frame<T> | undefined;
    await this.eventually(`a frame ${type}${taskId === undefined ? '' : ` of ${taskId}`}`, () => {
      found = this.of(type, taskId).find(matches);
      return found !== undefined;
    });
    if (found === undefined) throw new Error('unreachable');
    return found;
  }

  /** `eventually` of a condition over all frames so far. @throws Error with the latest frames; when the socket closes. */
  async eventually(what: string, condition: (frames: ServerFrame[]) => boolean, limitMs = FRAMES_MS): Promise<void> {
    const look = (): true | string[] => {
      if (condition(this.frames)) return true;
      if (this.#failure) throw this.#failure;
      if (this.closed) throw new Error(`closed with ${this.closed.code} ${this.closed.reason} while waiting for ${what}`);
      return this.frames.slice(-10).map((frame) => JSON.stringify(frame).slice(0, 200));
    };
    await eventually(what, look, { holds: (seen) => seen === true, limitMs });
  }

  /** What a run has printed to this socket so far; both streams in the order in which they came, or one. */
  output(taskId: string, stream?: 'stdout' | 'stderr'): string {
    return this.frames
      .flatMap((frame) => (frame.type === 'stdout' || frame.type === 'stderr' ? [frame] : []))
      .filter((frame) => frame.task_id === taskId && (stream === undefined || frame.type === stream))
      .map((frame) => frame.data)
      .join('');
  }

  /** Starts a run and gives its id. */
  async run(what: { script: string; args?: string[] } | { action: string; inputs?: Record<string, unknown> }): Promise<string> {
    const request_id = crypto.randomUUID();
    this.send({ type: 'run', ...what, request_id });
    await this.eventually(`an answer to ${JSON.stringify(what)}`, (frames) =>
      frames.some((frame) => 'request_id' in frame && frame.request_id === request_id),
    );
    const answer = this.frames.find((frame) => 'request_id' in frame && frame.request_id === request_id);
    if (answer?.type !== 'started') throw new Error(`not started: ${JSON.stringify(answer)}`);
    return answer.task_id;
  }

  close(): void {
    this.ws.close();
  }

  #take(frame: ServerFrame): void {
    this.frames.push(frame);
    if ('window' in frame) this.#window = frame.window;
    if (!this.autoAck || (frame.type !== 'stdout' && frame.type !== 'stderr')) return;
    // As the page does: for a quarter of the window, not for every frame.
    const acked = this.#acked.get(frame.task_id) ?? 0;
    if (frame.cursor - acked < this.#window / 4) return;
    this.#acked.set(frame.task_id, frame.cursor);
    this.send({ type: 'ack', task_id: frame.task_id, cursor: frame.cursor });
  }
}
