import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import graphemes from '@xterm/addon-unicode-graphemes';
import type { IBuffer, IBufferCell } from '@xterm/headless';
import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shownLines } from '../../shared/fixtures/shown-lines.ts';
import { SCREEN_ROWS } from '../../shared/terminal/grid.ts';
import type { Line } from '../../shared/terminal/line.ts';
import { TAB } from '../../shared/terminal/line.ts';
import { RGB, type Style } from '../../shared/terminal/style.ts';
import { joins } from '../../shared/terminal/width.ts';

/**
 * What real programs print, compared cell by cell with a terminal that is as a log is: 200 rows high, wide enough for every line,
 * with all that left its top kept. Each cell's characters and how it looks must agree: colours, bold, dim, italic, underline
 * and its kind, overline, reverse, concealed, struck. Not compared: where the cursor is left, blanks at a line's end and empty
 * lines at the end of all, whatever their ground (a log has no right margin to which a ground could reach).
 */

const CORPUS = import.meta.dirname;
/** Recordings where a log shows something else than a terminal, and what. */
const EXCEPTIONS: Record<string, string> = {
  'apt-progress': 'the bar below the scroll region is left out',
  'unended-strings': 'a string sequence ends at a newline',
};
const COLUMNS = 1000;

/** One cell as text: what stands in it, then how it looks. Null: a plain blank. */
type Cell = string | null;

async function inXterm(text: string): Promise<Cell[][]> {
  const terminal = new xterm.Terminal({
    cols: COLUMNS,
    rows: SCREEN_ROWS,
    scrollback: 100_000,
    convertEol: true,
    allowProposedApi: true,
    scrollOnEraseInDisplay: true,
  });
  terminal.loadAddon(new graphemes.UnicodeGraphemesAddon());
  // A log's history is not erased.
  terminal.parser.registerCsiHandler({ final: 'J' }, (params) => params[0] === 3);
  // xterm underlines links by itself.
  terminal.parser.registerOscHandler(8, () => true);
  await new Promise<void>((resolve) => terminal.write(text, resolve));
  const { active, normal } = terminal.buffer;
  // A full-screen program that has not ended stands below what was printed before.
  const cells = active.type === 'normal' ? bufferCells(normal) : [...trimmed(bufferCells(normal)), ...bufferCells(active)];
  terminal.dispose();
  return trimmed(cells);
}

function bufferCells(active: IBuffer): Cell[][] {
  const lines: Cell[][] = [];
  const cell = active.getNullCell();
  for (let y = 0; y < active.length; y += 1) {
    const line = active.getLine(y);
    const cells: Cell[] = [];
    for (let x = 0; x < COLUMNS; x += 1) {
      if (line?.getCell(x, cell) === undefined || cell.getWidth() === 0) cells.push('');
      // Most of two hundred rows of a thousand columns.
      else if (cell.getChars() === '' && cell.isAttributeDefault()) cells.push(null);
      else cells.push(cellOf(cell.getChars(), lookOfXterm(cell)));
    }
    lines.push(cells);
  }
  return lines;
}

function lookOfXterm(cell: IBufferCell): string {
  const color = (isDefault: boolean, isRgb: boolean, value: number) => (isDefault ? null : isRgb ? RGB + value : value);
  return look({
    fg: color(cell.isFgDefault(), cell.isFgRGB(), cell.getFgColor()),
    bg: color(cell.isBgDefault(), cell.isBgRGB(), cell.getBgColor()),
    bold: cell.isBold() > 0,
    dim: cell.isDim() > 0,
    italic: cell.isItalic() > 0,
    underlined: cell.isUnderline() > 0,
    overline: cell.isOverline() > 0,
    reverse: cell.isInverse() > 0,
    hidden: cell.isInvisible() > 0,
    strike: cell.isStrikethrough() !== 0,
  });
}

function inLog(...chunks: string[]): Cell[][] {
  return trimmed(shownLines(...chunks).map(cellsOf));
}

function cellsOf(line: Line): Cell[] {
  const cells: Cell[] = [];
  for (const { text, style } of line.spans) {
    for (const character of charactersOf(text)) {
      if (character === '\t') {
        do cells.push(null);
        while (cells.length % TAB !== 0);
      } else {
        cells.push(cellOf(character, lookOf(style)));
        if (columnsOf(character) === 2) cells.push('');
      }
    }
  }
  return cells;
}

function charactersOf(text: string): string[] {
  const characters: string[] = [];
  for (const char of text) {
    const before = characters.at(-1) ?? '';
    if (joins(before, char)) characters.splice(-1, 1, before + char);
    else characters.push(char);
  }
  return characters;
}

const columns = new Map<string, number>();
function columnsOf(character: string): number {
  const known = columns.get(character) ?? shownLines(character)[0]?.length ?? 0;
  columns.set(character, known);
  return known;
}

function lookOf(style: Style | null): string {
  if (style === null) return look({});
  const { fg, bg, bold, dim, italic, overline, reverse, hidden, strike } = style;
  return look({ fg, bg, bold, dim, italic, underlined: style.underline > 0, overline, reverse, hidden, strike });
}

