import { Grid, type Rows, SCREEN_ROWS } from './grid.ts';
import { Line, MAX_LINE, TAB } from './line.ts';
import { linkIn, progressIn } from './osc.ts';
import { Parser, type Sink } from './parser.ts';
import { contentBegin, contentEnd, endsOfLines, firstOther, styleBehind } from './printed.ts';
import { erasedStyle, linkedStyle, type Style, styleAfter } from './style.ts';
import { joins, widens, widthOf } from './width.ts';

/** Movements to the right end here, or where the line ends: a log has no right margin that they could mean. */
const MARGIN = 512;
/** Characters that take a column each and belong to no others: they are written many at a time. */
const NARROW = /[\x20-\x7e\xa0-\xac\xae-\u02ff\u0391-\u0482\u048a-\u0556\u2010-\u2027\u2190-\u21ff\u2500-\u259f\u2800-\u28ff]+/y;
/** Of the others, that are written one by one, no more than so many are repeated. */
const MAX_REPEATED = 32;
/** A longer line is read at once: it may be folded. A character takes at most a tab's columns. */
const MAX_UNREAD = MAX_LINE / TAB;
/** The line drawings of `ESC ( 0`, from `_` on. */
const DRAWINGS = '\xa0◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·';

interface Place {
  row: number;
  column: number;
  style: Style | null;
  drawing: boolean[];
  shifted: number;
  below: boolean;
}

const HOME: Place = { row: 0, column: 0, style: null, drawing: [false, false], shifted: 0, below: false };

/**
 * A terminal for a log: as wide as its lines, 200 rows high, and what leaves its top is kept as it is. A newline also returns to
 * the first column. What clears the screen begins a new one below, so that nothing which was printed is lost; a full-screen
 * program (alternate screen) draws below, too, and what it drew goes when it ends. Status lines that a program puts below
 * its scroll region, questions, titles and modes are left out.
 */
export class Screen<L extends Line> implements Sink {
  readonly #rows: Rows<L>;
  readonly #grid: Grid<L>;
  readonly #parser = new Parser(this);
  #at: Place = { ...HOME };
  #saved: Place = { ...HOME };
  /** The place to which a full-screen program returns. */
  #back: Place = { ...HOME };
  /** The last row of the scroll region, if a program set one to keep rows below it for itself. */
  #bottom: number | null = null;
  /** The last character that was written, or the text in which it stands, while that was not read. */
  #last = '';
  #lastIn: string | null = null;

  constructor(rows: Rows<L>) {
    this.#rows = rows;
    this.#grid = new Grid(rows);
  }

  /** The lines that can still change. */
  get lines(): readonly L[] {
    return this.#grid.lines;
  }

  /** Takes the next piece of output. `make` is told places in it. */
  feed(text: string): void {
    let other = -1;
    for (let at = 0; at < text.length; ) {
      if (this.#below) {
        if (other < at) other = firstOther(text, at);
        at = this.#add(text, at, text.lastIndexOf('\n', other - 1) + 1);
      }
      const newline = text.indexOf('\n', at);
      const end = newline === -1 ? text.length : newline + 1;
      this.#grid.origin = at;
      if (end > at) this.#parser.feed(text.slice(at, end));
      this.#grid.origin = 0;
      at = end;
    }
  }

