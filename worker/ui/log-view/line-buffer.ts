import type { Progress } from '../../../shared/terminal/osc.ts';
import { Screen } from '../../../shared/terminal/screen.ts';
import { styleAfter } from '../../../shared/terminal/style.ts';
import { t } from '../translate.ts';
import { Passed, PassedLine } from './passed-line.ts';
import { type LogLine, WrittenLine } from './shown-line.ts';
import type { TypedLine } from './typed-lines.ts';

/** What the page keeps of a run's output. Above it, the oldest lines go; they can be read again over HTTP. */
export const MAX_LINES = 50_000;
export const MAX_CHARS = 8_000_000;

/** After so many bytes the characters are counted again: they change in place, and a few bytes may fill a line. */
const COUNT_BYTES = 256 * 1024;

/** Bold cyan: what a person typed. */
const TYPED = styleAfter(null, '1;36');

type Stream = 'stdout' | 'stderr';

/** Output as lines, bounded. Each stream writes on in its own last lines, however the two are interleaved. */
export class LineBuffer {
  #lines: LogLine[] = [];
  #start = 0;
  #end = 0;
  #screens = this.#newScreens();
  #places = new Places('', 0, 0, 0);
  /** Lines that were removed at the head, ever: a view follows its place by it. */
  #removed = 0;
  /** Up to which cursor the characters were counted. */
  #counted = 0;

  /** What was typed into the run, which stands between the output. */
  readonly #typed: readonly TypedLine[];
  readonly #echoed = new Set<TypedLine>();
  /** The stream that printed last: what is typed then answers it. */
  #last: Stream = 'stdout';
  #echoing = false;

  /** The output has groups that can be folded. */
  grouped = false;
  /** How far the program says it is; null when it does not say. */
  progress: Progress | null = null;

  constructor(typed: readonly TypedLine[] = []) {
    this.#typed = typed;
  }

  get lines(): readonly LogLine[] {
    return this.#lines;
  }

  /** The cursor at which the first kept line begins: before it there is more on the host, if it is not 0. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  /** The row of the line that begins at the end. */
  get endRow(): number {
    return this.#places.endRow;
  }

  get removed(): number {
    return this.#removed;
  }

  get empty(): boolean {
    return this.#lines.length === 0;
  }

  /** Forgets all, and goes on at `cursor`, with row 0. */
  reset(cursor: number): void {
    this.#removed += this.#lines.length;
    this.#lines = [];
    this.#start = cursor;
    this.#end = cursor;
    this.#counted = cursor;
    this.#screens = this.#newScreens();
    this.#places = new Places('', cursor, cursor, 0);
    this.#echoed.clear();
  }

  /** Output between two cursors. */
  append(stream: Stream, text: string, from: number, to: number): void {
    const typed = this.#typed.find((line) => line.cursor >= from && line.cursor < to && !this.#echoed.has(line));
    if (typed !== undefined) {
      const index = new Places(text, from, to, 0).indexOf(typed.cursor);
      if (index > 0) this.append(stream, text.slice(0, index), from, typed.cursor);
      this.echo(typed);
      this.append(stream, text.slice(index), typed.cursor, to);
      return;
    }
    this.#last = stream;
    this.grouped ||= text.includes('::group::');
    this.#places = new Places(text, from, to, this.#places.endRow);
    this.#screens[stream].feed(text);
    this.#end = to;
  }

  /** Shows what was typed here, where the output stands now. */
  echo(typed: TypedLine): void {
    this.#echoed.add(typed);
    this.#places = new Places('', typed.cursor, typed.cursor, this.#places.endRow);
    this.#echoing = true;
    this.#screens[this.#last].echo(typed.text, TYPED);
    this.#echoing = false;
  }

