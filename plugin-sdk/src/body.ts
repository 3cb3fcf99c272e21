import type { InlineBody } from './protocol.ts';
import { BODY_WINDOW, MAX_BODY_CHUNK, MAX_INLINE_BODY } from './protocol.ts';

/** Bytes as a message carries them whole: text where they are UTF-8, base64 elsewhere. */
export function inlineOf(bytes: Uint8Array): InlineBody {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { body: Buffer.from(bytes).toString('base64'), encoding: 'base64' };
  }
}

/** @returns null when there is no body in it. */
export function bytesOf({ body, encoding }: Partial<InlineBody>): Uint8Array<ArrayBuffer> | null {
  return body === undefined ? null : new Uint8Array(Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8'));
}

/** A body that arrives piece by piece, as a stream that is read at the reader's pace: only what was read gets new credit. */
export class IncomingBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #credit: (bytes: number) => void;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #ahead = 0;
  #owed = 0;
  #state: 'open' | 'ended' | 'unwanted' | Error = 'open';
  #wake: (() => void) | null = null;

  /**
   * @param credit tells the sender that so many bytes more may come.
   * @param unwanted the reader has left: nothing more is needed of it.
   */
  constructor(credit: (bytes: number) => void, unwanted: () => void = () => undefined) {
    this.#credit = credit;
    this.stream = new ReadableStream(
      {
        pull: (controller) => this.#pull(controller),
        cancel: () => {
          this.#pieces = [];
          this.#state = 'unwanted';
          unwanted();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** @throws RangeError when the sender does not keep to its credit. */
  push(data: string): void {
    if (this.#state !== 'open') return;
    const bytes = new Uint8Array(Buffer.from(data, 'base64'));
    this.#ahead += bytes.length;
    if (this.#ahead > BODY_WINDOW) throw new RangeError('a body is longer than the credit that was given for it');
    this.#pieces.push(bytes);
    this.#wake?.();
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended';
    this.#wake?.();
  }

  /** What has not been read is lost, and reading fails with this. */
  fail(reason: Error): void {
    if (this.#state === 'unwanted') return;
    this.#pieces = [];
    this.#state = reason;
    this.#wake?.();
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>): Promise<void> {
    while (this.#pieces.length === 0 && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    const piece = this.#pieces.shift();
    if (piece !== undefined) {
      controller.enqueue(piece);
      this.#ahead -= piece.length;
      this.#owed += piece.length;
      // A quarter at a time: a message for each piece would be as many again.
      if (this.#state === 'open' && this.#owed >= BODY_WINDOW / 4) {
        this.#credit(this.#owed);
        this.#owed = 0;
      }
    } else if (this.#state instanceof Error) controller.error(this.#state);
    else if (this.#state === 'ended') controller.close();
  }
}

/** What the other side lets us send of one body. */
export class Credit {
  readonly #signal: AbortSignal;
  #bytes = BODY_WINDOW;
  #wake: (() => void) | null = null;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
  }

  give(bytes: number): void {
    this.#bytes += bytes;
    this.#wake?.();
  }

  /** Waits until there is some. @returns how many bytes of `wanted` may go. @throws the signal's reason */
  async take(wanted: number): Promise<number> {
    while (this.#bytes <= 0 && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = null;
    }
    this.#signal.throwIfAborted();
    const bytes = Math.min(this.#bytes, wanted);
    this.#bytes -= bytes;
    return bytes;
  }
}

/** What a body turned out to be: whole and small, or the first pieces of one that goes on. */
export type Begun = { whole: Uint8Array } | { first: Uint8Array[] };

/** Reads as much as is there at once: a small answer goes in one message, a slow one begins with its head. */
export async function begin(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<Begun & { next: Promise<Piece> | null }> {
  const first: Uint8Array[] = [];
  for (let length = 0; ; ) {
    const next: Promise<Piece> = reader.read();
    const piece = await Promise.race([next, soon()]);
    if (piece === null) return { first, next };
    if (piece.done) return { whole: Buffer.concat(first), next: null };
    first.push(piece.value);
    length += piece.value.length;
    if (length > MAX_INLINE_BODY) return { first, next: null };
  }
}

type Piece = ReadableStreamReadResult<Uint8Array>;

function soon(): Promise<null> {
  return new Promise((resolve) => setImmediate(resolve, null));
}

export interface Outgoing {
  credit: Credit;
  signal: AbortSignal;
  room(): Promise<void>;
  send(message: { action: 'data'; data: string } | { action: 'end' }): void;
}

/** Sends a body as `data` and `end`, never more than its credit, never faster than the socket takes it. */
export async function pump(
  first: Uint8Array[],
  next: Promise<Piece> | null,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  to: Outgoing,
): Promise<void> {
  for (const bytes of first) await sendPiece(bytes, to);
  for (let pending = next ?? reader.read(); ; pending = reader.read()) {
    const piece = await pending;
    to.signal.throwIfAborted();
    if (piece.done) break;
    await sendPiece(piece.value, to);
  }
  to.send({ action: 'end' });
}

async function sendPiece(bytes: Uint8Array, to: Outgoing): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const most = await to.credit.take(Math.min(MAX_BODY_CHUNK, bytes.length - at));
    await to.room();
    to.signal.throwIfAborted();
    to.send({ action: 'data', data: Buffer.from(bytes.buffer, bytes.byteOffset + at, most).toString('base64') });
    at += most;
  }
}