  /** The cursor stands at the beginning of a new row below all lines, and nothing is under way: what comes next only adds to them. */
  get #below(): boolean {
    const { row, column, below, drawing, shifted } = this.#at;
    const atEnd = column === 0 && row === this.#grid.lines.length && !below;
    return atEnd && drawing[shifted] !== true && !this.#grid.alternate && this.#parser.idle;
  }

  /** Adds whole lines of characters and colours, which are read when somebody looks at them. @returns where it stopped. */
  #add(text: string, from: number, to: number): number {
    const ends = endsOfLines(text, from, to, MAX_UNREAD);
    const stop = (ends.at(-1) ?? from - 1) + 1;
    if (stop === from) return from;
    const passed = this.#rows.passed === undefined ? 0 : Math.max(0, ends.length - (SCREEN_ROWS - 1));
    let at = from;
    if (passed > 0) {
      at = (ends[passed - 1] ?? 0) + 1;
      const printed = text.slice(from, at);
      this.#grid.pass({ text: printed, count: passed, at: from, style: this.#at.style, read: Screen.#read });
      this.#at.style = styleBehind(printed, this.#at.style);
    }
    for (const newline of ends.slice(passed)) {
      this.#addLine(text, at, newline);
      at = newline + 1;
    }
    this.#at.row = this.#grid.lines.length;
    this.#grid.taken(stop - from - ends.length);
    this.#lastIn = text.slice(from, stop);
    return stop;
  }

  #addLine(text: string, from: number, newline: number): void {
    const end = contentEnd(text, from, newline);
    const line = this.#grid.add(contentBegin(text, from, newline));
    if (end === from) return;
    const printed = text.slice(from, end);
    line.printed(printed, this.#at.style, Screen.#read);
    this.#at.style = styleBehind(printed, this.#at.style);
  }

  /** Reads what was printed into a line. */
  static #read(line: Line, text: string, style: Style | null): void {
    const screen = new Screen<Line>({ make: () => line, left: () => undefined });
    screen.#at.style = style;
    screen.#parser.feed(text);
  }

  /** Shows what a person typed, as a terminal echoes it: at the cursor, and then a new line. @param text without control characters. */
  echo(text: string, style: Style | null): void {
    const { style: before } = this.#at;
    this.#at.style = style;
    this.#write(text, 0);
    this.#at.style = before;
    this.#newline(0);
  }

  /** No more comes: what is held is shown. */
  end(): void {
    this.#parser.end();
  }

  /** Lines that are kept no more are written no more. */
  forget(gone: ReadonlySet<Line>): void {
    const row = this.#at.row - this.#grid.forget(gone);
    if (row < 0) this.#at.column = 0;
    this.#at.row = Math.max(0, row);
  }

  text(text: string, at: number): void {
    if (this.#at.below) return;
    this.#write(text, at);
    this.#grid.taken(text.length);
  }

  #write(text: string, at: number): void {
    const written = this.#at.drawing[this.#at.shifted] === true ? drawn(text) : text;
    for (let i = 0; i < written.length; ) {
      const line = this.#line(at + i);
      if (this.#at.column >= MAX_LINE) {
        this.#fold(line, at + i);
        continue;
      }
      NARROW.lastIndex = i;
      const narrow = NARROW.test(written) ? NARROW.lastIndex - i : 0;
      if (narrow > 0) {
        const piece = written.slice(i, i + Math.min(narrow, MAX_LINE - this.#at.column));
        line.write(this.#at.column, piece, this.#at.style);
        this.#at.column += piece.length;
        i += piece.length;
        this.#lastIn = null;
        this.#last = piece.charAt(piece.length - 1);
      } else {
        const char = String.fromCodePoint(written.codePointAt(i) ?? 0);
        if (this.#char(line, char, at + i)) i += char.length;
      }
    }
  }

  control(char: string, at: number): void {
    switch (char) {
      case '\n':
      case '\v':
      case '\f':
        this.#newline(at);
        return;
      case '\r':
        this.#at.column = 0;
        return;
      case '\b':
        this.#at.column = Math.max(0, this.#at.column - 1);
        return;
      case '\t':
        if (!this.#at.below) this.#at.column = this.#line(at).tab(this.#at.column);
        return;
      case '\x0e':
        this.#at.shifted = 1;
        return;
      case '\x0f':
        this.#at.shifted = 0;
        return;
    }
  }

  escape(intermediates: string, final: string, at: number): void {
    if (intermediates === '(' || intermediates === ')') {
      const drawing = [...this.#at.drawing];
      drawing[intermediates === '(' ? 0 : 1] = final === '0';
      this.#at.drawing = drawing;
    }
    if (intermediates !== '') return;
    switch (final) {
      case '7':
        this.#saved = { ...this.#at };
        return;
      case '8':
        this.#at = { ...this.#saved };
        return;
      case 'D':
        this.#down(at);
        return;
      case 'E':
        this.#newline(at);
        return;
      case 'M':
        this.#to(this.#at.row - 1);
        return;
      case 'c':
        this.#grid.clear(this.#erasing);
        this.#at = { ...HOME };
        this.#saved = { ...HOME };
        this.#bottom = null;
        return;
    }
  }

  osc(body: string): void {
    const link = linkIn(body);
    if (link !== undefined) this.#at.style = linkedStyle(this.#at.style, link);
    const progress = progressIn(body);
    if (progress !== undefined) this.#rows.progress?.(progress);
  }

  csi(params: string, final: string, at: number): void {
    this.#grid.taken(params.length + 3);
    if (isSpecial(params)) {
      if (final === 'h' || final === 'l') this.#mode(params, final === 'h');
      else if (final === 'J' || final === 'K') this.#moveOrErase(params.slice(1), final, at);
      return;
    }
    if (final === 'm') this.#at.style = styleAfter(this.#at.style, params);
    else this.#moveOrErase(params, final, at);
  }

  #moveOrErase(params: string, final: string, at: number): void {
    const [first, second] = params.split(';');
    const given = numberOf(first);
    const count = Math.max(1, given);
    const { row, column } = this.#at;
    switch (final) {
      case 'A':
        this.#to(row - count);
        return;
      case 'B':
      case 'e':
        this.#to(row + count);
        return;
      case 'C':
      case 'a':
        this.#across(column + count);
        return;
      case 'D':
        this.#across(column - count);
        return;
      case 'E':
        this.#to(row + count, 0);
        return;
      case 'F':
        this.#to(row - count, 0);
        return;
      case 'G':
      case '`':
        this.#across(count - 1);
        return;
      case 'H':
      case 'f':
        this.#jump(count);
        this.#across(Math.max(1, numberOf(second)) - 1);
        return;
      case 'd':
        this.#jump(count);
        return;
      case 'I':
        this.#across((Math.floor(column / TAB) + count) * TAB);
        return;
      case 'Z':
        this.#across((Math.ceil(column / TAB) - count) * TAB);
        return;
      case 'J':
        this.#eraseScreen(given, at);
        return;
      case 'K':
        this.#eraseLine(given, at);
        return;
      case 'P':
        this.#here()?.remove(column, count);
        return;
      case 'X':
        this.#erased(at)?.erase(column, column + count, this.#erasing);
        return;
      case '@':
        this.#here()?.insert(column, count, this.#erasing);
        return;
      case 'L':
        if (this.#here() === undefined) return;
        this.#grid.insert(row, count, this.#erasing, at);
        this.#at.column = 0;
        return;
      case 'M':
        if (this.#here() === undefined) return;
        this.#grid.remove(row, count, this.#erasing);
        this.#at.column = 0;
        return;
      case 'b':
        this.#repeat(count, at);
        return;
      case 'r':
        this.#region(given, numberOf(second));
        return;
      case 's':
        this.#saved = { ...this.#at };
        return;
      case 'u':
        this.#at = { ...this.#saved };
        return;
    }
  }

  /** @returns false when the character has to be written in the next line. */
  #char(line: L, char: string, at: number): boolean {
    const { column, style } = this.#at;
    const before = line.before(column);
    if (joins(before, char)) {
      line.join(column, char);
      if (widens(before, char) && column < MAX_LINE && line.before(column - 1) !== line.before(column)) {
        line.put(column - 1, [line.before(column), ''], style);
        this.#at.column += 1;
      }
      return true;
    }
    const width = widthOf(char);
    if (width === 0) return true;
    if (column + width > MAX_LINE) {
      this.#fold(line, at);
      return false;
    }
    line.put(column, width === 2 ? [char, ''] : [char], style);
    this.#at.column += width;
    this.#lastIn = null;
    this.#last = char;
    return true;
  }

  #repeat(count: number, at: number): void {
    if (this.#lastIn !== null) {
      const screen = new Screen<Line>({ make: () => new Line(), left: () => undefined });
      screen.#last = this.#last;
      screen.#parser.feed(this.#lastIn);
      this.#last = screen.#last;
      this.#lastIn = null;
    }
    NARROW.lastIndex = 0;
    const most = NARROW.test(this.#last) ? MARGIN : MAX_REPEATED;
    if (!this.#at.below) this.#write(this.#last.repeat(Math.min(count, most)), at);
  }

  #fold(line: L, at: number): void {
    line.folded = true;
    this.#newline(at);
  }

  /** The ground that erasing leaves. */
  get #erasing(): Style | null {
    return erasedStyle(this.#at.style);
  }

  /** The line of the cursor's row, made with those above it where they are not there yet. */
  #line(at: number): L {
    this.#at.row = this.#grid.reach(this.#at.row);
    return this.#grid.line(this.#at.row, at);
  }

  #here(): L | undefined {
    return this.#at.below ? undefined : this.#grid.there(this.#at.row);
  }

  #newline(at: number): void {
    this.#down(at);
    this.#at.column = 0;
  }

  #down(at: number): void {
    this.#line(at);
    if (this.#at.row < SCREEN_ROWS - 1) this.#to(this.#at.row + 1);
    else this.#grid.scroll();
    this.#at.below = false;
  }

  #to(row: number, column = this.#at.column): void {
    this.#at.row = Math.min(SCREEN_ROWS - 1, Math.max(0, row));
    this.#at.column = column;
    this.#at.below = false;
  }

  /** To a row by its number. Below its scroll region a program keeps a status line: what it writes there is none of the log's. */
  #jump(number: number): void {
    this.#to(number - 1);
    this.#at.below = this.#bottom !== null && number > this.#bottom;
  }

  #across(column: number): void {
    this.#at.column = Math.min(Math.max(0, column), Math.max(MARGIN, this.#here()?.length ?? 0) - 1);
  }

  #erased(at: number): L | undefined {
    if (this.#at.below) return undefined;
    this.#at.row = this.#grid.reach(this.#at.row);
    return this.#grid.erased(this.#at.row, this.#erasing, at);
  }

  #eraseLine(part: number, at: number): void {
    const { column } = this.#at;
    const line = this.#erased(at);
    if (part === 0) line?.erase(column, Number.POSITIVE_INFINITY, this.#erasing);
    else if (part === 1) line?.erase(0, column + 1, this.#erasing);
    else if (part === 2) line?.clear(this.#erasing);
  }

  #eraseScreen(part: number, at: number): void {
    if (this.#at.below) return;
    if (part === 2) this.#grid.clear(this.#erasing);
    if (part > 1) return;
    this.#eraseLine(part, at);
    if (part === 0) this.#grid.clearBelow(this.#at.row, this.#erasing, at);
    else this.#grid.clearAbove(this.#at.row, this.#erasing);
  }

  #region(top: number, bottom: number): void {
    this.#bottom = top <= 1 && bottom > 1 && bottom < SCREEN_ROWS ? bottom : null;
    this.#to(0, 0);
  }

  #mode(params: string, on: boolean): void {
    if (!params.startsWith('?')) return;
    for (const mode of params.slice(1).split(';')) {
      if (mode === '1048' && on) this.#saved = { ...this.#at };
      else if (mode === '1048') this.#at = { ...this.#saved };
      else if (mode === '47' || mode === '1047' || mode === '1049') this.#alternate(on, mode === '1049');
    }
  }

  #alternate(on: boolean, restores: boolean): void {
    if (on === this.#grid.alternate) return;
    if (on) {
      this.#back = { ...this.#at };
      this.#grid.enter(this.#erasing);
      return;
    }
    if (restores) this.#at = { ...this.#back };
    this.#bottom = null;
    this.#grid.leave();
  }
}

/** With a private marker in front, or intermediate characters behind. */
function isSpecial(params: string): boolean {
  return params !== '' && (params.charCodeAt(0) >= 0x3c || params.charCodeAt(params.length - 1) < 0x30);
}

function numberOf(text: string | undefined): number {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? Math.min(value, 100_000) : 0;
}

function drawn(text: string): string {
  return text.replace(/[_-~]/g, (char) => DRAWINGS.charAt(char.charCodeAt(0) - 0x5f));
}
