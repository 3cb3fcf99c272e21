import type { Socket } from 'node:net';
import { LineSplitter } from '../../shared/line-splitter.ts';
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
    const lines = splitLines(receive);
    socket.on('data', (chunk: Buffer) => {
      try {
        lines(chunk);
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

/**
 * Cuts a stream of bytes into lines of text.
 * @returns takes the next bytes; throws BadLine when a line is longer than a message may be.
 */
export function splitLines(take: (line: string) => void): (chunk: Uint8Array) => void {
  const utf8 = new TextDecoder();
  const refuse = (): never => {
    throw new BadLine(`a line is longer than ${MAX_MESSAGE_BYTES} bytes`);
  };
  const lines = new LineSplitter(MAX_MESSAGE_BYTES, (line, cut) => (cut ? refuse() : take(utf8.decode(line))));
  return (chunk) => {
    lines.push(chunk);
    if (lines.overlong) refuse();
  };
}
