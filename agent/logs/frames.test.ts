import { expect, test } from 'vitest';
import { cutChunks } from './frames.ts';
import type { Chunk } from './run-log.ts';

const bytes = new TextEncoder().encode('ab€😀cd');
const chunks: Chunk[] = [
  { stream: 'stdout', bytes, from: 100, to: 100 + bytes.length },
  { stream: 'stderr', bytes, from: 100 + bytes.length, to: 100 + 2 * bytes.length },
];

test.each(Array.from({ length: 2 * bytes.length - 3 }, (_, i) => i + 4))(
  'chunks cut after at most %i bytes hold whole characters, and all of them',
  (max) => {
    const pieces: Chunk[] = [];
    for (let rest: readonly Chunk[] = chunks; rest.length > 0; ) {
      const { now, later } = cutChunks(rest, max);
      expect(now.length).toBeGreaterThan(0);
      expect((now.at(-1)?.to ?? 0) - (now[0]?.from ?? 0)).toBeLessThanOrEqual(max);
      pieces.push(...now);
      rest = later;
    }
    let at = 100;
    for (const piece of pieces) {
      expect([piece.from, piece.to - piece.from]).toEqual([at, piece.bytes.length]);
      at = piece.to;
    }
    const text = (stream: Chunk['stream']): string =>
      pieces
        .filter((piece) => piece.stream === stream)
        .map((piece) => new TextDecoder('utf-8', { fatal: true }).decode(piece.bytes))
        .join('');
    expect([text('stdout'), text('stderr')]).toEqual(['ab€😀cd', 'ab€😀cd']);
  },
);
