import type { CreditGate } from '../../shared/body-stream.ts';
import { IncomingBody, pumpBody } from '../../shared/body-stream.ts';
import type { InlineBody } from './protocol.ts';
import { BODY_WINDOW, MAX_INLINE_BODY } from './protocol.ts';

/** Bytes as a message carries them whole: text where they are UTF-8, base64 elsewhere. */
export function inlineOf(bytes: Uint8Array): InlineBody {
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { body: base64Of(bytes), encoding: 'base64' };
  }
}

/** @returns null when there is no body in it. */
export function bytesOf({ body, encoding }: Partial<InlineBody>): Uint8Array<ArrayBuffer> | null {
  return body === undefined ? null : new Uint8Array(Buffer.from(body, encoding === 'base64' ? 'base64' : 'utf8'));
}

/**
 * A body that arrives in `data` messages.
 * @param credit tells the sender that so many bytes more may come. @param unwanted the reader has left: nothing more is needed of it.
 */
export function incomingBody(credit: (bytes: number) => void, unwanted: () => void = () => undefined): IncomingBody {
  // A quarter of the window at a time: a slow reader is seen to read.
  return new IncomingBody(credit, unwanted, BODY_WINDOW, BODY_WINDOW / 4);
}

type Piece = ReadableStreamReadResult<Uint8Array>;

/**
 * Reads as much as is there at once: a small body goes in one message, a slow one begins with its head.
 * @param signal cancels the body. @returns the bytes of a small body; of any other one a stream of all its bytes.
 */
export async function begin(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Uint8Array | ReadableStream<Uint8Array>> {
  const reader = body.getReader();
  const cancel = (): Promise<void> => reader.cancel(signal.reason).catch(() => undefined);
  if (signal.aborted) await cancel();
  signal.addEventListener('abort', cancel, { once: true });
  const first: Uint8Array[] = [];
  let next: Promise<Piece> | null = null;
  for (let length = 0; length <= MAX_INLINE_BODY; ) {
    next = reader.read();
    const piece = await Promise.race([next, new Promise<null>((resolve) => setImmediate(resolve, null))]);
    if (piece === null) break;
    if (piece.done) return Buffer.concat(first);
    next = null;
    first.push(piece.value);
    length += piece.value.length;
  }
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const known = first.shift();
        if (known !== undefined) return controller.enqueue(known);
        const { done, value } = await (next ?? reader.read());
        next = null;
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

interface Outgoing {
  gate: CreditGate;
  signal: AbortSignal;
  /** Resolves when the socket has room. */
  room(): Promise<void>;
  send(message: { action: 'data'; data: string } | { action: 'end' }): void;
}

/** Sends a body as `data` and `end`, never more than its credit, never faster than the socket takes it. @throws the signal's reason. */
export async function sendBody(body: ReadableStream<Uint8Array>, { gate, signal, room, send }: Outgoing): Promise<void> {
  await pumpBody(body, gate, async (bytes) => {
    await room();
    signal.throwIfAborted();
    send({ action: 'data', data: base64Of(bytes) });
  });
  signal.throwIfAborted();
  send({ action: 'end' });
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
}
