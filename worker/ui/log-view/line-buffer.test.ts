import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../shared/fixtures/seeded-random.ts';
import { SCREEN_ROWS } from '../../../shared/terminal/grid.ts';
import { MAX_LINE } from '../../../shared/terminal/line.ts';
import { LineBuffer, MAX_CHARS, MAX_LINES } from './line-buffer.ts';
import { WrittenLine } from './shown-line.ts';

/** Of what a page keeps. A quarter is trimmed as the whole is, in a quarter of the time. */
const PART = 0.25;

const encoder = new TextEncoder();

/** Feeds frames as the host does: each with its cursors in bytes. */
function fed(...frames: (readonly [stream: 'stdout' | 'stderr', text: string] | string)[]): LineBuffer {
  const buffer = new LineBuffer();
  for (const frame of frames) {
    const [stream, text] = typeof frame === 'string' ? (['stdout', frame] as const) : frame;
    buffer.append(stream, text, buffer.end, buffer.end + encoder.encode(text).length);
  }
  return buffer;
}
function texts(buffer: LineBuffer): string[] {
  return buffer.lines.map((line) => line.text);
}

describe('LineBuffer', () => {
  it('makes lines, whatever the cuts between frames', () => {
    expect(texts(fed('one\ntw', 'o\nthr', 'ee'))).toEqual(['one', 'two', 'three']);
    expect(texts(fed('a\r', '\nb\r\n'))).toEqual(['a', 'b']);
    expect(texts(fed('\n\n'))).toEqual(['', '']);
  });

  it('lets a carriage return overwrite, and keeps the longer rest', () => {
    expect(texts(fed('10%\r50%\r100%\ndone\n'))).toEqual(['100%', 'done']);
    expect(texts(fed('abcdef\rxy\n'))).toEqual(['xycdef']);
    expect(texts(fed('abcdef\r\x1b[Kxy\n'))).toEqual(['xy']);
    expect(texts(fed('abcdef\x1b[2K\rxy\n'))).toEqual(['xy']);
    expect(texts(fed('abc\b\bX\n'))).toEqual(['aXc']);
  });

  it('keeps a bar that is drawn a hundred thousand times as one short line', () => {
    const buffer = fed(...Array.from({ length: 1000 }, () => '\r[##########] 50%'.repeat(100)));
    expect(texts(buffer)).toEqual(['[##########] 50%']);
  });

  it('goes on in the stream’s own unfinished line when the streams alternate', () => {
    const buffer = fed('out ', ['stderr', 'err\n'], 'put\n');
    expect(buffer.lines.map((line) => [line.kind, line.text])).toEqual([
      ['stdout', 'out put'],
      ['stderr', 'err'],
    ]);
  });

  it('knows the cursor where each line begins, also past many-byte characters', () => {
    const buffer = fed('aé\n', '日本\n😀\nz');
    expect(buffer.lines.map((line) => line.from)).toEqual([0, 4, 11, 16]);
    expect(buffer.end).toBe(17);
  });

  it('folds a line that never ends', () => {
    const buffer = fed('x'.repeat(MAX_LINE * 2 + 5));
    expect(buffer.lines.map((line) => [line.length, line.folded])).toEqual([
      [MAX_LINE, true],
      [MAX_LINE, true],
      [5, false],
    ]);
  });

  it('is bounded: the oldest lines go, and it says from where it still has', () => {
    const buffer = new LineBuffer();
    let at = 0;
    for (let i = 0; i < 50; i += 1) {
      const text = 'line\n'.repeat(1000);
      buffer.append('stdout', text, at, at + text.length);
      at += text.length;
      buffer.trim(PART);
    }
    expect(buffer.lines.length).toBeLessThanOrEqual(MAX_LINES * PART * 1.1);
    expect(buffer.lines.length).toBeGreaterThanOrEqual(MAX_LINES * PART);
    expect(buffer.start).toBe(at - buffer.lines.length * 5);
    expect(buffer.removed).toBe(50_000 - buffer.lines.length);
  });

  it('goes on when the line that it was writing was trimmed away', () => {
    const buffer = fed('prompt: ');
    for (let i = 0; i < 15; i += 1) {
      buffer.append('stderr', 'noise\n'.repeat(1000), buffer.end, buffer.end + 6000);
      buffer.trim(PART);
    }
    expect(buffer.lines[0]?.text).toBe('noise');
    buffer.append('stdout', 'yes\n', buffer.end, buffer.end + 4);
    expect(buffer.lines.at(-1)?.text).toBe('yes');
  });

  it('puts earlier lines in front, and continues the count of the reader’s place', () => {
    const buffer = new LineBuffer();
    buffer.reset(100);
    buffer.append('stdout', 'late\n', 100, 105);
    const earlier = new LineBuffer();
    earlier.reset(50);
    earlier.append('stdout', `rest\nwhole\n${'y'.repeat(38)}\n`, 50, 100);
    earlier.dropPartialFirst();
    buffer.prepend(earlier, earlier.start);
    expect(texts(buffer)).toEqual(['whole', 'y'.repeat(38), 'late']);
    expect(buffer.start).toBe(55);
    expect(buffer.removed + buffer.lines.length).toBe(1);
  });

  it('shows a gap where output was removed', () => {
    const buffer = fed('a');
    buffer.gap(1, 1001);
    buffer.append('stdout', 'b\n', 1001, 1003);
    expect(buffer.lines.map((line) => line.kind)).toEqual(['stdout', 'gap', 'stdout']);
    expect(texts(buffer)[1]).toContain('1000 bytes');
  });

  it.each([
    ['steps to the right', '\x1b[511Cx\n'],
    ['repetitions', 'x\x1b[512b'],
    ['marks without end', 'e\u0301\u0301\u0301\u0301'],
    ['strings that never end', '\x1b]0;xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
    ['overwriting in a long line', `${'漢'.repeat(200)}\x1b[99D${'é'.repeat(40)}\x1b[400C`],
    ['full-screen programs', '\x1b[?1049hx\nx\nx\nx\n\x1b[?1049l\x1b[?1049h'],
    ['lines put in', 'x\n\x1b[3A\x1b[L\x1b[2M\x1b[@'],
  ])('is bounded whatever comes: %s', (_, piece) => {
    const buffer = new LineBuffer();
    const chunk = piece.repeat(Math.ceil(65_536 / piece.length));
    // Unbounded, the widest of these would be 38 million characters.
    for (let at = 0; at < 600_000; at += chunk.length) {
      buffer.append('stderr', chunk, at, at + chunk.length);
      buffer.trim();
    }
    expect(buffer.lines.length).toBeLessThanOrEqual(MAX_LINES * 1.1);
    expect(buffer.lines.reduce((sum, line) => sum + line.text.length, 0)).toBeLessThan(MAX_CHARS * 4);
  });

  it('keeps a flood as it was printed: hardly a line of it is made, and each looks as if it had been', () => {
    const random = seededRandom(20);
    const line = (i: number): string =>
      [`\x1b[3${i % 8}mline\x1b[0m ${i} \x1b[1;32mok\x1b[0m`, `${i} ✓ 漢字\r`, `\x1b[4${i % 8}mno end ${i}`, '\x1b[0m\r', `\ttab ${i}`, ''][
        Math.floor(random() * 6)
      ] ?? '';
    const output = Array.from({ length: 3000 }, (_, i) => `${line(i)}\n`).join('');
    const buffer = fed('before \x1b[33m', output, ['stderr', output.slice(0, 9000)], 'behind\n\x1b[2Aagain');
    expect(buffer.lines.filter((one) => one instanceof WrittenLine).length).toBeLessThan(3 * SCREEN_ROWS);
    const looks = ({ lines }: LineBuffer): unknown[] =>
      lines.map(({ kind, row, from, length, text, spans }) => [kind, row, from, length, text, spans]);
    const single = fed(
      'before \x1b[33m',
      ...output,
      ...Array.from(output.slice(0, 9000), (char) => ['stderr', char] as const),
      'behind\n\x1b[2Aagain',
    );
    expect(looks(buffer)).toEqual(looks(single));
    // What stands before a place that is read again, and what is read again, is the same.
    buffer.cutEnd(700);
    expect(looks(buffer)).toEqual(looks(single).slice(0, 700));
  });

  it('shows at the end what was held', () => {
    const buffer = fed('a\n\x1b]0;failed');
    expect(texts(buffer)).toEqual(['a']);
    buffer.finish();
    expect(texts(buffer)).toEqual(['a', 'failed']);
  });

  it('changes lines in place, each stream its own', () => {
    const buffer = fed('one 1%\ntwo 1%\n', ['stderr', 'warning\n'], '\x1b[2A\x1b[Kone 100%\n');
    expect(texts(buffer)).toEqual(['one 100%', 'two 1%', 'warning']);
  });

  it('counts the rows of lines by newlines, whatever the cuts, the streams and the jumps of the cursor', () => {
    const rows = (buffer: LineBuffer) => buffer.lines.map((line) => [line.row, line.text]);
    expect(rows(fed('a\n\nb', '\nc\n'))).toEqual([
      [0, 'a'],
      [1, ''],
      [2, 'b'],
      [3, 'c'],
    ]);
    expect(rows(fed('a\nb\n\x1b[1Ab again\nc\n', ['stderr', 'e\n'], 'd'))).toEqual([
      [0, 'a'],
      [1, 'b again'],
      [3, 'c'],
      [4, 'e'],
      [5, 'd'],
    ]);
    expect(fed('a\nb\n').endRow).toBe(2);
    // A folded line goes on in the same row.
    expect(new Set(fed('x'.repeat(3 * MAX_LINE)).lines.map(({ row }) => row))).toEqual(new Set([0]));
  });

  it('keeps the rows where earlier lines are put before it, and where its end is cut off and read again', () => {
    const buffer = new LineBuffer();
    buffer.reset(6);
    buffer.append('stdout', 'c\nd\ne\n', 6, 12);
    const earlier = new LineBuffer();
    earlier.append('stdout', 'a\n\nbb\n', 0, 6);
    buffer.prepend(earlier, 0);
    expect(buffer.lines.map(({ row }) => row)).toEqual([-3, -2, -1, 0, 1, 2]);
    expect(buffer.cutEnd(4)).toBe(true);
    expect([buffer.end, buffer.endRow]).toEqual([8, 1]);
    buffer.append('stdout', 'd\ne\n', 8, 12);
    expect(buffer.lines.map(({ row, from, text }) => [row, from, text])).toEqual([
      [-3, 0, 'a'],
      [-2, 2, ''],
      [-1, 3, 'bb'],
      [0, 6, 'c'],
      [1, 8, 'd'],
      [2, 10, 'e'],
    ]);
    expect(buffer.cutEnd(10)).toBe(false);
  });
});
