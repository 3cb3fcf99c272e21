import { addTo, Cells, type Span } from './cells.ts';
import { columnsOf, mayBeginWith } from './printed.ts';
import { type Style, sameStyle } from './style.ts';
import { joined } from './width.ts';

/** A line without an end is cut here, so that drawing one never takes long. */
export const MAX_LINE = 16_384;
export const TAB = 8;
const SPAN_WEIGHT = 10;
/** No tab stands before this column, nor before any that a line has. */
const NO_TABS = 2 * MAX_LINE;
/** Shared by all lines without text, and never written to. */
const NO_SPANS: Span[] = [];

/** Writes text, of which nothing stands in the line yet, into it. */
export type LineReader = (line: Line, text: string, style: Style | null) => void;

/**
 * One line of a terminal: cells of one column each, a wide character in two of them, a tab up to its stop. It is kept as it was
 * printed until somebody looks at it or changes it; then as spans while text is only added to its end, and as single cells from the
 * first change elsewhere on.
 */
export class Line {
  /** It rises with every change, so that a view knows what to draw again. */
  version = 0;
  /** It was cut because it is too long: the next one goes on where it ends. */
  folded = false;
  /** As it was printed, and not read yet: nothing else stands in the line. */
  #printed: string | null = null;
  #printedIn: Style | null = null;
  #reader: LineReader | null = null;
  #columns = 0;
  #spans: Span[] = NO_SPANS;
  /** Null: as in #spans, whose characters take a cell each, or are tabs. */
  #cells: Cells | null = null;
  /** The style where nothing was written: the ground with which the line was erased. */
  #ground: Style | null;
  /** No tab stands before this column. */
  #tabs = NO_TABS;
  /** The version that #spans show, while there are cells. */
  #spansOf = -1;

  constructor(ground: Style | null = null) {
    this.#ground = ground;
  }

  /** Puts off reading what was printed into the line, which is empty. @param style in which it begins. */
  printed(text: string, style: Style | null, reader: LineReader): void {
    this.#printed = text;
    this.#printedIn = style;
    this.#reader = reader;
  }

  /** Nobody has looked at the line yet. */
  get unread(): boolean {
    return this.#printed !== null;
  }

