import type { ServerFrame } from '../../shared/browser-protocol.ts';
import type { Chunk } from './run-log.ts';

/**
 * Output as the frames that a browser reads. Neighbours of one stream become one frame; bytes that are no UTF-8 become
 * U+FFFD. Chunks end between characters (run-log.ts), so decoding each by itself gives the text of the whole.
 */
export function outputFrames(taskId: string, chunks: readonly Chunk[]): string[] {
  const frames: string[] = [];
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
    frames.push(encode({ type: first.stream, task_id: taskId, data: decode(parts), cursor: to }));
  }
  return frames;
}

export function encode(frame: ServerFrame): string {
  return JSON.stringify(frame);
}

/** Buffer's decoder keeps a byte order mark, which TextDecoder would swallow. */
function decode(parts: readonly Uint8Array[]): string {
  const [only] = parts;
  const bytes = only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
