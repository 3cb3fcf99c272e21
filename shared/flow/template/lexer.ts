import { TemplateError } from './error.ts';

export type Token =
  | { kind: 'name'; text: string; at: number }
  | { kind: 'number'; text: string; at: number }
  | { kind: 'text'; text: string; at: number }
  | { kind: 'sign'; text: string; at: number }
  | { kind: 'end'; text: string; at: number };

const SPACE = /[ \t\r\n]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
/** After a dot: also an index, as in `hosts.0`. */
const MEMBER = /[A-Za-z0-9_]+/y;
const NUMBER = /\d+(?:\.\d+)?/y;
const QUOTED = /"[^"]*"|'[^']*'|`[^`]*`/y;
const SIGN = /[=!<>]=|[<>+\-*/%~()[\],|=.]/y;

/** Reads the tokens of one expression, up to its closing braces. */
export class Lexer {
  readonly #text: string;
  readonly #end: string;
  #at: number;
  #next: Token | null = null;
  #afterDot = false;

  /** @param end what closes the expression: `}}`, `%}`, or nothing where the text's end does. */
  constructor(text: string, from: number, end: '}}' | '%}' | '') {
    this.#text = text;
    this.#at = from;
    this.#end = end;
  }

  peek(): Token {
    this.#next ??= this.#read();
    return this.#next;
  }

  take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#next = null;
    return token;
  }

  /** Takes the next token when it is this sign or word. */
  takeIf(text: string): boolean {
    const token = this.peek();
    const isIt = (token.kind === 'sign' || token.kind === 'name') && token.text === text;
    if (isIt) this.take();
    return isIt;
  }

  #read(): Token {
    this.#match(SPACE);
    const at = this.#at;
    if (this.#end === '' ? at >= this.#text.length : this.#closes(at)) {
      const dash = this.#text[at] === '-' ? '-' : '';
      this.#at = at + dash.length + this.#end.length;
      return { kind: 'end', text: dash + this.#end, at };
    }
    const member = this.#afterDot ? this.#match(MEMBER) : null;
    this.#afterDot = false;
    if (member !== null) return { kind: 'name', text: member, at };
    const name = this.#match(NAME);
    if (name !== null) return { kind: 'name', text: name, at };
    const number = this.#match(NUMBER);
    if (number !== null) return { kind: 'number', text: number, at };
    const quoted = this.#match(QUOTED);
    if (quoted !== null) return { kind: 'text', text: quoted.slice(1, -1), at };
    const sign = this.#match(SIGN);
    if (sign === null) throw new TemplateError(this.#unreadable(at), at);
    this.#afterDot = sign === '.';
    return { kind: 'sign', text: sign, at };
  }

  /** Where the text goes on, after the end was read. */
  get position(): number {
    return this.#at;
  }

  #closes(at: number): boolean {
    return this.#text.startsWith(this.#end, at) || this.#text.startsWith(`-${this.#end}`, at);
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #unreadable(at: number): string {
    const char = this.#text[at];
    if (char === undefined) return `“${this.#end}” is missing.`;
    if (char === '"' || char === "'" || char === '`') return `The text that begins with ${char} has no end.`;
    return `“${char}” is no part of the language.`;
  }
}
