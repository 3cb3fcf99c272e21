import { ToruError } from '../../shared/errors.ts';
import type { OutputLine, OutputQuery } from '../../shared/runs.ts';
import { streamed } from '../http/streamed.ts';
import { DamagedOutput } from '../logs/damaged.ts';
import type { Caller } from '../users/caller.ts';

/** A run's output, as far as a reader needs it. Cursors are positions in the merged stream. */
export interface OutputLog {
  readonly start: number;
  readonly end: number;
  readonly finished: boolean;
  read(from: number, maxBytes: number): Promise<OutputChunk[]>;
  onGrow(listener: () => void): () => void;
}

export interface OutputChunk {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
  from: number;
  to: number;
}

/** How much is read of the log at a time: memory stays flat however long the output is. */
const STEP = 64 * 1024;

/**
 * A run's output as a streamed answer: raw bytes, or a line of JSON per chunk. Bytes go out as the reader takes them.
 * @throws ToruError bad_cursor when `from` is no cursor of this log, bad_request when it is given beside `tail`.
 */
export function outputResponse(log: OutputLog, query: OutputQuery, caller: Caller): Response {
  const from = beginOf(query, log);
  const follow = query.follow === 'true';
  if (follow && caller.via !== 'local') {
    throw new ToruError('bad_request', '“follow” works at the local socket only: attach on the WebSocket instead.', {
      extra: { field: 'follow' },
    });
  }
  const headers = new Headers({
    'content-type': query.format === 'jsonl' ? 'application/x-ndjson; charset=utf-8' : 'text/plain; charset=utf-8',
    'content-disposition': 'attachment',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
  });
  // Output that retention removed is named, never skipped in silence: as a line of JSON, or here, where raw bytes have no room for it.
  if (from < log.start && query.format === 'text') headers.set('content-range', `bytes ${log.start}-${Math.max(log.start, log.end - 1)}/*`);
  // A length tells a reader whose connection broke that it has not got all. It is known where nothing is left out.
  const length = Math.max(0, log.end - Math.max(from, log.start));
  const measured = query.format === 'text' && query.stream === undefined && !follow && length <= query.limit;
  if (measured) headers.set('content-length', String(length));
  return new Response(outputStream(log, { ...query, from, follow, limit: measured ? length : query.limit }), { headers });
}

/** @throws ToruError bad_cursor, bad_request */
function beginOf({ from, tail }: OutputQuery, log: OutputLog): number {
  if (tail === undefined) return cursorOf(from, log);
  if (from !== undefined) throw new ToruError('bad_request', 'Give “from” or “tail”, not both.', { extra: { field: 'tail' } });
  return Math.max(log.start, log.end - tail);
}

/** @throws ToruError bad_cursor */
function cursorOf(text: string | undefined, log: OutputLog): number {
  if (text === undefined) return 0;
  const cursor = /^\d{1,15}$/.test(text) ? Number(text) : null;
  if (cursor === null || cursor > log.end)
    throw new ToruError('bad_cursor', `“from” is a number of bytes, from 0 to ${log.end} now.`, { extra: { end: log.end } });
  return cursor;
}

interface Reading {
  from: number;
  limit: number;
  stream?: 'stdout' | 'stderr' | undefined;
  format: 'text' | 'jsonl';
  encoding: 'utf8' | 'base64';
  follow: boolean;
}

function outputStream(log: OutputLog, reading: Reading): ReadableStream<Uint8Array> {
  const left = new AbortController();
  return streamed(piecesOf(log, reading, left.signal), () => left.abort());
}

async function* piecesOf(log: OutputLog, reading: Reading, gone: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  let at = reading.from;
  let left = reading.follow ? Number.POSITIVE_INFINITY : reading.limit;
  while (left > 0 && !gone.aborted) {
    if (at < log.start) {
      if (reading.format === 'jsonl') yield line({ gap: { from: at, to: log.start }, cursor: log.start });
      at = log.start;
    }
    const { finished, end } = log;
    const chunks = await log.read(at, Math.min(STEP, left)).catch((error: unknown) => {
      // A line can say what is missing. Raw bytes have no room for it: they break off, and are short of their length.
      if (error instanceof DamagedOutput && error.to !== null && reading.format === 'jsonl') return error.to;
      throw error;
    });
    if (typeof chunks === 'number') {
      yield line({ gap: { from: at, to: chunks }, cursor: chunks });
      at = chunks;
      continue;
    }
    if (chunks.length === 0) {
      if (!reading.follow || finished) return;
      await grown(log, end, gone);
    }
    for (const chunk of chunks) {
      at = chunk.to;
      if (reading.stream !== undefined && chunk.stream !== reading.stream) continue;
      left -= chunk.bytes.length;
      yield reading.format === 'jsonl' ? line(lineOf(chunk, reading.encoding)) : chunk.bytes;
    }
  }
}

/** Until the log is longer than `end`, no more will come, or the reader left. */
async function grown(log: OutputLog, end: number, gone: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    const stop = log.onGrow(done);
    gone.addEventListener('abort', done, { once: true });
    function done(): void {
      stop();
      gone.removeEventListener('abort', done);
      resolve();
    }
    if (log.finished || log.end > end || gone.aborted) done();
  });
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

function lineOf({ stream, bytes, to }: OutputChunk, encoding: Reading['encoding']): OutputLine {
  return { stream, data: encoding === 'base64' ? Buffer.from(bytes).toString('base64') : decoder.decode(bytes), cursor: to };
}

function line(value: OutputLine): Uint8Array {
  return encoder.encode(`${JSON.stringify(value)}\n`);
}