  /** Columns up to the last cell that holds something. */
  get length(): number {
    if (this.#printed !== null) {
      if (this.#columns > 0) return this.#columns;
      const columns = columnsOf(this.#printed);
      if (columns === null) this.#read();
      else this.#columns = columns;
    }
    return this.#cells === null ? this.#columns : this.#cells.length;
  }

  get spans(): readonly Span[] {
    this.#read();
    if (this.#cells !== null && this.#spansOf !== this.version) {
      this.#spans = this.#cells.spans();
      this.#spansOf = this.version;
    }
    return this.#spans;
  }

  get text(): string {
    const spans = this.spans;
    return spans.length === 1 ? (spans[0]?.text ?? '') : spans.map((span) => span.text).join('');
  }

  /** Whether its first span begins so. @param text of ASCII. */
  startsWith(text: string): boolean {
    if (this.#printed !== null && !mayBeginWith(this.#printed, text)) return false;
    return this.spans[0]?.text.startsWith(text) === true;
  }

  /** The character in the cells before a column; empty at the line's beginning and past its end. */
  before(column: number): string {
    if (column <= 0 || column > this.length) return '';
    const cells = this.#cells ?? this.#explode();
    return cells.at(firstOf(cells, column - 1)) ?? '';
  }

  /** Writes characters of one column each, at a column. */
  write(column: number, text: string, style: Style | null): void {
    this.#read();
    this.version += 1;
    if (this.#cells === null && column >= this.#columns) {
      if (this.#spans === NO_SPANS) this.#spans = [];
      if (column > this.#columns) addTo(this.#spans, ' '.repeat(column - this.#columns), this.#ground);
      if (text !== '') addTo(this.#spans, text, style);
      this.#columns = column + text.length;
      return;
    }
    this.#overwrite(column, text.split(''), style);
  }

  /** Writes cells, at a column: characters, each with an empty cell after it for each further column that it takes. */
  put(column: number, cells: readonly string[], style: Style | null): void {
    this.version += 1;
    this.#overwrite(column, cells, style);
  }

  /** Adds a mark to the character before a column. */
  join(column: number, mark: string): void {
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    const at = firstOf(cells, column - 1);
    if (at >= 0) cells.rewrite(at, joined(cells.at(at) ?? '', mark));
  }

  /** A tab at the line's end, as one that can be copied. @returns the column of the next stop. */
  tab(column: number): number {
    const stop = (Math.floor(column / TAB) + 1) * TAB;
    if (column < this.length || stop > MAX_LINE) return Math.min(stop, MAX_LINE);
    this.#tabs = Math.min(this.#tabs, column);
    if (this.#cells !== null) this.put(column, tabOf(stop - column), null);
    else {
      this.write(column, '\t', null);
      this.#columns = stop;
    }
    return stop;
  }

  /** Erases the columns from `from` to before `to`; to the end it is cut off there. */
  erase(from: number, to: number, style: Style | null): void {
    if (from >= to) return;
    if (to === Number.POSITIVE_INFINITY) this.#extend(from, style);
    else if (style !== null && to > this.length) this.write(Math.min(to, MAX_LINE), '', null);
    if (from >= this.length) return;
    this.version += 1;
    const cut = to >= this.length && (style === null || to === Number.POSITIVE_INFINITY);
    if (from === 0 && cut) {
      this.#reset();
      return;
    }
    const cells = this.#cells ?? this.#explode();
    split(cells, from);
    if (!cut) split(cells, to);
    if (cut) cells.remove(from, cells.length);
    else cells.blank(from, Math.min(to, cells.length), style);
  }

  /** Takes cells out; what follows moves to the left. */
  remove(column: number, count: number): void {
    if (column >= this.length) return;
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    this.#spaces();
    split(cells, column);
    split(cells, column + count);
    cells.remove(column, Math.min(column + count, cells.length));
  }

  /** Puts blanks in; what follows moves to the right. */
  insert(column: number, count: number, style: Style | null): void {
    if (column >= this.length) return;
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    this.#spaces();
    split(cells, column);
    cells.insert(column, Math.min(count, MAX_LINE - column), style);
    split(cells, MAX_LINE);
    cells.remove(MAX_LINE, cells.length);
  }

  /** Takes over the content of another line, which is empty afterwards. */
  become(other: Line): void {
    other.#read();
    this.#printed = null;
    this.version += 1;
    other.version += 1;
    this.#columns = other.#columns;
    this.#spans = other.#spans;
    this.#cells = other.#cells;
    this.#ground = other.#ground;
    this.#tabs = other.#tabs;
    this.#spansOf = -1;
    this.folded = other.folded;
    other.#reset();
  }

  /** @param ground what stands where nothing will have been written. */
  clear(ground: Style | null): void {
    this.#ground = ground;
    if (this.length === 0) return;
    this.version += 1;
    this.#reset();
  }

  /** The cost of keeping the line, in characters: a piece in a style of its own costs as much as some of them. */
  get weight(): number {
    if (this.#printed !== null) return this.#printed.length + SPAN_WEIGHT;
    return this.#cells === null ? this.#columns + this.#spans.length * SPAN_WEIGHT : this.#cells.length * 2;
  }

  /** It will not change any more: it needs less memory then. */
  settle(): void {
    if (this.#cells === null) return;
    this.#columns = this.#cells.length;
    this.#spans = [...this.spans];
    this.#cells = null;
  }

  /** Reads what was printed: for who looks at the line, it is what it was. */
  #read(): void {
    const { version } = this;
    const text = this.#printed;
    if (text === null) return;
    this.#printed = null;
    this.#columns = 0;
    this.#reader?.(this, text, this.#printedIn);
    this.version = version;
  }

  #reset(): void {
    this.#printed = null;
    this.#columns = 0;
    this.#spans = NO_SPANS;
    this.#cells = null;
    this.#tabs = NO_TABS;
    this.folded = false;
  }

  /** The ground changes from a column on: what stands before it keeps its own. */
  #extend(column: number, ground: Style | null): void {
    if (sameStyle(ground, this.#ground)) return;
    if (column > this.length) this.write(column, '', null);
    this.#ground = ground;
  }

  /** From now on it has cells. */
  #explode(): Cells {
    this.#read();
    if (this.#cells !== null) return this.#cells;
    const cells = new Cells();
    for (const { text, style } of this.#spans) {
      text.split('\t').forEach((piece, index) => {
        if (index > 0) cells.write(cells.length, tabOf(TAB - (cells.length % TAB)), style);
        cells.write(cells.length, piece.split(''), style);
      });
    }
    this.#cells = cells;
    this.#spansOf = -1;
    return cells;
  }

  /** Blanks go before what is written past the end; a character that is written over in part is no more. */
  #overwrite(column: number, chars: readonly string[], style: Style | null): void {
    const cells = this.#cells ?? this.#explode();
    cells.extend(column - cells.length, this.#ground);
    split(cells, column);
    split(cells, column + chars.length);
    cells.write(column, chars, style);
  }

  /** Tabs that move become blanks. */
  #spaces(): void {
    const cells = this.#cells;
    if (cells === null) return;
    const tabs: number[] = [];
    if (this.#tabs < cells.length) cells.each(this.#tabs, (char, column) => char === '\t' && tabs.push(column));
    for (const column of tabs) blankOut(cells, column);
    this.#tabs = NO_TABS;
  }
}

/** A tab of so many cells. */
function tabOf(width: number): string[] {
  return ['\t', ...new Array<string>(width - 1).fill('')];
}

/** The first cell of the character that reaches over a column. */
function firstOf(cells: Cells, column: number): number {
  let at = column;
  while (at > 0 && cells.at(at) === '') at -= 1;
  return at;
}

/** A character that reaches over a column is no more: blanks take its place. */
function split(cells: Cells, column: number): void {
  if (cells.at(column) === '') blankOut(cells, firstOf(cells, column));
}

/** Blanks take the place of the character whose first cell this is. */
function blankOut(cells: Cells, column: number): void {
  let at = column;
  do {
    cells.rewrite(at, ' ');
    at += 1;
  } while (cells.at(at) === '');
}
