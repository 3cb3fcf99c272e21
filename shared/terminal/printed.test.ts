import { describe, expect, it } from 'vitest';
import { seededRandom } from '../fixtures/seeded-random.ts';
import { Line } from './line.ts';
import { behindSgr, columnsOf, columnsOnAverage, firstOther, styleBehind } from './printed.ts';
import { Screen } from './screen.ts';

/** The lines of output that came in these chunks, and where each began in it. */
function fed(...chunks: string[]): { screen: Screen<Line>; lines: Line[]; begins: number[] } {
  const lines: Line[] = [];
  const begins: number[] = [];
  let origin = 0;
  const screen = new Screen<Line>({
    make: ({ at, ground }) => {
      const line = new Line(ground);
      lines.push(line);
      begins.push(origin + at);
      return line;
    },
    left: () => undefined,
  });
  for (const chunk of chunks) {
    screen.feed(chunk);
    origin += chunk.length;
  }
  return { screen, lines, begins };
}

const COLOURED = '\x1b[32m12:00\x1b[0m \x1b[1;31merror\x1b[0m ✓ in \x1b[38;5;208m12 ms\x1b[0m\n';

/** Of what floods and programs are made. */
const PIECES = [
  COLOURED,
  COLOURED.repeat(150),
  'plain\n',
  '\n',
  'windows\r\n',
  '\x1b[33mno end\n',
  'still \x1b[1mso\r\n',
  '\x1b[m\r\n',
  '\ttab\tand 漢字 👩\u200d🚀 e\u0301\n',
  '\u0301\n',
  `${'long '.repeat(500)}\n`,
  `${'\t'.repeat(2000)}x\n`,
  'part',
  'end\r',
  '\x1b[2A\x1b[Kagain\n',
  '\x1b[200Bfar\n',
  '\x1b[3b',
  '\x1b[4;41mground\x1b[K\n',
  '\x1b]8;;https://example.com/\x07link\n',
  '\x1b]8;;\x07\n',
  '\x1b(0lqk\n',
  '\x1b(B\n',
  '\x1b[2J',
  '\x1b[?1049hfull\n\x1b[?1049l',
  '\x1b7\x1b8',
  '\x1b[>4m\x1b[?5mx\n',
  '\x1b[L\x1b[M',
  '\x9b31mc1\n',
  '\x1b[31',
  'm rest\n',
  '\x1b]0;held',
];

describe('lines that are not read when they are printed', () => {
  it('look as if each character had been read by itself', () => {
    const random = seededRandom(1010);
    for (let round = 0; round < 25; round += 1) {
      const pieces = Array.from({ length: 30 }, () => PIECES[Math.floor(random() * PIECES.length)] ?? '');
      const whole = fed(pieces.join(''));
      // One character at a time, no line is whole.
      const single = fed(...pieces.join(''));
      const looks = ({ lines, begins }: typeof whole): unknown[] =>
        lines.map(({ text, length, spans, folded }, i) => [begins[i], text, length, spans, folded]);
      expect(looks(whole), JSON.stringify(pieces)).toEqual(looks(single));
    }
  });

  it('are nearly all of a flood, and stay unread when their beginning or their length is asked for', () => {
    const { screen, lines } = fed(COLOURED.repeat(1000));
    expect(lines.filter(({ unread }) => unread)).toHaveLength(1000);
    expect(lines.filter((line) => line.startsWith('::group::'))).toHaveLength(0);
    expect(lines.filter(({ unread }) => unread)).toHaveLength(1000);
    screen.feed('\x1b[31mcolours alone\x1b[0m\n');
    expect(lines.at(-1)?.length).toBe(13);
    expect(lines.at(-1)?.unread).toBe(true);
  });

  it('are no others than when they are looked at: the version stays, and a change rises above it', () => {
    const { screen, lines } = fed('one\ntwo\n');
    const [, two] = lines;
    const version = two?.version;
    expect(two?.spans).toEqual([{ text: 'two', style: null }]);
    expect(two?.version).toBe(version);
    screen.feed('\x1b[A2');
    expect(two?.text).toBe('2wo');
    expect(two?.version).toBeGreaterThan(version ?? 0);
  });
});

describe('what is printed', () => {
  it('adds only to lines until something else comes', () => {
    expect(firstOther('a\tb\r\n\x1b[1;31mc\x1b[m\n', 0)).toBe(17);
    expect(['x\rx', 'x\x1b[K', 'x\b', 'x\x1b[?1m', 'x\x9b1m', 'x\x1b', 'x\x7f'].map((text) => firstOther(text, 0))).toEqual(
      Array(7).fill(1),
    );
  });

  it('has the style behind it that its sequences leave', () => {
    expect(styleBehind('a\x1b[31mb\x1b[0m', null)).toBeNull();
    expect(styleBehind('a\x1b[31mb', null)).toMatchObject({ fg: 1 });
    expect(styleBehind('\x1b[0m\x1b[1mb', styleBehind('\x1b[31m', null))).toMatchObject({ fg: null, bold: true });
    expect(styleBehind('no more', null)).toBeNull();
  });

  it('takes so many columns, of which none is a colour’s', () => {
    expect(columnsOf('\x1b[1m\x1b[31mab\x1b[0m')).toBe(2);
    expect(columnsOf('漢')).toBeNull();
    expect(columnsOf('a\tb')).toBeNull();
    expect(columnsOnAverage('\x1b[31mabcd\x1b[0m\nab\n', 2)).toBe(3);
    expect(behindSgr('\x1b[1m\x1b[31mab', 0)).toBe(9);
    expect(behindSgr('ab', 1)).toBe(1);
  });
});
