import { type Style, sameStyle } from './style.ts';
import { joined } from './width.ts';

/** A stretch of a line in one style. */
export interface Span {
  text: string;
  style: Style | null;
}

/** A line without an end is cut here, so that drawing one never takes long. */
export const MAX_LINE = 16_384;
export const TAB = 8;

/**
 * One line of a terminal: cells of one column each, a wide character in two of them, a tab up to its stop. It is kept as
 * spans while text is only added to its end, and as single cells from the first change elsewhere on.
 */
export class Line {
  /** It rises with every change, so that a view knows what to draw anew. */
  version = 0;
  /** It was cut because it is too long: the next one goes on where it ends. */
  folded = false;
  #columns = 0;
  #spans: Span[] = [];
  /** A cell that belongs to the character before it is empty. Null: as in #spans, whose characters take a cell each, or are tabs. */
  #cells: string[] | null = null;
  #styles: (Style | null)[] = [];
  /** What stands where nothing was written: the ground with which the line was erased. */
  #ground: Style | null;
  #tabs = false;
  /** The version that #spans show, while there are cells. */
  #spansOf = -1;

  constructor(ground: Style | null = null) {
    this.#ground = ground;
  }

  /** Columns up to the last cell that holds something. */
  get length(): number {
    return this.#cells === null ? this.#columns : this.#cells.length;
  }

  get spans(): readonly Span[] {
    if (this.#cells !== null && this.#spansOf !== this.version) {
      this.#spans = spansOf(this.#cells, this.#styles);
      this.#spansOf = this.version;
    }
    return this.#spans;
  }

  get text(): string {
    const spans = this.spans;
    return spans.length === 1 ? (spans[0]?.text ?? '') : spans.map((span) => span.text).join('');
  }

  /** The character in the cells before a column; empty at the line's beginning and past its end. */
  before(column: number): string {
    if (column <= 0 || column > this.length) return '';
    const cells = this.#cells ?? this.#explode();
    let at = column - 1;
    while (at > 0 && cells[at] === '') at -= 1;
    return cells[at] ?? '';
  }

