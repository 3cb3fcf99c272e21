import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { unreachable } from '../shared/errors.ts';
import { networkOf } from '../shared/network-of.ts';
import { isLoopback } from '../shared/served-host.ts';
import { plainAddress } from './peer-address.ts';

/** Milliseconds, and connections at once. */
export interface ConnectionLimits {
  /** From the connection, or the first byte of a further request, until its head is whole. */
  headMs: number;
  /** Without a byte of a body that we would read, or of an answer that is taken. */
  stallMs: number;
  /** After our last byte, until the client has closed its side too. */
  closeMs: number;
  /** Between two requests. */
  idleMs: number;
  /** Of one address that is neither this machine's nor a trusted proxy's; an IPv6 network of 64 bits counts as one. */
  perNetwork: number;
  /** Of each of three kinds: this machine, trusted proxies, everybody else. None takes the places of another. */
  perKind: number;
  /** How often connections are looked at. */
  everyMs: number;
}

const LIMITS: ConnectionLimits = {
  headMs: 15_000,
  stallMs: 30_000,
  closeMs: 5000,
  idleMs: 65_000,
  perNetwork: 256,
  perKind: 2048,
  everyMs: 1000,
};
/** A body that comes slower than this over its whole time, after the first `stallMs`, is no upload. Bytes a second. */
const SLOWEST = 128;

interface Connection {
  readonly socket: Socket;
  /** Whose places it takes: its kind's, and those of its network, where that is counted. */
  readonly groups: readonly string[];
  /** The request that came last, until it and its answer are over. */
  asked: IncomingMessage | null;
  /** Requests that are not answered yet. */
  open: number;
  /** Bytes read when it was last idle; null before the first request. */
  readIdle: number | null;
  /** What moved in either direction, as of the last look. */
  moved: number;
  movedAt: number;
  owes: Debt | null;
  owedSince: number;
  /** Bytes read before the debt began. */
  readBefore: number;
}

/** What we wait for; null while we are the ones who work. `idle`: for nothing, between two requests. */
type Debt = 'head' | 'body' | 'answer' | 'end' | 'idle';

/**
 * Who holds a connection to the front. Whatever a client owes us has a deadline that destroys: Node's own wait for a client
 * that half-closed, and count a body by its whole time alone. And there are places: when they are taken, the connection
 * whose client has been silent for longest gives way, so that whoever asks something gets through a crowd that only holds on.
 * A WebSocket that the edge accepted has a session, whose sockets are counted there.
 */
export class ClientConnections {
  readonly #limits: ConnectionLimits;
  readonly #isProxy: (address: string) => boolean;
  readonly #all = new Map<Duplex, Connection>();
  readonly #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | null = null;

  constructor(isProxy: (address: string) => boolean, limits: Partial<ConnectionLimits> = {}) {
    this.#isProxy = isProxy;
    this.#limits = { ...LIMITS, ...limits };
  }

  get size(): number {
    return this.#all.size;
  }

