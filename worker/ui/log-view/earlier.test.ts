import { afterEach, beforeEach, expect, it, vi } from 'vitest';

// The page's network asks the window to tell of it.
vi.stubGlobal('addEventListener', () => undefined);
const { EARLIER_BYTES, readEarlier, take } = await import('./earlier.ts');
const { LineBuffer } = await import('./line-buffer.ts');

/** A run's output of equal lines, as GET /api/runs/:id/output?format=jsonl tells it, in pieces that end anywhere. */
const LINE_BYTES = 10;
const LINES = 300_000;
const PIECE_BYTES = 65_533;
const text = Array.from({ length: LINES }, (_, i) => `${String(i).padStart(LINE_BYTES - 1, '0')}\n`).join('');

const asked: { from: number; limit: number }[] = [];
let missing = { from: 0, to: 0 };

beforeEach(() => {
  asked.length = 0;
  missing = { from: 0, to: 0 };
  vi.stubGlobal('fetch', async (path: string) => {
    const query = new URL(path, 'http://host').searchParams;
    const [from, limit] = [Number(query.get('from')), Number(query.get('limit'))];
    asked.push({ from, limit });
    const pieces: unknown[] = [];
    for (let at = from; at < from + limit; ) {
      const to = Math.min(at + PIECE_BYTES, from + limit, at < missing.from ? missing.from : Number.POSITIVE_INFINITY);
      if (at >= missing.from && at < missing.to) {
        pieces.push({ gap: { from: at, to: missing.to }, cursor: missing.to });
        at = missing.to;
      } else {
        pieces.push({ stream: 'stdout', data: text.slice(at, to), cursor: to });
        at = to;
      }
    }
    return new Response(pieces.map((piece) => `${JSON.stringify(piece)}\n`).join(''));
  });
});
afterEach(() => vi.unstubAllGlobals());

it('reads the lines before a cursor, and begins with a whole one', async () => {
  const before = 200_000 * LINE_BYTES;
  const { lines, start } = await readEarlier('task', before);
  expect(asked).toEqual([{ from: before - EARLIER_BYTES, limit: EARLIER_BYTES }]);
  expect(start % LINE_BYTES).toBe(0);
  expect(start - (before - EARLIER_BYTES)).toBeLessThanOrEqual(LINE_BYTES);
  expect([lines.start, lines.end]).toEqual([start, before]);
  expect(lines.lines).toHaveLength((before - start) / LINE_BYTES);
  expect(lines.lines.map((line) => line.text).join('\n')).toBe(text.slice(start, before - 1));
});

it('reaches the beginning, whose first line is whole', async () => {
  const { lines, start } = await readEarlier('task', 70 * LINE_BYTES);
  expect(asked).toEqual([{ from: 0, limit: 70 * LINE_BYTES }]);
  expect(start).toBe(0);
  expect(lines.lines.map((line) => line.from)).toEqual(Array.from({ length: 70 }, (_, i) => i * LINE_BYTES));
});

it('tells where output was removed, and goes on behind it', async () => {
  missing = { from: 20, to: 50 };
  const { lines } = await readEarlier('task', 60);
  expect(lines.lines.map(({ kind, from }) => [kind, from])).toEqual([
    ['stdout', 0],
    ['stdout', 10],
    ['gap', 20],
    ['stdout', 50],
  ]);
});

it('takes pieces up to where it is told, and no further', async () => {
  const lines = new LineBuffer();
  lines.reset(30);
  const pieces = [40, 60, 70, 80].map((cursor, i) => ({
    stream: 'stdout' as const,
    data: text.slice([30, 40, 60, 70][i], cursor),
    cursor,
  }));
  take(lines, pieces, 70);
  expect(lines.lines.map((line) => line.text)).toEqual(['000000003', '000000004', '000000005', '000000006']);
});
