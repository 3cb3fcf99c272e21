import type { Line, LineReader } from './line.ts';
import type { Progress } from './osc.ts';
import { type Style, sameStyle } from './style.ts';

/** So many of the last lines can still be changed in place: as if the terminal were so high. */
export const SCREEN_ROWS = 200;
/**
 * Rows that nobody wrote a newline for, which a jump down leaves blank: so many for each character that was fed, and so many
 * at first. A few characters must not make a thousand lines, again and again.
 */
const ROWS_PER_CHARACTER = 4;
const ROWS_AT_FIRST = 2000;

/** Lines of characters and colours that left the screen in the same piece of output that printed them: nobody has read them. */
export interface PassedLines {
  /** Whole lines, each with its newline. */
  text: string;
  count: number;
  /** Where the first begins in the piece. */
  at: number;
  /** The style in which the first begins, and the ground of all. */
  style: Style | null;
  ground: Style | null;
  /** Reads what one of them printed. */
  read: LineReader;
}

/** Where the lines stand that a screen writes. */
export interface Rows<L extends Line> {
  /** A new line below all others. `at`: the character that begins it; `alternate`: it belongs to a full-screen program. */
  make(place: { at: number; alternate: boolean; ground: Style | null }): L;
  /** These lines came, and can't change any more. A screen without this makes each of them. */
  passed?(lines: PassedLines): void;
  /** The full-screen program has ended: its lines are gone, as in a terminal. */
  left(): void;
  /** How far a program says it is; null when it says no more. */
  progress?(progress: Progress | null): void;
}

/** The lines of a screen that can still change, by their rows. What leaves the top is kept as it is, and is none of them any more. */
export class Grid<L extends Line> {
  readonly #rows: Rows<L>;
  #lines: L[] = [];
  /** The lines to which a full-screen program returns. */
  #main: L[] | null = null;
  /** The ground of rows that were erased before anything stood in them. */
  #ground: Style | null = null;
  #spare = ROWS_AT_FIRST;
  /** Where the piece that is being fed begins in the output that a caller knows of. */
  origin = 0;

  constructor(rows: Rows<L>) {
    this.#rows = rows;
  }

  get lines(): readonly L[] {
    return this.#lines;
  }

  get alternate(): boolean {
    return this.#main !== null;
  }

  /** So many characters were taken in. */
  taken(characters: number): void {
    this.#spare = Math.min(this.#spare + characters * ROWS_PER_CHARACTER, ROWS_PER_CHARACTER * 65_536);
  }

  /** Lines that are kept no more are written no more. @returns how many of the rows they were. */
  forget(gone: ReadonlySet<Line>): number {
    const before = this.#lines.length;
    this.#lines = this.#lines.filter((line) => !gone.has(line));
    if (this.#main !== null) this.#main = this.#main.filter((line) => !gone.has(line));
    return before - this.#lines.length;
  }

  /** The line of a row, if there is one. */
  there(row: number): L | undefined {
    return this.#lines[row];
  }

  /** The last row for which a line can be made. */
  reach(row: number): number {
    return Math.min(row, this.#lines.length + this.#spare);
  }

  /** The line of a row that can be reached, made with those above it where they are not there yet. */
  line(row: number, at: number): L {
    const there = this.#lines[row];
    if (there !== undefined) return there;
    while (this.#lines.length < row) {
      this.#spare -= 1;
      this.#make(at);
    }
    return this.#make(at);
  }

  /** The line of a row that is to be erased: where there is none yet, one if the erasing is seen. */
  erased(row: number, ground: Style | null, at: number): L | undefined {
    return sameStyle(ground, this.#ground) ? this.there(row) : this.line(row, at);
  }

  /** A line below all others, for the one row that the cursor goes on from. */
  add(at: number): L {
    const line = this.#make(at);
    if (this.#lines.length === SCREEN_ROWS) this.scroll();
    return line;
  }

  /** All lines leave the top, and lines that nobody wrote go after them. */
  pass(lines: Omit<PassedLines, 'ground'>): void {
    for (const line of this.#lines) line.settle();
    this.#lines = [];
    this.#rows.passed?.({ ...lines, ground: this.#ground });
  }

  /** The first line leaves the top. */
  scroll(): void {
    this.#lines.shift()?.settle();
  }

  /** The lines of the screen have been printed, and stay; the screen begins again below it. A full-screen program erases its own. */
  clear(ground: Style | null): void {
    this.#ground = ground;
    for (const line of this.#lines) {
      if (this.#main === null) line.settle();
      else line.clear(ground);
    }
    if (this.#main === null) this.#lines = [];
  }

  clearAbove(row: number, ground: Style | null): void {
    for (const line of this.#lines.slice(0, row)) line.clear(ground);
  }

  clearBelow(row: number, ground: Style | null, at: number): void {
    if (!sameStyle(ground, this.#ground)) {
      // The rows above keep theirs.
      this.line(row, at);
      this.#ground = ground;
    }
    for (const line of this.#lines.slice(row + 1)) line.clear(ground);
  }

  /** Puts rows in before one that is there; what stands there moves down. */
  insert(row: number, count: number, ground: Style | null, at: number): void {
    const end = this.reach(Math.min(SCREEN_ROWS, this.#lines.length + count));
    if (end > this.#lines.length) this.line(end - 1, at);
    for (let i = end - 1; i >= row; i -= 1) this.#replace(i, i - count >= row ? i - count : -1, ground);
  }

  /** Takes rows out; what follows moves up. */
  remove(row: number, count: number, ground: Style | null): void {
    for (let i = row; i < this.#lines.length; i += 1) this.#replace(i, i + count, ground);
  }

  /** A full-screen program begins, with an empty screen. */
  enter(ground: Style | null): void {
    this.#main = this.#lines;
    this.#lines = [];
    this.#ground = ground;
  }

  /** It ends: what it drew is gone, what stood there before is there again. */
  leave(): void {
    this.#lines = this.#main ?? [];
    this.#main = null;
    this.#ground = null;
    this.#rows.left();
  }

  #make(at: number): L {
    const line = this.#rows.make({ at: this.origin + at, alternate: this.alternate, ground: this.#ground });
    this.#lines.push(line);
    return line;
  }

  #replace(row: number, from: number, ground: Style | null): void {
    const other = this.#lines[from];
    if (other === undefined) this.#lines[row]?.clear(ground);
    else this.#lines[row]?.become(other);
  }
}