  /** Shows what was typed since the last output. */
  echoRest(): void {
    for (const typed of this.#typed) if (typed.cursor === this.#end && !this.#echoed.has(typed)) this.echo(typed);
  }

  /** Output that retention or a limit removed: what follows does not go on in what stands before. */
  gap(from: number, to: number): void {
    this.finish();
    this.#screens = this.#newScreens();
    const line = new WrittenLine('gap', from, this.#places.endRow);
    line.write(0, t('{count} bytes of output were removed here', { count: to - from }), null);
    this.#lines.push(line);
    this.#end = Math.max(this.#end, to);
  }

  /** No more output comes: what was held of it is shown. */
  finish(): void {
    this.#places = new Places('', this.#end, this.#end, this.#places.endRow);
    this.#screens.stdout.end();
    this.#screens.stderr.end();
  }

  /**
   * Lines from before the first one, as another buffer read them. @param start where the first of them begins.
   */
  prepend(earlier: LineBuffer, start: number): void {
    const { row: first = this.endRow } = this.#lines[0] ?? {};
    // The first line here begins where the last row there ends.
    for (const line of earlier.lines) line.row += first - earlier.endRow;
    this.#lines = [...earlier.lines, ...this.#lines];
    this.grouped ||= earlier.grouped;
    this.#removed -= earlier.lines.length;
    this.#start = start;
  }

  /** Drops a first line that is only the end of one: what lies before its first newline. */
  dropPartialFirst(): void {
    const first = this.#lines[0];
    const next = this.#lines[1];
    if (first === undefined || next === undefined) return;
    this.#lines.shift();
    this.#forget([first]);
    this.#removed += 1;
    this.#start = next.from;
  }

  /** Forgets the newest lines beyond `most`: what follows is to be read again from the new end on. @returns whether any went. */
  cutEnd(most: number): boolean {
    const first = this.#lines[most];
    if (first === undefined) return false;
    this.#lines = this.#lines.slice(0, most);
    this.#end = first.from;
    this.#counted = Math.min(this.#counted, this.#end);
    this.#screens = this.#newScreens();
    this.#places = new Places('', this.#end, this.#end, first.row);
    return true;
  }

  /** Keeps the newest `factor` × MAX_LINES lines, and as many characters. @returns how many lines went. */
  trim(factor = 1): number {
    // A tenth at a time: cutting an array's head for every line would cost more than the lines.
    const tooMany = this.#lines.length > MAX_LINES * factor * 1.1;
    if (!tooMany && this.#end - this.#counted < COUNT_BYTES) return 0;
    this.#counted = this.#end;
    let chars = this.#lines.reduce((sum, line) => sum + line.weight, 0);
    if (!tooMany && chars <= MAX_CHARS * factor * 1.1) return 0;
    let gone = 0;
    while (gone < this.#lines.length - 1 && (this.#lines.length - gone > MAX_LINES * factor || chars > MAX_CHARS * factor)) {
      chars -= this.#lines[gone]?.weight ?? 0;
      gone += 1;
    }
    this.#forget(this.#lines.splice(0, gone));
    this.#removed += gone;
    this.#start = this.#lines[0]?.from ?? this.#end;
    return gone;
  }

  #forget(lines: readonly LogLine[]): void {
    const gone = new Set(lines.filter((line) => line instanceof WrittenLine));
    this.#screens.stdout.forget(gone);
    this.#screens.stderr.forget(gone);
  }

  /** Takes the lines of a full-screen program out. No line before its first is looked at: there may be many, and many such programs. */
  #withdraw(stream: Stream, first: LogLine): void {
    let from = this.#lines.length;
    while (from > 0 && (this.#lines[from - 1]?.id ?? 0) >= first.id) from -= 1;
    const stay = this.#lines.splice(from).filter((line) => !line.alternate || line.kind !== stream);
    for (const line of stay) this.#lines.push(line);
  }

  #newScreens(): Record<Stream, Screen<WrittenLine>> {
    const screenOf = (stream: Stream) => {
      let firstAlternate: LogLine | null = null;
      return new Screen<WrittenLine>({
        make: ({ at, alternate, ground }) => {
          const line = new WrittenLine(this.#echoing ? 'typed' : stream, this.#places.of(at), this.#places.rowOf(at), alternate, ground);
          if (alternate) firstAlternate ??= line;
          this.#lines.push(line);
          return line;
        },
        passed: (lines) => {
          const places = this.#places;
          const passed = new Passed(stream, lines, places.cursors());
          const row = places.rowOf(lines.at);
          for (let index = 0; index < lines.count; index += 1) this.#lines.push(new PassedLine(passed, index, row + index));
        },
        left: () => {
          if (firstAlternate !== null) this.#withdraw(stream, firstAlternate);
          firstAlternate = null;
        },
        progress: (progress) => {
          this.progress = progress;
        },
      });
    };
    return { stdout: screenOf('stdout'), stderr: screenOf('stderr') };
  }
}

/** Cursors and rows of places in a text whose first and last cursors are known. Asked in rising order. */
class Places {
  readonly #text: string;
  readonly #from: number;
  readonly #to: number;
  readonly #plain: boolean;
  #index = 0;
  #bytes = 0;
  #row: number;
  /** Behind the last newline that #row counts. */
  #counted = 0;

  /** @param row of the line that holds the text's beginning. */
  constructor(text: string, from: number, to: number, row: number) {
    this.#text = text;
    this.#from = from;
    this.#to = to;
    this.#row = row;
    this.#plain = to - from === text.length;
  }

  /** Gives cursors later on, too, when others were asked for here. */
  cursors(): (index: number) => number {
    const again = new Places(this.#text, this.#from, this.#to, 0);
    return (index) => again.of(index);
  }

  /** The row of the line that begins behind the text. */
  get endRow(): number {
    return this.rowOf(this.#text.length);
  }

  /** How many newlines stand before the character at `index`, and the row of the text's beginning. */
  rowOf(index: number): number {
    for (let at = this.#text.indexOf('\n', this.#counted); at !== -1 && at < index; at = this.#text.indexOf('\n', this.#counted)) {
      this.#row += 1;
      this.#counted = at + 1;
    }
    return this.#row;
  }

  /** The character at a cursor. */
  indexOf(cursor: number): number {
    if (this.#plain) return cursor - this.#from;
    let index = 0;
    while (index < this.#text.length && this.of(index) < cursor) index += 1;
    return index;
  }

  /** The cursor of the character at `index`. What could not be decoded makes it a guess, within the frame. */
  of(index: number): number {
    if (index <= 0) return this.#from;
    if (this.#plain) return Math.min(this.#to, this.#from + index);
    for (; this.#index < Math.min(index, this.#text.length); this.#index += 1) {
      const unit = this.#text.charCodeAt(this.#index);
      this.#bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
    }
    return Math.min(this.#to, this.#from + this.#bytes);
  }
}
