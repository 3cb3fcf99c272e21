import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** `up`: from whoever dialled to the server behind; `down`: back. */
export type Direction = 'up' | 'down';

/** Above this a direction stops reading, as a router with a full buffer would: a stall reaches the sender. */
const HELD_MAX = 256 * 1024;

/**
 * A bad network between two parties over TCP: it can cut, stall each direction, delay and throttle. What it does holds for
 * the connections that stand and for those to come, until it is taken back.
 */
export class FaultProxy {
  readonly #server: Server;
  readonly #port: number;
  readonly #pairs = new Set<Pair>();
  readonly #conditions: Record<Direction, Condition> = { up: healthy(), down: healthy() };
  #refusing = false;
  #accepted = 0;

  private constructor(server: Server, target: number | string) {
    this.#server = server;
    this.#port = portOf(server);
    server.on('connection', (client) => {
      this.#accepted += 1;
      if (this.#refusing) {
        client.on('error', () => undefined).resetAndDestroy();
        return;
      }
      const pair = new Pair(client, target, this.#conditions, () => this.#pairs.delete(pair));
      this.#pairs.add(pair);
    });
  }

  /** @param target a port on loopback, or a Unix socket. */
  static async before(target: number | string): Promise<FaultProxy> {
    const server = createServer({ noDelay: true, pauseOnConnect: true });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    return new FaultProxy(server, target);
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Connections that stand now. */
  get open(): number {
    return this.#pairs.size;
  }

  /** Connections that were ever tried. */
  get accepted(): number {
    return this.#accepted;
  }

  /** Breaks every connection, without a goodbye. New ones are let through. */
  cut(): void {
    for (const pair of [...this.#pairs]) pair.cut();
  }

  /** While refusing, a new connection is broken at once. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
  }

  /** Nothing gets through any more in this direction, an end neither; both sides believe that the connection stands. */
  stall(direction: Direction): void {
    this.#conditions[direction].stalled = true;
  }

  /** @param ms what each byte waits. */
  delay(direction: Direction, ms: number): void {
    this.#conditions[direction].delayMs = ms;
  }

  /** @param bytesPerSecond of each connection. */
  throttle(direction: Direction, bytesPerSecond: number): void {
    this.#conditions[direction].bytesPerSecond = bytesPerSecond;
  }

  /** A good network again; what was held back arrives. */
  heal(): void {
    this.#refusing = false;
    for (const direction of ['up', 'down'] as const) Object.assign(this.#conditions[direction], healthy());
    for (const pair of this.#pairs) pair.wake();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

interface Condition {
  stalled: boolean;
  delayMs: number;
  bytesPerSecond: number;
}

function healthy(): Condition {
  return { stalled: false, delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY };
}

/** One connection: the dialled and the dialling half, and a pump for each direction. */
class Pair {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pumps: readonly Pump[];
  readonly #gone: () => void;

  constructor(client: Socket, target: number | string, conditions: Record<Direction, Condition>, gone: () => void) {
    this.#client = client;
    this.#gone = gone;
    this.#server = typeof target === 'string' ? connect(target) : connect({ host: '127.0.0.1', port: target, noDelay: true });
    this.#pumps = [new Pump(client, this.#server, conditions.up), new Pump(this.#server, client, conditions.down)];
    for (const socket of [client, this.#server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (client.destroyed && this.#server.destroyed) gone();
      });
    }
  }

  cut(): void {
    for (const pump of this.#pumps) pump.stop();
    for (const socket of [this.#client, this.#server]) {
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.#gone();
  }

  wake(): void {
    for (const pump of this.#pumps) pump.wake();
  }
}

/** Carries bytes from one socket to the other under a condition that may change at any time. Null stands for the end. */
class Pump {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #condition: Condition;
  readonly #held: { bytes: Buffer | null; due: number }[] = [];
  #heldBytes = 0;
  #timer: NodeJS.Timeout | null = null;
  #freeAt = 0;
  #ended = false;
  #stopped = false;

  constructor(from: Socket, to: Socket, condition: Condition) {
    this.#from = from;
    this.#to = to;
    this.#condition = condition;
    from.on('data', (bytes: Buffer) => this.#hold(bytes));
    from.on('close', () => this.#hold(null));
    from.on('end', () => this.#hold(null));
    to.on('drain', () => this.wake());
    from.resume();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#held.length = 0;
  }

  wake(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pump();
  }

  #hold(bytes: Buffer | null): void {
    if (this.#ended || this.#stopped) return;
    this.#ended = bytes === null;
    this.#held.push({ bytes, due: performance.now() + this.#condition.delayMs });
    this.#heldBytes += bytes?.length ?? 0;
    if (this.#heldBytes > HELD_MAX) this.#from.pause();
    if (this.#timer === null) this.#pump();
  }

  #pump(): void {
    for (;;) {
      const next = this.#held[0];
      // A stalled direction is looked at again when the network is healed.
      if (next === undefined || this.#condition.stalled || this.#stopped) return;
      const wait = Math.max(next.due, this.#freeAt) - performance.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.wake(), wait);
        return;
      }
      if (this.#to.writableNeedDrain) return;
      this.#held.shift();
      if (next.bytes === null) {
        this.#to.end();
        return;
      }
      this.#heldBytes -= next.bytes.length;
      this.#freeAt = performance.now() + (next.bytes.length * 1000) / this.#condition.bytesPerSecond;
      if (!this.#to.destroyed) this.#to.write(next.bytes);
      if (this.#heldBytes <= HELD_MAX) this.#from.resume();
    }
  }
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port');
  return address.port;
}