  watch(server: Server): void {
    server.on('connection', (socket: Socket) => this.#add(socket));
    server.on('request', (request: IncomingMessage, answer: ServerResponse) => this.#began(request, answer));
    server.on('upgrade', (query: IncomingMessage) => this.#began(query, null));
  }

  /** It is gone, or became a WebSocket: no longer one of ours. */
  release(socket: Duplex): void {
    const connection = this.#all.get(socket);
    if (connection === undefined) return;
    this.#all.delete(socket);
    for (const group of connection.groups) {
      const left = (this.#counts.get(group) ?? 1) - 1;
      if (left > 0) this.#counts.set(group, left);
      else this.#counts.delete(group);
    }
    if (this.#all.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  #add(socket: Socket): void {
    const now = performance.now();
    const groups = this.#groupsOf(plainAddress(socket.remoteAddress ?? ''));
    const full = groups.find((group) => (this.#counts.get(group) ?? 0) >= this.#placesOf(group));
    if (full !== undefined && !this.#makeRoom(full, now)) {
      socket.destroy();
      return;
    }
    const times = { moved: 0, movedAt: now, owedSince: now, readBefore: 0 };
    this.#all.set(socket, { socket, groups, asked: null, open: 0, readIdle: null, owes: 'head', ...times });
    for (const group of groups) this.#counts.set(group, (this.#counts.get(group) ?? 0) + 1);
    socket.once('close', () => this.release(socket));
    this.#timer ??= setInterval(() => this.#look(), this.#limits.everyMs).unref();
  }

  #groupsOf(address: string): string[] {
    if (isLoopback(address.includes(':') ? `[${address}]` : address)) return ['own'];
    return this.#isProxy(address) ? ['proxies'] : [`network ${networkOf(address)}`, 'others'];
  }

  #placesOf(group: string): number {
    return group.startsWith('network ') ? this.#limits.perNetwork : this.#limits.perKind;
  }

  #began(request: IncomingMessage, answer: ServerResponse | null): void {
    const connection = this.#all.get(request.socket);
    if (connection === undefined) return;
    connection.asked = request;
    connection.open += 1;
    answer?.once('close', () => {
      connection.open -= 1;
      if (connection.open > 0 || !request.complete) return;
      connection.asked = null;
      connection.readIdle = request.socket.bytesRead;
    });
    this.#judge(connection, performance.now());
  }

  /** The client that has been silent for longest gives way, of those that we wait for. @returns false when there is none. */
  #makeRoom(group: string, now: number): boolean {
    let silent: Connection | null = null;
    for (const connection of this.#all.values()) {
      if (!connection.groups.includes(group)) continue;
      this.#judge(connection, now);
      if (connection.owes !== null && (silent === null || connection.movedAt < silent.movedAt)) silent = connection;
    }
    if (silent === null) return false;
    this.#destroy(silent);
    return true;
  }

  #look(): void {
    const now = performance.now();
    for (const connection of [...this.#all.values()]) {
      this.#judge(connection, now);
      if (this.#isLate(connection, now)) this.#destroy(connection);
    }
  }

  #isLate({ socket, owes, owedSince, movedAt, readBefore }: Connection, now: number): boolean {
    const { headMs, stallMs, closeMs, idleMs } = this.#limits;
    const owed = now - owedSince;
    switch (owes) {
      case null:
        return false;
      case 'idle':
        return owed > idleMs;
      case 'head':
        return owed > headMs;
      case 'end':
        return owed > closeMs;
      case 'body':
        return now - movedAt > stallMs || (owed > 2 * stallMs && ((socket.bytesRead - readBefore) * 1000) / owed < SLOWEST);
      case 'answer':
        return now - movedAt > stallMs;
      default:
        return unreachable(owes);
    }
  }

  /** What the client owes at this moment. */
  #judge(connection: Connection, now: number): void {
    const { socket } = connection;
    const moved = socket.bytesRead + socket.bytesWritten - socket.writableLength;
    if (moved !== connection.moved) {
      connection.moved = moved;
      connection.movedAt = now;
    }
    const owes = debtOf(connection);
    if (owes === connection.owes) return;
    connection.owes = owes;
    connection.owedSince = now;
    connection.readBefore = socket.bytesRead;
    connection.movedAt = now;
  }

  #destroy({ socket }: Connection): void {
    this.release(socket);
    socket.destroy();
  }
}

function debtOf({ socket, asked: request, open, readIdle }: Connection): Debt | null {
  if (socket.writableEnded || socket.readableEnded) return 'end';
  if (socket.writableLength > 0) return 'answer';
  if (request === null) return readIdle === null || socket.bytesRead > readIdle ? 'head' : 'idle';
  if (request.complete) return null;
  // Answered before it was whole: nobody waits for the rest.
  if (open === 0) return 'end';
  // What we hold ourselves, because the edge does not take it yet, is not the client's debt.
  return request.readableFlowing === true && request.readableLength === 0 ? 'body' : null;
}
