import { isUtf8 } from 'node:buffer';
import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { incompleteTail } from '../../shared/utf8.ts';
import type { Chunk } from './run-log.ts';

/**
 * Output as the frames that a browser reads. Neighbours of one stream become one frame; bytes that are no UTF-8 become
 * U+FFFD. Chunks end between characters (run-log.ts), so decoding each chunk by itself gives the same text.
 */
export function outputFrames(taskId: string, chunks: readonly Chunk[]): Utf8Text[] {
  const frames: Utf8Text[] = [];
  for (let at = 0; at < chunks.length; ) {
    const first = chunks[at];
    if (first === undefined) break;
    const parts = [first.bytes];
    let to = first.to;
    at += 1;
    for (let next = chunks[at]; next !== undefined && next.stream === first.stream; next = chunks[at]) {
      parts.push(next.bytes);
      to = next.to;
      at += 1;
    }
    frames.push({ utf8: encode({ type: first.stream, task_id: taskId, data: quotable(parts), cursor: to }) });
  }
  return frames;
}

/** Splits chunks after at most `maxBytes`, never within a character. Copies nothing. */
export function cutChunks(chunks: readonly Chunk[], maxBytes: number): { now: Chunk[]; later: Chunk[] } {
  const end = (chunks[0]?.from ?? 0) + maxBytes;
  const now = chunks.filter((chunk) => chunk.to <= end);
  const [across, ...rest] = chunks.slice(now.length);
  if (across === undefined) return { now, later: [] };
  const at = end - across.from - (end > across.from ? incompleteTail(across.bytes, 0, end - across.from) : 0);
  if (at <= 0) return { now, later: [across, ...rest] };
  const cut = across.from + at;
  now.push({ ...across, bytes: across.bytes.subarray(0, at), to: cut });
  return { now, later: [{ ...across, bytes: across.bytes.subarray(at), from: cut }, ...rest] };
}

export function encode(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

/**
 * The bytes as a string of one character a byte. JSON escapes nothing above 0x7f, so UTF-8 can be quoted without being decoded, and
 * sent without being encoded: that takes half of the time, and a third where most of the text is not ASCII.
 */
function quotable(parts: readonly Uint8Array[]): string {
  const [only] = parts;
  const joined = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
  const bytes = Buffer.from(joined.buffer, joined.byteOffset, joined.byteLength);
  return (isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'))).toString('latin1');
}
