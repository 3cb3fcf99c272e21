import { ToruError } from './errors.ts';
import { TUNNEL_FRAME, TUNNEL_WINDOW } from './limits.ts';
import type { Turn } from './outbound.ts';

/** The two ends of one body, in the tunnel and at a plugin: the sender waits for credit, the receiver gives it as it is read. */

/** How much may still be sent. Waiters are let go in order; a closed gate lets nobody through. */
export class CreditGate {
  readonly #initial: number;
  #left: number;
  #closed = false;
  #waiters: (() => void)[] = [];

  constructor(initial: number = TUNNEL_WINDOW) {
    this.#initial = initial;
    this.#left = initial;
  }

  /** Bytes that were sent, and that the receiver has not said to have read. */
  get underWay(): number {
    return this.#initial - this.#left;
  }

  add(bytes: number): void {
    this.#left += bytes;
    this.#wake();
  }

  /** Nothing more may be sent: the other side left. */
  close(): void {
    this.#closed = true;
    this.#wake();
  }

  /** Takes up to `wanted` bytes of credit, at least one, when there is any. @returns 0 when the gate is closed. */
  async take(wanted: number): Promise<number> {
    while (this.#left <= 0 && !this.#closed) await new Promise<void>((resolve) => this.#waiters.push(resolve));
    if (this.#closed) return 0;
    const taken = Math.min(wanted, this.#left);
    this.#left -= taken;
    return taken;
  }

  #wake(): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }
}

/** What sending a body needs of its reader. */
interface BodyReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(reason: string): Promise<void>;
  releaseLock(): void;
}

/**
 * Reads what is there, up to TUNNEL_FRAME bytes at once. workerd's default reader gives 4 KiB at most: 16 times as many
 * frames, each of which costs as much as a large one.
 */
function readerOf(body: ReadableStream<Uint8Array>): BodyReader {
  let reader: ReadableStreamBYOBReader;
  try {
    reader = body.getReader({ mode: 'byob' });
  } catch {
    // No stream of bytes: it gives its own pieces.
    return body.getReader();
  }
  // What was read is sent before more is: the same memory serves the whole body.
  let memory = new Uint8Array(TUNNEL_FRAME);
  return {
    read: async () => {
      const { done, value } = await reader.read(memory);
      if (value !== undefined) memory = new Uint8Array(value.buffer);
      return { done, value };
    },
    cancel: (reason) => reader.cancel(reason),
    releaseLock: () => reader.releaseLock(),
  };
}

/**
 * Sends a body through `send`, in frames of at most TUNNEL_FRAME bytes, never past the credit.
 * @returns true when the whole body went out, false when the gate closed first (the body is cancelled then).
 * @throws what the body throws.
 */
export async function pumpBody(
  body: ReadableStream<Uint8Array>,
  gate: CreditGate,
  send: (bytes: Uint8Array) => void | Promise<void>,
): Promise<boolean> {
  const reader = readerOf(body);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done || value === undefined) return true;
      for (let at = 0; at < value.length; ) {
        const granted = await gate.take(Math.min(TUNNEL_FRAME, value.length - at));
        if (granted === 0) {
          await reader.cancel('the other side left').catch(() => undefined);
          return false;
        }
        await send(value.subarray(at, at + granted));
        at += granted;
      }
    }
  } finally {
    reader.releaseLock();
  }
}

/**
 * Sends part of a body, a frame a turn. A lost link gives no turns: the signal ends the wait.
 * @param turn asks for one turn. @throws the signal's reason.
 */
export async function sendInTurns(
  bytes: Uint8Array,
  turn: (callback: Turn) => void,
  signal: AbortSignal,
  send: (frame: Uint8Array) => void,
): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += await new Promise<number>((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason);
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      turn((size) => {
        signal.removeEventListener('abort', onAbort);
        if (signal.aborted) return;
        const frame = bytes.subarray(at, at + size);
        send(frame);
        resolve(frame.length);
      });
    });
  }
}

/** Pieces up to this together become one: a body that comes byte by byte would take a hundred times its bytes. */
const MERGED = 4096;

/**
 * A body that arrives in frames, as a stream. Credit goes back as it is read, half a window at a time if nothing else is said.
 * The window is this body's own: its sender can be out of credit only with a whole window unread, or with a step of it read and
 * given back.
 */
export class IncomingBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | null = null;
  #waiting = 0;
  #unsaid = 0;
  #ended = false;
  #demand = false;
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  readonly #grant: (bytes: number) => void;
  readonly #window: number;
  readonly #step: number;

  /**
   * @param grant sends credit to the sender. @param cancelled called once when the reader loses interest.
   * @param window what the sender began with. @param step so many bytes are given back at a time.
   */
  constructor(grant: (bytes: number) => void, cancelled: () => void, window: number = TUNNEL_WINDOW, step: number = window / 2) {
    this.#grant = grant;
    this.#window = window;
    this.#step = step;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => this.#deliver(),
        cancel: () => {
          if (this.#controller === null) return;
          this.#controller = null;
          this.#queue.length = 0;
          cancelled();
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** @throws ToruError too_large when the sender ignores its credit. */
  push(bytes: Uint8Array): void {
    if (this.#controller === null || this.#ended || bytes.length === 0) return;
    if (this.#waiting + bytes.length > this.#window) throw new ToruError('too_large', 'The sender ignored its credit.');
    this.#waiting += bytes.length;
    this.#keep(bytes);
    this.#flush();
  }

  end(): void {
    this.#ended = true;
    this.#flush();
  }

  fail(error: unknown): void {
    const controller = this.#controller;
    this.#controller = null;
    this.#queue.length = 0;
    controller?.error(error);
  }

  #keep(bytes: Uint8Array): void {
    const last = this.#queue.at(-1);
    if (last === undefined || last.length + bytes.length > MERGED) return void this.#queue.push(bytes.slice());
    const merged = new Uint8Array(last.length + bytes.length);
    merged.set(last);
    merged.set(bytes, last.length);
    this.#queue[this.#queue.length - 1] = merged;
  }

  #deliver(): void {
    this.#demand = true;
    this.#flush();
  }

  #flush(): void {
    const controller = this.#controller;
    if (controller === null) return;
    if (this.#demand) {
      const next = this.#queue.shift();
      if (next !== undefined) {
        this.#demand = false;
        this.#waiting -= next.length;
        this.#unsaid += next.length;
        if (this.#unsaid >= this.#step) {
          this.#grant(this.#unsaid);
          this.#unsaid = 0;
        }
        controller.enqueue(next);
        return;
      }
    }
    if (this.#ended && this.#queue.length === 0) {
      this.#controller = null;
      controller.close();
    }
  }
}
