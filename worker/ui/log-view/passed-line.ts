import type { Span } from '../../../shared/terminal/cells.ts';
import type { PassedLines } from '../../../shared/terminal/grid.ts';
import { Line } from '../../../shared/terminal/line.ts';
import {
  columnsOf,
  columnsOnAverage,
  contentBegin,
  contentEnd,
  endsOfLines,
  mayBeginWith,
  styleBehind,
} from '../../../shared/terminal/printed.ts';
import { type LogLine, newLineId, UNDRAWN } from './shown-line.ts';

/** What a line costs beside its text, in characters. */
const LINE_WEIGHT = 10;

/** Lines that came and left the screen at once, as they were printed: a few bytes for each, until somebody looks at one. */
export class Passed {
  readonly kind: 'stdout' | 'stderr';
  readonly #lines: PassedLines;
  readonly #cursorAt: (at: number) => number;
  /** Where each line begins in the text, at which cursor, and how long they are; known once somebody asks. */
  readonly #begins: number[] = [];
  readonly #cursors: number[] = [];
  #columns = -1;

  /** @param cursorAt gives the cursor of a place in the piece of output. It is asked in rising order. */
  constructor(kind: 'stdout' | 'stderr', lines: PassedLines, cursorAt: (at: number) => number) {
    this.kind = kind;
    this.#lines = lines;
    this.#cursorAt = cursorAt;
  }

  /** What keeping one of them costs, on average, in characters. */
  get weight(): number {
    return Math.ceil(this.#lines.text.length / this.#lines.count) + LINE_WEIGHT;
  }

  /** About how many columns each takes. */
  get columns(): number {
    if (this.#columns < 0) this.#columns = columnsOnAverage(this.#lines.text, this.#lines.count);
    return this.#columns;
  }

  cursorOf(index: number): number {
    this.#index();
    return this.#cursors[index] ?? 0;
  }

  /** What a line printed, without its end. */
  printed(index: number): string {
    this.#index();
    const begin = this.#begins[index] ?? 0;
    return this.#lines.text.slice(begin, contentEnd(this.#lines.text, begin, (this.#begins[index + 1] ?? 1) - 1));
  }

  read(index: number): Line {
    const printed = this.printed(index);
    const { text, style, ground, read } = this.#lines;
    const line = new Line(ground);
    if (printed !== '') line.printed(printed, styleBehind(text.slice(0, this.#begins[index]), style), read);
    return line;
  }

  #index(): void {
    if (this.#begins.length > 0) return;
    const { text, at } = this.#lines;
    let begin = 0;
    for (const newline of endsOfLines(text, 0, text.length, text.length)) {
      this.#begins.push(begin);
      this.#cursors.push(this.#cursorAt(at + contentBegin(text, begin, newline)));
      begin = newline + 1;
    }
    this.#begins.push(begin);
  }
}

/** One of them. */
export class PassedLine implements LogLine {
  readonly id = newLineId();
  row: number;
  drawn = UNDRAWN;
  readonly #passed: Passed;
  readonly #index: number;
  #columns = -1;
  #line: Line | null = null;

  constructor(passed: Passed, index: number, row: number) {
    this.#passed = passed;
    this.#index = index;
    this.row = row;
  }

  get kind(): LogLine['kind'] {
    return this.#passed.kind;
  }

  get from(): number {
    return this.#passed.cursorOf(this.#index);
  }

  get version(): number {
    return 0;
  }

  get folded(): boolean {
    return false;
  }

  get alternate(): boolean {
    return false;
  }

  get weight(): number {
    return this.#passed.weight;
  }

  get columns(): number {
    return this.#columns < 0 ? this.#passed.columns : this.#columns;
  }

  get length(): number {
    if (this.#columns < 0) this.#columns = columnsOf(this.#passed.printed(this.#index)) ?? this.#read.length;
    return this.#columns;
  }

  get spans(): readonly Span[] {
    return this.#read.spans;
  }

  get text(): string {
    return this.#read.text;
  }

  startsWith(text: string): boolean {
    return mayBeginWith(this.#passed.printed(this.#index), text) && this.#read.startsWith(text);
  }

  get #read(): Line {
    this.#line ??= this.#passed.read(this.#index);
    return this.#line;
  }
}
