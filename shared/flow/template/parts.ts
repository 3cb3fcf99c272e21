import { TemplateError } from './error.ts';
import { ExpressionParser, spelled } from './expression.ts';
import { Lexer } from './lexer.ts';
import type { Expression, Part } from './syntax.ts';

/**
 * The text around expressions.
 *
 *     parts   = { text | "{{" logic "}}" | "{#" … "#}" | if | for | raw }
 *     if      = "{% if" logic "%}" parts { "{% elif" logic "%}" parts } [ "{% else %}" parts ] "{% endif %}"
 *     for     = "{% for" [name ","] name "in" logic "%}" parts [ "{% else %}" parts ] "{% endfor %}"
 *     raw     = "{% raw %}" any text "{% endraw %}"
 *
 * A dash inside of the braces (`{{-`, `-%}`) takes the white space away on its side. `${#` is a shell's length of a variable and
 * begins no comment.
 */

const OPEN = /\{\{-?|\{%-?|(?<!\$)\{#-?/g;
const END_OF_RAW = /\{%-?\s*endraw\s*-?%\}/g;
/** Of `{% if %}` and `{% for %}` inside each other. */
const MAX_NESTED = 30;

/** A tag that ends or divides what it stands in. */
interface Divider {
  word: string;
  at: number;
  tokens: Lexer;
}

export class PartsParser {
  readonly #text: string;
  #at = 0;
  /** White space before the next text goes. */
  #trim = false;
  #depth = 0;
  #bound: ReadonlySet<string> = new Set();

  constructor(text: string) {
    this.#text = text;
  }

  all(): Part[] {
    const parts: Part[] = [];
    const divider = this.#until(parts, []);
    if (divider !== null) throw new TemplateError(`There is nothing that “${divider.word}” could end.`, divider.at);
    return parts;
  }

  /** Reads up to one of these words, which it gives without reading the rest of its tag; null at the end of the text. */
  #until(parts: Part[], words: readonly string[]): Divider | null {
    for (;;) {
      OPEN.lastIndex = this.#at;
      const open = OPEN.exec(this.#text);
      this.#addText(parts, open?.index ?? this.#text.length, open?.[0].endsWith('-') === true);
      if (open === null) return null;
      const at = open.index;
      this.#at = at + open[0].length;
      if (open[0].startsWith('{#')) this.#comment(at);
      else if (open[0].startsWith('{{')) {
        const tokens = new Lexer(this.#text, this.#at, '}}');
        const expression = this.#parser(tokens).logic();
        this.#close(tokens);
        parts.push({ kind: 'value', expression, at, end: this.#at });
      } else {
        const divider = this.#tag(parts, at, words);
        if (divider !== null) return divider;
      }
    }
  }

  #tag(parts: Part[], at: number, words: readonly string[]): Divider | null {
    const tokens = new Lexer(this.#text, this.#at, '%}');
    const { kind, text: word } = tokens.take();
    if (kind === 'name' && words.includes(word)) return { word, at, tokens };
    if (word === 'raw') this.#raw(parts, tokens, at);
    else if (word === 'if') parts.push(this.#nested(at, () => this.#if(tokens, at)));
    else if (word === 'for') parts.push(this.#nested(at, () => this.#for(tokens, at)));
    else if (/^(?:else|elif|end[a-z]*)$/.test(word)) throw new TemplateError(`There is nothing that “${word}” could end.`, at);
    else throw new TemplateError(`“{% ${word}” is no tag of this language. Known: if, for, raw.`, at);
    return null;
  }

  #if(tokens: Lexer, at: number): Part {
    const branches: { condition: Expression; body: Part[] }[] = [];
    const otherwise: Part[] = [];
    let divider: Divider = { word: 'if', at, tokens };
    while (divider.word === 'if' || divider.word === 'elif') {
      const condition = this.#parser(divider.tokens).logic();
      this.#close(divider.tokens);
      const body: Part[] = [];
      branches.push({ condition, body });
      divider = this.#ended(this.#until(body, ['elif', 'else', 'endif']), 'if', at);
    }
    if (divider.word === 'else') {
      this.#close(divider.tokens);
      divider = this.#ended(this.#until(otherwise, ['endif']), 'if', at);
    }
    this.#close(divider.tokens);
    return { kind: 'if', branches, otherwise, at, end: this.#at };
  }

  #for(tokens: Lexer, at: number): Part {
    const first = this.#name(tokens);
    const second = tokens.takeIf(',') ? this.#name(tokens) : null;
    const word = tokens.peek();
    if (!tokens.takeIf('in')) throw new TemplateError(`“in” is expected instead of ${spelled(word)}.`, word.at);
    const of = this.#parser(tokens).logic();
    this.#close(tokens);
    const [key, item] = second === null ? [null, first] : [first, second];
    const outside = this.#bound;
    this.#bound = new Set([...outside, first, item, 'loop']);
    const body: Part[] = [];
    const otherwise: Part[] = [];
    let divider = this.#ended(this.#until(body, ['else', 'endfor']), 'for', at);
    this.#bound = outside;
    if (divider.word === 'else') {
      this.#close(divider.tokens);
      divider = this.#ended(this.#until(otherwise, ['endfor']), 'for', at);
    }
    this.#close(divider.tokens);
    return { kind: 'for', key, item, of, body, otherwise, at, end: this.#at };
  }

  #raw(parts: Part[], tokens: Lexer, at: number): void {
    this.#close(tokens);
    END_OF_RAW.lastIndex = this.#at;
    const end = END_OF_RAW.exec(this.#text);
    if (end === null) throw new TemplateError('“{% endraw %}” is missing.', at);
    this.#addText(parts, end.index, end[0].startsWith('{%-'));
    this.#at = end.index + end[0].length;
    this.#trim = end[0].endsWith('-%}');
  }

  #comment(at: number): void {
    const end = this.#text.indexOf('#}', this.#at);
    if (end < 0) throw new TemplateError('This comment has no end: “#}” is missing.', at);
    this.#trim = this.#text[end - 1] === '-';
    this.#at = end + 2;
  }

  #addText(parts: Part[], end: number, trimEnd: boolean): void {
    const at = this.#at;
    let text = this.#text.slice(at, end);
    if (this.#trim) text = text.trimStart();
    if (trimEnd) text = text.trimEnd();
    this.#trim = false;
    if (text !== '') parts.push({ kind: 'text', text, at, end });
  }

  #nested(at: number, read: () => Part): Part {
    this.#depth += 1;
    if (this.#depth > MAX_NESTED) throw new TemplateError(`Tags stand at most ${MAX_NESTED} deep in each other.`, at);
    const part = read();
    this.#depth -= 1;
    return part;
  }

  #name(tokens: Lexer): string {
    const token = tokens.take();
    if (token.kind !== 'name') throw new TemplateError(`A name is expected instead of ${spelled(token)}.`, token.at);
    return token.text;
  }

  #parser(tokens: Lexer): ExpressionParser {
    return new ExpressionParser(tokens, this.#bound);
  }

  /** The end of a tag, after which the text goes on. */
  #close(tokens: Lexer): void {
    const token = tokens.take();
    if (token.kind !== 'end') throw new TemplateError(`${spelled(token)} is not expected here.`, token.at);
    this.#trim = token.text.startsWith('-');
    this.#at = tokens.position;
  }

  #ended(divider: Divider | null, word: string, at: number): Divider {
    if (divider === null) throw new TemplateError(`“{% end${word} %}” is missing.`, at);
    return divider;
  }
}
