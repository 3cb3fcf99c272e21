import type { AddressInfo } from 'node:net';
import type { RawData } from 'ws';
import { WebSocket, WebSocketServer } from 'ws';

export type Message = string | Buffer;

/** What becomes of a message on its way: none, one, or several in its place. */
export type Meddle = (message: Message) => Message[];

const asItIs: Meddle = (message) => [message];

/**
 * Stands between an agent and its edge and understands their messages: it can repeat, reorder and swallow them, and say
 * things of its own to either side.
 */
export class FrameProxy {
  readonly #server: WebSocketServer;
  readonly #target: string;
  #agent: WebSocket | null = null;
  #edge: WebSocket | null = null;
  /** From the agent to the edge. */
  up: Meddle = asItIs;
  /** From the edge to the agent. */
  down: Meddle = asItIs;
  /** Links that the agent has dialled. */
  links = 0;

  private constructor(server: WebSocketServer, target: string) {
    this.#server = server;
    this.#target = target;
    server.on('connection', (agent, request) => this.#join(agent, request.url ?? '/', request.headers.host ?? ''));
  }

  /** @param target the edge, as the agent would dial it. */
  static async before(target: string): Promise<FrameProxy> {
    const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
    await new Promise((resolve) => server.once('listening', resolve));
    return new FrameProxy(server, target);
  }

  get url(): string {
    const address: AddressInfo | string | null = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port');
    return `http://127.0.0.1:${address.port}`;
  }

  /** A lie, in the edge's name. */
  tellAgent(message: Message): void {
    this.#agent?.send(message);
  }

  /** A lie, in the agent's name. */
  tellEdge(message: Message): void {
    this.#edge?.send(message);
  }

  /** Breaks the agent's link, and nobody else's. */
  cut(): void {
    this.#agent?.terminate();
  }

  async close(): Promise<void> {
    for (const socket of this.#server.clients) socket.terminate();
    this.#edge?.terminate();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(agent: WebSocket, path: string, host: string): void {
    this.links += 1;
    // The proof names the address that was dialled: the edge has to see the same.
    const edge = new WebSocket(this.#target.replace('http', 'ws') + path, { headers: { host }, perMessageDeflate: false });
    this.#agent = agent;
    this.#edge = edge;
    const early: { data: RawData; binary: boolean }[] = [];
    edge.on('open', () => {
      for (const { data, binary } of early) carry(data, binary, this.up, edge);
      early.length = 0;
    });
    agent.on('message', (data, binary) => {
      if (edge.readyState === WebSocket.CONNECTING) early.push({ data, binary });
      else carry(data, binary, this.up, edge);
    });
    edge.on('message', (data, binary) => carry(data, binary, this.down, agent));
    for (const [one, other] of [
      [agent, edge],
      [edge, agent],
    ] as const) {
      one.on('error', () => undefined);
      one.on('close', () => other.terminate());
    }
  }
}

function carry(data: RawData, binary: boolean, meddle: Meddle, to: WebSocket): void {
  const bytes = Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
  for (const message of meddle(binary ? bytes : bytes.toString())) if (to.readyState === WebSocket.OPEN) to.send(message);
}
