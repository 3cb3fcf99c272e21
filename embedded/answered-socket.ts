import { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

/**
 * A connection to workerd on which an answer counts more than what could not be said any more: workerd answers a body that it
 * refuses, and closes before it read it. The next write fails at once then (EPIPE), while the answer is still to be read,
 * and Node throws that away with the socket. Here such a write is dropped; reading ends the connection, with or without an answer.
 */
export class AnsweredSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, done: Done): void {
    super._write(chunk, encoding, unlessClosed(done));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], done: Done): void {
    super._writev?.(chunks, unlessClosed(done));
  }
}

const unlessClosed =
  (done: Done): Done =>
  (error) =>
    done(error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ECONNRESET') ? null : error);
