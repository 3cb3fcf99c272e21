import { incompleteTail } from '../../shared/utf8.ts';

/** A piece of a run’s output, of one stream. */
export interface Chunk {
  stream: 'stdout' | 'stderr';
  bytes: Uint8Array;
  /** Positions in the merged stream; `to - from` is the number of bytes. */
  from: number;
  to: number;
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
