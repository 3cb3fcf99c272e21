import { isUtf8 } from 'node:buffer';
import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import { incompleteTail } from '../../shared/utf8.ts';
import type { Chunk } from './run-log.ts';

/**
 * Output as the frames that a browser reads. Neighbours of one stream become one frame; bytes that are no UTF-8 become
 * U+FFFD. Chunks end between characters (run-log.ts), so each by itself gives the text of the whole.
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

/** The first `maxBytes` of what was read, less what would end within a character, and the rest. Copies nothing. */
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
 * A byte a character. JSON escapes nothing above 0x7f, so UTF-8 can be quoted without being decoded, and sent without being
 * encoded: a frame takes half of the time so, and a third where most is not ASCII.
 */
function quotable(parts: readonly Uint8Array[]): string {
  const [only] = parts;
  const whole = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
  const bytes = Buffer.from(whole.buffer, whole.byteOffset, whole.byteLength);
  return (isUtf8(bytes) ? bytes : Buffer.from(bytes.toString('utf8'))).toString('latin1');
}
