import type { Socket } from 'node:net';
import type { Message } from './protocol.ts';
import { MAX_MESSAGE_BYTES } from './protocol.ts';

/** A message without its time, which is added when it is sent. */
export type Untimed<M> = M extends Message<infer Type, infer Payload> ? { type: Type; request_id: string; payload: Payload } : never;

/** A line that is too long, or that is no message. It ends the connection: what follows it can't be trusted. */
export class BadLine extends Error {
  override name = 'BadLine';
}

/** One side of the socket: a JSON object a line, either way. */
export class Connection<Out> {
  readonly #socket: Socket;
  readonly #gone = new AbortController();
  #waiters: (() => void)[] = [];
  /** Sees each line that goes out. */
  sent: ((line: string) => void) | null = null;

  /** @param receive one line without its newline. What it throws ends the connection. */
  constructor(socket: Socket, receive: (line: string) => void) {
    this.#socket = socket;
    const lines = new Lines((line) => receive(line));
    socket.on('data', (chunk: Buffer) => {
      try {
        lines.write(chunk);
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('drain', () => this.#wake());
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the connection is closed')));
  }

  /** Aborts when the connection is over; the reason is an Error. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Bytes that wait to be written. */
  get waiting(): number {
    return this.#socket.writableLength;
  }

  /** Queues a message. To a connection that is over it is dropped. @throws RangeError when it is longer than a line may be. */
  send({ type, request_id, payload }: Untimed<Out>): void {
    const line = `${JSON.stringify({ type, timestamp: new Date().toISOString(), request_id, payload })}\n`;
    if (line.length > MAX_MESSAGE_BYTES / 4 && Buffer.byteLength(line) > MAX_MESSAGE_BYTES + 1) {
      throw new RangeError(`This message is larger than the ${MAX_MESSAGE_BYTES} bytes that one may have.`);
    }
    if (this.#gone.signal.aborted) return;
    this.sent?.(line.trimEnd());
    this.#socket.write(line);
  }

  /** Resolves when the socket has room again; also when it is gone, for then nothing is queued. */
  room(): Promise<void> {
    if (!this.#socket.writableNeedDrain || this.#gone.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Writes what is queued, and closes. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed) resolve();
      else this.#socket.end(resolve);
    });
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }

  #end(reason: Error): void {
    if (!this.#gone.signal.aborted) this.#gone.abort(reason);
    this.#wake();
  }
}

/** Cuts a stream of bytes into lines. Keeps at most one line of the largest size. */
export class Lines {
  readonly #take: (line: string) => void;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  /** @throws BadLine for one that is too long. */
  write(chunk: Buffer): void {
    let rest = chunk;
    for (let at = rest.indexOf(0x0a); at !== -1; at = rest.indexOf(0x0a)) {
      this.#add(rest.subarray(0, at));
      const line = Buffer.concat(this.#parts).toString('utf8');
      this.#parts = [];
      this.#length = 0;
      rest = rest.subarray(at + 1);
      this.#take(line);
    }
    if (rest.length > 0) this.#add(rest);
  }

  #add(part: Buffer): void {
    this.#length += part.length;
    if (this.#length > MAX_MESSAGE_BYTES) throw new BadLine(`a line is longer than ${MAX_MESSAGE_BYTES} bytes`);
    this.#parts.push(part);
  }
}
