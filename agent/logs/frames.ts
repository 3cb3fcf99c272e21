import { isUtf8 } from 'node:buffer';
import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Utf8Text } from '../../shared/utf8.ts';
import type { Chunk } from './chunk.ts';

/**
 * Output as the frames that a browser reads. Neighbours of one stream become one frame; bytes that are no UTF-8 become
 * U+FFFD. Chunks end between characters (run-log.ts), so decoding each chunk by itself gives the same text.
 */
export function outputFrames(taskId: string, chunks: readonly Chunk[]): Utf8Text[] {
  return framesOf(chunks, (stream, data, cursor) => encode({ type: stream, task_id: taskId, data, cursor }));
}

/** @param encodeOne a frame as JSON, of quoted UTF-8. */
export function framesOf(
  chunks: readonly Chunk[],
  encodeOne: (stream: Chunk['stream'], data: string, cursor: number) => string,
): Utf8Text[] {
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
    frames.push({ utf8: encodeOne(first.stream, quotable(parts), to) });
  }
  return frames;
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
