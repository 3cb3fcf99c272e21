import { unreachable } from '../errors.ts';

/** The pieces of a stream of output. `at`: where it stands in the text that is being fed, in UTF-16 units. */
export interface Sink {
  /** Nothing in it is a control character. */
  text(text: string, at: number): void;
  /** A control character of C0, ESC excepted. */
  control(char: string, at: number): void;
  /** `ESC [` params final: parameters with their private marker in front, and intermediate characters behind. */
  csi(params: string, final: string, at: number): void;
  /** ESC, intermediate characters (`(` of `ESC ( B`), final character. */
  escape(intermediates: string, final: string, at: number): void;
  /** An operating system command that was ended as it should be. */
  osc(body: string, at: number): void;
}

export interface ParserOptions {
  /** The text is bytes read as latin1: what looks like C1 may be the second byte of a character. */
  bytes?: boolean;
  /** The fate of a string sequence that is longer than the bound: it is text after all, or it is left out to its end. */
  overlong?: 'text' | 'out';
}

type State = 'text' | 'escape' | 'csi' | 'osc' | 'string';

/** So much of a string sequence is held, at most. */
const MAX_STRING = 8192;
const MAX_PARAMS = 256;
const PIECES = { text: /([\x00-\x1f\x7f-\x9f])/, bytes: /([\x00-\x1f\x7f])/ };
const CONTROL = { text: /[\x00-\x1f\x7f-\x9f]/g, bytes: /[\x00-\x1f\x7f]/g };
const STRING_END = { text: /[\x07\n\x18\x1a\x1b\x9c]/g, bytes: /[\x07\n\x18\x1a\x1b]/g };
const CSI = /\x1b\[[0-?]{0,200}[ -/]{0,50}[@-~]/y;
const C1_STATES: ReadonlyMap<string, State> = new Map([
  ['\x9b', 'csi'],
  ['\x9d', 'osc'],
  ['\x90', 'string'],
  ['\x98', 'string'],
  ['\x9e', 'string'],
  ['\x9f', 'string'],
]);
const ESCAPE_STATES: ReadonlyMap<string, State> = new Map([
  ['[', 'csi'],
  [']', 'osc'],
  ['P', 'string'],
  ['X', 'string'],
  ['^', 'string'],
  ['_', 'string'],
]);

/**
 * Takes output apart as a terminal does (ECMA-48, and what xterm makes of it), whatever the cuts between chunks, in bounded
 * memory. One thing is stricter than in a terminal: a string sequence (OSC, DCS, APC, PM, SOS) ends at a newline, so that one
 * which was never finished does not swallow all that follows.
 */
export class Parser {
  readonly #sink: Sink;
  readonly #mode: 'text' | 'bytes';
  readonly #overlong: 'text' | 'out';
  #state: State = 'text';
  /** Parameters, intermediates, or the string so far. */
  #held = '';
  #tooLong = false;
  /** ESC came within a string: a backslash would end it. */
  #within: 'osc' | 'string' | null = null;
  /** The first half of a character that the chunk's end cut. */
  #half = '';

  constructor(sink: Sink, { bytes = false, overlong = 'text' }: ParserOptions = {}) {
    this.#sink = sink;
    this.#mode = bytes ? 'bytes' : 'text';
    this.#overlong = overlong;
  }

  /** Whether nothing is under way: what comes next is read as if it were the first. */
  get idle(): boolean {
    return this.#state === 'text' && this.#half === '';
  }

  feed(chunk: string): void {
    const shift = this.#half.length;
    const text = shift === 0 ? chunk : this.#half + chunk;
    this.#half = '';
    for (let at = 0; at < text.length; ) {
      switch (this.#state) {
        case 'text':
          at = this.#text(text, at, shift);
          break;
        case 'osc':
        case 'string':
          at = this.#string(text, at, shift);
          break;
        case 'escape':
          this.#escape(text.charAt(at), at - shift);
          at += 1;
          break;
        case 'csi':
          this.#csi(text.charAt(at), at - shift);
          at += 1;
          break;
        default:
          unreachable(this.#state);
      }
    }
  }

  /** No more comes: what was held of a string that never ended is text after all. */
  end(): void {
    const held = this.#state === 'osc' || this.#state === 'string' || this.#within !== null ? this.#held : '';
    this.#enter('text');
    this.#within = null;
    if (this.#half !== '') this.#sink.text(this.#half, 0);
    this.#half = '';
    this.#say(held, 0);
  }

  #text(text: string, from: number, shift: number): number {
    const control = CONTROL[this.#mode];
    control.lastIndex = from;
    // No match objects here: there may be a sequence for each character.
    const found = control.test(text) ? control.lastIndex - 1 : -1;
    let end = found === -1 ? text.length : found;
    if (found === -1 && this.#mode === 'text' && isHigh(text.charCodeAt(end - 1))) {
      end -= 1;
      this.#half = text.slice(end);
    }
    if (end > from) this.#sink.text(text.slice(from, end), from - shift);
    if (found === -1) return text.length;
    // Most sequences are these, and whole.
    CSI.lastIndex = found;
    if (CSI.test(text)) {
      const next = CSI.lastIndex;
      this.#sink.csi(text.slice(found + 2, next - 1), text.charAt(next - 1), next - 1 - shift);
      return next;
    }
    this.#control(text.charAt(found), found - shift);
    return found + 1;
  }

  #control(char: string, at: number): void {
    if (char === '\x1b') this.#enter('escape');
    else if (char >= '\x80') this.#c1(char, at);
    else if (char !== '\x7f') this.#sink.control(char, at);
  }

  #c1(char: string, at: number): void {
    const state = C1_STATES.get(char);
    this.#enter(state ?? 'text');
    // The others are ESC and a letter in one character.
    if (state === undefined && char !== '\x9c') this.#sink.escape('', String.fromCharCode(char.charCodeAt(0) - 0x40), at);
  }

  #escape(char: string, at: number): void {
    const within = this.#within;
    this.#within = null;
    if (within !== null && char === '\\') {
      this.#endString(within, at);
      return;
    }
    if (within !== null) this.#held = '';
    if (this.#interrupted(char, at)) return;
    if (char < '0') {
      if (this.#held.length < MAX_PARAMS) this.#held += char;
      return;
    }
    const state = this.#held === '' ? ESCAPE_STATES.get(char) : undefined;
    const intermediates = this.#held;
    this.#enter(state ?? 'text');
    if (state === undefined && char < '\x7f') this.#sink.escape(intermediates, char, at);
  }

  #csi(char: string, at: number): void {
    if (this.#interrupted(char, at)) return;
    if (char < '@') {
      if (this.#held.length < MAX_PARAMS) this.#held += char;
      else this.#tooLong = true;
      return;
    }
    const params = this.#tooLong ? null : this.#held;
    this.#enter('text');
    if (params !== null && char < '\x7f') this.#sink.csi(params, char, at);
  }

  /** Control characters within a sequence: some end it, the others are done at once and it goes on. */
  #interrupted(char: string, at: number): boolean {
    if (char === '\x18' || char === '\x1a') this.#enter('text');
    else if (char < ' ' || (char >= '\x7f' && char < '\xa0' && (this.#mode === 'text' || char === '\x7f'))) this.#control(char, at);
    else return false;
    return true;
  }

  #string(text: string, from: number, shift: number): number {
    const ending = STRING_END[this.#mode];
    ending.lastIndex = from;
    const found = ending.exec(text);
    const end = found === null ? text.length : found.index;
    const room = MAX_STRING - this.#held.length;
    if (end - from > room) {
      this.#held += text.slice(from, from + room);
      if (this.#overlong === 'text') {
        const held = this.#held;
        this.#enter('text');
        this.#say(held, from + room - shift);
        return from + room;
      }
      this.#tooLong = true;
    } else this.#held += text.slice(from, end);
    if (found === null) return end;
    const kind = this.#state;
    if (found[0] === '\x1b') {
      this.#within = kind === 'osc' ? 'osc' : 'string';
      this.#state = 'escape';
    } else if (found[0] === '\x07' || found[0] === '\x9c') this.#endString(kind, end - shift);
    else {
      this.#enter('text');
      if (found[0] === '\n') this.#sink.control('\n', end - shift);
    }
    return end + 1;
  }

  #endString(kind: State, at: number): void {
    const body = kind === 'osc' && !this.#tooLong ? this.#held : null;
    this.#enter('text');
    if (body !== null) this.#sink.osc(body, at);
  }

  /** A string sequence's content as text, without a command's number. */
  #say(held: string, at: number): void {
    held
      .replace(/^\d{1,4};/, '')
      .split(PIECES[this.#mode])
      .forEach((piece, index) => {
        if (index % 2 === 1) {
          if (piece < ' ') this.#sink.control(piece, at);
        } else if (piece !== '') this.#sink.text(piece, at);
      });
  }

  #enter(state: State): void {
    this.#state = state;
    this.#held = '';
    this.#tooLong = false;
  }
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
