import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** `up`: from whoever dialled to the server behind; `down`: back. */
export type Direction = 'up' | 'down';

/** Above this a direction stops reading, as a router with a full buffer would: a stall reaches the sender. */
const HELD_MAX = 256 * 1024;
/** What a line carries at once. What is lost of it is sent again after a while, and all that follows waits for it. */
const PACKET = 1448;
const SENT_AGAIN_MS = 250;

/**
 * A bad network between two parties over TCP: it can cut, stall each direction, delay, throttle and lose. What it does holds
 * for the connections that stand and for those to come, until it is taken back.
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

  /** @param share of the packets, 0 to 1. TCP sends them again: what is seen of a loss is a stall. */
  lose(direction: Direction, share: number): void {
    this.#conditions[direction].lost = share;
  }

  /** Bytes that are on their way now, of all connections: on the line and in the buffer before it. */
  held(direction: Direction): number {
    return [...this.#pairs].reduce((sum, pair) => sum + pair.held(direction), 0);
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
  lost: number;
}

function healthy(): Condition {
  return { stalled: false, delayMs: 0, bytesPerSecond: Number.POSITIVE_INFINITY, lost: 0 };
}

/** One connection: the dialled and the dialling half, and a pump for each direction. */
class Pair {
  readonly #client: Socket;
  readonly #server: Socket;
  readonly #pumps: Record<Direction, Pump>;
  readonly #gone: () => void;

  constructor(client: Socket, target: number | string, conditions: Record<Direction, Condition>, gone: () => void) {
    this.#client = client;
    this.#gone = gone;
    this.#server = typeof target === 'string' ? connect(target) : connect({ host: '127.0.0.1', port: target, noDelay: true });
    this.#pumps = { up: new Pump(client, this.#server, conditions.up), down: new Pump(this.#server, client, conditions.down) };
    for (const socket of [client, this.#server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        if (client.destroyed && this.#server.destroyed) gone();
      });
    }
  }

  cut(): void {
    for (const pump of Object.values(this.#pumps)) pump.stop();
    for (const socket of [this.#client, this.#server]) {
      // A Unix socket has no reset, and no address either.
      if (socket.connecting || socket.remoteAddress === undefined) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.#gone();
  }

  wake(): void {
    for (const pump of Object.values(this.#pumps)) pump.wake();
  }

  held(direction: Direction): number {
    return this.#pumps[direction].held;
  }
}

/**
 * Carries bytes from one socket to the other under a condition that may change at any time: first as fast as the line is,
 * then as late as it is long. Null stands for the end.
 */
class Pump {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #condition: Condition;
  readonly #waiting: (Buffer | null)[] = [];
  readonly #onLine: { bytes: Buffer | null; due: number }[] = [];
  #held = 0;
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

  get held(): number {
    return this.#held;
  }

  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#onLine.length = 0;
    this.#held = 0;
  }

  wake(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#pump();
  }

  #hold(bytes: Buffer | null): void {
    if (this.#ended || this.#stopped) return;
    this.#ended = bytes === null;
    this.#waiting.push(bytes);
    this.#held += bytes?.length ?? 0;
    if (this.#held > HELD_MAX) this.#from.pause();
    if (this.#timer === null) this.#pump();
  }

  #pump(): void {
    // A stalled direction is looked at again when the network is healed.
    if (this.#condition.stalled || this.#stopped) return;
    const now = performance.now();
    while (this.#freeAt <= now || this.#condition.bytesPerSecond === Number.POSITIVE_INFINITY) if (!this.#putOnLine(now)) break;
    for (let next = this.#onLine[0]; next !== undefined && next.due <= now; next = this.#onLine[0]) {
      if (this.#to.writableNeedDrain) return;
      this.#onLine.shift();
      if (next.bytes === null) return void this.#to.end();
      this.#held -= next.bytes.length;
      if (!this.#to.destroyed) this.#to.write(next.bytes);
      if (this.#held <= HELD_MAX) this.#from.resume();
    }
    const due = Math.min(
      this.#onLine[0]?.due ?? Number.POSITIVE_INFINITY,
      this.#waiting.length > 0 ? this.#freeAt : Number.POSITIVE_INFINITY,
    );
    if (due !== Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.wake(), Math.max(1, due - now));
  }

  /** @returns false when nothing waits. */
  #putOnLine(now: number): boolean {
    const next = this.#waiting.shift();
    if (next === undefined) return false;
    const { bytesPerSecond, delayMs, lost } = this.#condition;
    const free = bytesPerSecond === Number.POSITIVE_INFINITY && lost === 0;
    const bytes = next === null || free ? next : next.subarray(0, PACKET);
    if (bytes !== null && next !== null && bytes.length < next.length) this.#waiting.unshift(next.subarray(bytes.length));
    const begins = Math.max(this.#freeAt, now - 50);
    const again = lost > 0 && Math.random() < lost ? SENT_AGAIN_MS : 0;
    this.#freeAt = free ? now : begins + again + ((bytes?.length ?? 0) * 1000) / bytesPerSecond;
    this.#onLine.push({ bytes, due: Math.max(this.#freeAt, free ? 0 : begins) + delayMs });
    return true;
  }
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy does not listen on a port');
  return address.port;
}
