import { unreachable } from '../../../shared/errors.ts';
import { AnsiReader, type Token } from './ansi.ts';
import { erase, type Line, write } from './line.ts';

/** What the page keeps of a run's output. Above it, the oldest lines go; they can be read again over HTTP. */
export const MAX_LINES = 50_000;
export const MAX_CHARS = 8_000_000;
/** A line without an end is cut here, so that drawing one never takes long. */
export const MAX_LINE = 16_384;

let nextId = 1;

/** Output as lines, bounded. Each stream writes on in its own unfinished line, however the two are interleaved. */
export class LineBuffer {
  #lines: Line[] = [];
  #start = 0;
  #end = 0;
  #chars = 0;
  #readers = { stdout: new AnsiReader(), stderr: new AnsiReader() };
  #open: { stdout: { line: Line; column: number } | null; stderr: { line: Line; column: number } | null } = { stdout: null, stderr: null };
  /** Lines that were removed at the head, ever: a view follows its place by it. */
  #removed = 0;

  get lines(): readonly Line[] {
    return this.#lines;
  }

  /** The cursor at which the first kept line begins: before it there is more on the host, if it is not 0. */
  get start(): number {
    return this.#start;
  }

  get end(): number {
    return this.#end;
  }

  get removed(): number {
    return this.#removed;
  }

  get empty(): boolean {
    return this.#lines.length === 0;
  }

  /** Forgets all, and goes on at `cursor`. */
  reset(cursor: number): void {
    this.#lines = [];
    this.#chars = 0;
    this.#start = cursor;
    this.#end = cursor;
    this.#readers = { stdout: new AnsiReader(), stderr: new AnsiReader() };
    this.#open = { stdout: null, stderr: null };
  }

  /** Output between two cursors. */
  append(stream: 'stdout' | 'stderr', text: string, from: number, to: number): void {
    const place = new Places(text, from, to);
    for (const token of this.#readers[stream].read(text)) this.#token(stream, token, place);
    this.#end = to;
  }

  /** Output that retention or a limit removed. */
  gap(from: number, to: number): void {
    this.#open = { stdout: null, stderr: null };
    const line = this.#add('gap', from);
    write(line, 0, `${to - from} bytes of output were removed here`, null);
    this.#end = Math.max(this.#end, to);
  }

  /**
   * Lines from before the first one, as another buffer read them. @param start where the first of them begins.
   */
  prepend(earlier: LineBuffer, start: number): void {
    this.#lines = [...earlier.lines, ...this.#lines];
    this.#chars += earlier.#chars;
    this.#removed -= earlier.lines.length;
    this.#start = start;
  }

  /** Drops a first line that is only the end of one: what lies before its first newline. */
  dropPartialFirst(): void {
    const first = this.#lines[0];
    const next = this.#lines[1];
    if (first === undefined || next === undefined) return;
    this.#lines.shift();
    this.#chars -= first.length;
    this.#start = next.from;
  }

  /** Keeps the newest `factor` × MAX_LINES lines, and as many characters. @returns how many lines went. */
  trim(factor = 1): number {
    let gone = 0;
    let chars = this.#chars;
    // A tenth at a time: cutting an array's head for every line would cost more than the lines.
    const tooLong = this.#lines.length > MAX_LINES * factor * 1.1 || chars > MAX_CHARS * factor * 1.1;
    if (!tooLong) return 0;
    while (gone < this.#lines.length - 1 && (this.#lines.length - gone > MAX_LINES * factor || chars > MAX_CHARS * factor)) {
      chars -= this.#lines[gone]?.length ?? 0;
      gone += 1;
    }
    const dropped = new Set(this.#lines.splice(0, gone));
    for (const stream of ['stdout', 'stderr'] as const) {
      const open = this.#open[stream];
      if (open !== null && dropped.has(open.line)) this.#open[stream] = null;
    }
    this.#chars = chars;
    this.#removed += gone;
    this.#start = this.#lines[0]?.from ?? this.#end;
    return gone;
  }

  #token(stream: 'stdout' | 'stderr', token: Token, place: Places): void {
    switch (token.kind) {
      case 'newline':
        if (this.#open[stream] === null) this.#add(stream, place.of(token.at));
        this.#open[stream] = null;
        return;
      case 'text':
        this.#text(stream, token, place);
        return;
      case 'return':
        this.#current(stream, place, token.at).column = 0;
        return;
      case 'back': {
        const open = this.#current(stream, place, token.at);
        open.column = Math.max(0, open.column - 1);
        return;
      }
      case 'erase': {
        const { line, column } = this.#current(stream, place, token.at);
        const before = line.length;
        erase(line, column, token.part);
        this.#chars += line.length - before;
        return;
      }
      default:
        unreachable(token);
    }
  }

  #text(stream: 'stdout' | 'stderr', token: Extract<Token, { kind: 'text' }>, place: Places): void {
    for (let at = 0; at < token.text.length; ) {
      const open = this.#current(stream, place, token.at + at);
      const room = MAX_LINE - open.column;
      if (room <= 0) {
        open.line.folded = true;
        this.#open[stream] = null;
        continue;
      }
      const piece = token.text.slice(at, at + room);
      const before = open.line.length;
      write(open.line, open.column, piece, token.style);
      open.column += piece.length;
      this.#chars += open.line.length - before;
      at += piece.length;
    }
  }

  /** The stream's unfinished line; a new one that begins at the character `at` where there is none. */
  #current(stream: 'stdout' | 'stderr', place: Places, at: number): { line: Line; column: number } {
    const open = this.#open[stream] ?? { line: this.#add(stream, place.of(at)), column: 0 };
    this.#open[stream] = open;
    return open;
  }

  #add(kind: Line['kind'], from: number): Line {
    const line: Line = { id: nextId, kind, from, spans: [], length: 0, version: 0, folded: false };
    nextId += 1;
    this.#lines.push(line);
    return line;
  }
}

/** Cursors of places in a text whose first and last cursors are known. Asked in rising order. */
class Places {
  readonly #text: string;
  readonly #from: number;
  readonly #to: number;
  readonly #plain: boolean;
  #index = 0;
  #bytes = 0;

  constructor(text: string, from: number, to: number) {
    this.#text = text;
    this.#from = from;
    this.#to = to;
    this.#plain = to - from === text.length;
  }

  /** The cursor of the character at `index`. What could not be decoded makes it a guess, within the frame. */
  of(index: number): number {
    if (index <= 0) return this.#from;
    if (this.#plain) return Math.min(this.#to, this.#from + index);
    for (; this.#index < index; this.#index += 1) {
      const unit = this.#text.charCodeAt(this.#index);
      this.#bytes += unit < 0x80 ? 1 : unit < 0x800 ? 2 : unit >= 0xd800 && unit < 0xe000 ? 2 : 3;
    }
    return Math.min(this.#to, this.#from + this.#bytes);
  }
}