  /** Writes characters of one column each, at a column. */
  write(column: number, text: string, style: Style | null): void {
    this.version += 1;
    if (this.#cells === null && column >= this.#columns) {
      if (column > this.#columns) this.#append(' '.repeat(column - this.#columns), this.#ground);
      if (text !== '') this.#append(text, style);
      this.#columns = column + text.length;
      return;
    }
    const cells = this.#cells ?? this.#explode();
    this.#fill(column);
    this.#split(column);
    this.#split(column + text.length);
    for (let i = 0; i < text.length; i += 1) {
      cells[column + i] = text.charAt(i);
      this.#styles[column + i] = style;
    }
  }

  /** Writes one character of some columns, at a column. */
  put(column: number, char: string, width: number, style: Style | null): void {
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    this.#fill(column);
    this.#split(column);
    this.#split(column + width);
    for (let i = 0; i < width; i += 1) {
      cells[column + i] = i === 0 ? char : '';
      this.#styles[column + i] = style;
    }
  }

  /** Adds a mark to the character before a column. */
  join(column: number, mark: string): void {
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    let at = column - 1;
    while (at > 0 && cells[at] === '') at -= 1;
    cells[at] = joined(cells[at] ?? '', mark);
  }

  /** A tab at the line's end, as one that can be copied. @returns the column of the next stop. */
  tab(column: number): number {
    const stop = (Math.floor(column / TAB) + 1) * TAB;
    if (column < this.length || stop > MAX_LINE) return Math.min(stop, MAX_LINE);
    this.#tabs = true;
    if (this.#cells !== null) this.put(column, '\t', stop - column, null);
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
    if (from === 0 && to >= this.length && (style === null || to === Number.POSITIVE_INFINITY)) {
      this.#reset();
      return;
    }
    const cells = this.#cells ?? this.#explode();
    this.#split(from);
    if (to >= cells.length && (style === null || to === Number.POSITIVE_INFINITY)) {
      cells.length = this.#styles.length = from;
      return;
    }
    this.#split(to);
    cells.fill(' ', from, Math.min(to, cells.length));
    this.#styles.fill(style, from, Math.min(to, cells.length));
  }

  /** Takes cells out; what follows moves to the left. */
  remove(column: number, count: number): void {
    if (column >= this.length) return;
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    this.#spaces();
    this.#split(column);
    this.#split(column + count);
    cells.splice(column, count);
    this.#styles.splice(column, count);
  }

  /** Puts blanks in; what follows moves to the right. */
  insert(column: number, count: number, style: Style | null): void {
    if (column >= this.length) return;
    this.version += 1;
    const cells = this.#cells ?? this.#explode();
    this.#spaces();
    this.#split(column);
    const most = Math.min(count, MAX_LINE - column);
    cells.splice(column, 0, ...Array.from({ length: most }, () => ' '));
    this.#styles.splice(column, 0, ...Array.from({ length: most }, () => style));
    if (cells.length > MAX_LINE) cells.length = this.#styles.length = MAX_LINE;
  }

  /** Takes over the content of another line, which is empty afterwards. */
  become(other: Line): void {
    this.version += 1;
    other.version += 1;
    this.#columns = other.#columns;
    this.#spans = other.#spans;
    this.#cells = other.#cells;
    this.#styles = other.#styles;
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

  /** It will not change any more: it needs less memory then. */
  settle(): void {
    if (this.#cells === null) return;
    this.#columns = this.#cells.length;
    this.#spans = [...this.spans];
    this.#cells = null;
    this.#styles = [];
  }

  #reset(): void {
    this.#columns = 0;
    this.#spans = [];
    this.#cells = null;
    this.#styles = [];
    this.#tabs = false;
    this.folded = false;
  }

  /** The ground changes from a column on: what stands before it keeps its own. */
  #extend(column: number, ground: Style | null): void {
    if (sameStyle(ground, this.#ground)) return;
    if (column > this.length) this.write(column, '', null);
    this.#ground = ground;
  }

  #append(text: string, style: Style | null): void {
    const last = this.#spans.at(-1);
    if (last !== undefined && sameStyle(last.style, style)) last.text += text;
    else this.#spans.push({ text, style });
  }

  #explode(): string[] {
    const cells: string[] = [];
    const styles: (Style | null)[] = [];
    for (const { text, style } of this.#spans) {
      for (let i = 0; i < text.length; i += 1) {
        const char = text.charAt(i);
        cells.push(char);
        styles.push(style);
        if (char === '\t') while (cells.length % TAB !== 0) cells.push('');
        while (styles.length < cells.length) styles.push(style);
      }
    }
    this.#cells = cells;
    this.#styles = styles;
    this.#spansOf = -1;
    return cells;
  }

  /** Blanks from the line's end to a column. */
  #fill(column: number): void {
    const cells = this.#cells ?? this.#explode();
    while (cells.length < column) {
      cells.push(' ');
      this.#styles.push(this.#ground);
    }
  }

  /** A character that reaches over a column is no more: blanks take its place. */
  #split(column: number): void {
    const cells = this.#cells;
    if (cells === null || cells[column] !== '') return;
    let from = column;
    while (from > 0 && cells[from] === '') from -= 1;
    let to = column;
    while (cells[to] === '') to += 1;
    cells.fill(' ', from, to);
  }

  #spaces(): void {
    const cells = this.#cells;
    if (cells === null || !this.#tabs) return;
    this.#tabs = false;
    for (let at = cells.indexOf('\t'); at !== -1; at = cells.indexOf('\t', at)) {
      cells[at] = ' ';
      for (let next = at + 1; cells[next] === ''; next += 1) cells[next] = ' ';
    }
  }
}

function spansOf(cells: readonly string[], styles: readonly (Style | null)[]): Span[] {
  const spans: Span[] = [];
  for (let from = 0; from < cells.length; ) {
    const style = styles[from] ?? null;
    let to = from + 1;
    while (to < cells.length && sameStyle(styles[to] ?? null, style)) to += 1;
    spans.push({ text: cells.slice(from, to).join(''), style });
    from = to;
  }
  return spans;
}
