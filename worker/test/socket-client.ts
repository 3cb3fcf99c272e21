import { WebSocket } from 'ws';
import * as z from 'zod';
import type { Answer, TestEdge } from './edge.ts';
import { PUBLIC_ORIGIN } from './edge.ts';
import { Inbox } from './inbox.ts';

const frame = z.looseObject({ type: z.string() });
export type Frame = z.infer<typeof frame>;

export const SAME_ORIGIN = { origin: PUBLIC_ORIGIN };

/** The pairs of all Set-Cookie headers, as a Cookie header. */
export function cookiesOf(answer: Answer): string {
  return (answer.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ');
}

export function tryLogin(edge: TestEdge, username: string, password: string, headers: Record<string, string> = {}): Promise<Answer> {
  return edge.ask('/api/login', { method: 'POST', headers: { ...SAME_ORIGIN, ...headers }, body: JSON.stringify({ username, password }) });
}

/** @returns the Cookie header. */
export async function login(edge: TestEdge, username = 'admin', headers: Record<string, string> = {}): Promise<string> {
  const answer = await tryLogin(edge, username, 'right', headers);
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${answer.text}`);
  return cookiesOf(answer);
}

/** The sid of the session of these cookies. */
export async function sidOf(cookie: string): Promise<string> {
  const token = /toru_3000=([\w-]+)/.exec(cookie)?.[1] ?? '';
  return Buffer.from(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))).toString('hex');
}

/** `closeTimeout` (the types do not know it): workerd keeps a connection open for a while after both sides said Close. */
export const socketOptions = { perMessageDeflate: false, closeTimeout: 200 };

/** A browser's socket. */
export class BrowserSocket {
  readonly socket: WebSocket;
  readonly frames = new Inbox<Frame>();
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })));
    socket.on('error', () => undefined);
    socket.on('message', (data: Buffer, binary) =>
      this.frames.put(binary ? { type: 'binary', data: data.toString('hex') } : frame.parse(JSON.parse(data.toString()))),
    );
  }

  /** @throws `answered <status>` when the socket does not open. */
  static async open(
    edge: TestEdge,
    cookie: string,
    { path = '/api/ws', origin = PUBLIC_ORIGIN }: { path?: string; origin?: string } = {},
  ): Promise<BrowserSocket> {
    const headers = edge.frontHeaders({ cookie, ...(origin === '' ? {} : { origin }) });
    const socket = new WebSocket(`${edge.origin.replace('http', 'ws')}${path}`, { ...socketOptions, headers });
    const opened = new BrowserSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_request, response) => reject(new Error(`answered ${response.statusCode}`)));
    });
    return opened;
  }

  next(type: string): Promise<Frame> {
    return this.frames.take((said) => said.type === type);
  }

  send(said: unknown): void {
    this.socket.send(typeof said === 'string' ? said : JSON.stringify(said));
  }

  async stop(): Promise<void> {
    this.socket.close();
    await this.closed;
  }
}
