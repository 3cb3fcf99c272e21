import { expect, test } from 'vitest';
import type { Chunk } from './chunk.ts';
import { cutChunks } from './chunk.ts';
import { textOf } from './frame-text.ts';
import { outputFrames } from './frames.ts';

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

const encoder = new TextEncoder();
const everyByte = Uint8Array.from({ length: 1024 }, (_, i) => (i * 7 + (i >> 8)) & 0xff);

test.each([
  ['ASCII with all that JSON escapes', encoder.encode('a "quoted" \\ \u0000\u0007\b\t\n\f\r\u001b[31m\u007f')],
  ['characters of every length', encoder.encode('\ufeffé€😀\u0080\u07ff\u0800\uffff\u2028\u2029𝄞')],
  ['what is no UTF-8', everyByte],
  ['half a character', encoder.encode('a😀').subarray(0, 3)],
  ['a coded surrogate', Uint8Array.of(0x61, 0xed, 0xa0, 0x80, 0x62)],
])('%s comes as the same text as if it were decoded and encoded', (_what, said) => {
  const chunks: Chunk[] = [
    { stream: 'stdout', bytes: said, from: 0, to: said.length },
    { stream: 'stdout', bytes: encoder.encode('é'), from: said.length, to: said.length + 2 },
    { stream: 'stderr', bytes: said, from: said.length + 2, to: 2 * said.length + 2 },
  ];
  const text = Buffer.from(said).toString('utf8');
  expect(outputFrames('task', chunks).map(textOf)).toEqual([
    JSON.stringify({
      type: 'stdout',
      task_id: 'task',
      data: Buffer.concat([said, encoder.encode('é')]).toString('utf8'),
      cursor: said.length + 2,
    }),
    JSON.stringify({ type: 'stderr', task_id: 'task', data: text, cursor: 2 * said.length + 2 }),
  ]);
});