function look(given: Record<string, unknown>): string {
  return Object.entries(given)
    .filter(([, value]) => value !== null && value !== false)
    .map(([name, value]) => (value === true ? name : `${name}=${value}`))
    .sort()
    .join(' ');
}

function cellOf(chars: string, style: string): Cell {
  const shown = chars === '' ? ' ' : chars;
  return shown === ' ' && style === '' ? null : `${shown}|${style}`;
}

function trimmed(lines: Cell[][]): Cell[][] {
  const rows = lines.map((cells) => {
    let end = cells.length;
    while (end > 0 && (cells[end - 1] === null || cells[end - 1] === '' || / \|bg=\S+$/.test(cells[end - 1] ?? ''))) end -= 1;
    return cells.slice(0, end);
  });
  while (rows.length > 0 && rows.at(-1)?.length === 0) rows.pop();
  return rows;
}

const recordings = readdirSync(CORPUS)
  .filter((name) => name.endsWith('.ansi'))
  .map((name) => name.slice(0, -5))
  .sort();
const recorded = (name: string) => readFileSync(join(CORPUS, `${name}.ansi`), 'utf8');

describe('a log shows what a terminal shows', () => {
  it('of at least 40 recordings', () => {
    expect(recordings.length).toBeGreaterThanOrEqual(40);
    for (const name of Object.keys(EXCEPTIONS)) expect(recordings).toContain(name);
  });

  it.each(recordings.filter((name) => EXCEPTIONS[name] === undefined))('%s', async (name) => {
    const text = recorded(name);
    expect(inLog(text)).toEqual(await inXterm(text));
  });

  it.each(recordings)('%s, whatever the cuts between chunks', (name) => {
    const text = recorded(name);
    const whole = inLog(text);
    for (const size of [1, 7, 64]) {
      const chunks = Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size));
      expect(inLog(...chunks)).toEqual(whole);
    }
  });
});

/** Changes in a line that is longer than a block of its cells; no column lies past the right margin of a log, 512. */
const changeInLine = fc.oneof(
  fc.integer({ min: 1, max: 500 }).map((column) => `\x1b[${column}G`),
  fc.constantFrom('\x1b[P', '\x1b[3P', '\x1b[40P', '\x1b[300P', '\x1b[@', '\x1b[2@', '\x1b[3@', '\x1b[X', '\x1b[9X', '\x1b[500X'),
  fc.constantFrom('\x1b[1K', '\x1b[0K', '\x1b[31m', '\x1b[41m', '\x1b[0m', 'x', 'some words', '\b', '\r'),
);

describe('a long line that is changed shows what a terminal shows', () => {
  it('whatever the changes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 200, max: 850 }), fc.array(changeInLine, { maxLength: 40 }), async (length, changes) => {
        const line = Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('');
        const text = `${line}\r${changes.join('')}\n`;
        expect(inLog(text)).toEqual(await inXterm(text));
      }),
      { numRuns: 20 },
    );
  });
});

/** Pieces of what terminals understand, and what they do not. */
const piece = fc.oneof(
  fc.constantFrom(
    '\r',
    '\n',
    '\b',
    '\t',
    '\x1b',
    '\x1b[',
    '\x9b',
    '\x1b]0;',
    '\x1b_',
    '\x1b\\',
    '\x07',
    '\x18',
    '\x00',
    '\x1b7',
    '\x1b8',
    '\x1bM',
  ),
  fc.constantFrom('漢', '👩\u200d👧', 'e\u0301', '🇩🇪', '\u200d', '\ufe0f', '\ud83d', '\udc67', '\u0301', '1️⃣', '\x0e', '\x1b)0', '\x1b(B'),
  fc.string({ maxLength: 8 }),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc
    .tuple(
      fc.constantFrom('', '?', '>'),
      fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 4 }),
      fc.constantFrom(...'ABCDEFGHIJKLMPXZ@`abcdefhlmrsu'),
    )
    .map(([prefix, params, final]) => `\x1b[${prefix}${params.join(';')}${final}`),
  fc.constantFrom(
    '\x1b[?1049h',
    '\x1b[?1049l',
    '\x1b[2J',
    '\x1b[J',
    '\x1b[K',
    '\x1b[1K',
    '\x1b[3A',
    '\x1b[1;5r',
    '\x1b[4:3m',
    '\x1b[38:2::1:2:3m',
  ),
);

describe('whatever comes', () => {
  it('never fails, and shows the same whatever the cuts', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.array(fc.nat(400), { maxLength: 20 }), (pieces, cuts) => {
        const text = pieces.join('');
        const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
        const chunks = [0, ...places].map((from, i) => text.slice(from, places[i] ?? text.length));
        const spans = (lines: Line[]) => lines.map((line) => line.spans.map(({ text: shown, style }) => [shown, style]));
        expect(spans(shownLines(...chunks))).toEqual(spans(shownLines(text)));
      }),
      { numRuns: 2000 },
    );
  });
});
