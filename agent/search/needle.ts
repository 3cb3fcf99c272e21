import { LinearRegex } from '../../shared/regex/linear-regex.ts';
import type { Mark } from '../../shared/search.ts';

/** What is looked for: in text, and in UTF-8 bytes that were read as latin1, where an index is an offset in bytes. */
export interface Matcher {
  /** Places are decided by whole lines: what stands behind the last newline is not looked at before its end has come. */
  readonly byLine: boolean;
  /** So many bytes of what was looked through may begin a place that goes on behind it. */
  readonly maxBytes: number;
  /** The next place at or after `from`. @param latin1 bytes as a string. @returns null when there is none. */
  findBytes(latin1: string, from: number): { at: number; end: number } | null;
  /** All places in a text. */
  marks(text: string): Mark[];
}

/** @throws ToruError bad_request for a pattern that is none. */
export function matcherOf({ q, regex, case: letters }: { q: string; regex: 'true' | 'false'; case: 'ignore' | 'exact' }): Matcher {
  return regex === 'true' ? new Pattern(q, letters === 'exact') : new Needle(q, letters === 'exact');
}

/**
 * Text that is looked for literally. One regular expression each, made of single characters and their other cases, runs at about 1 GB/s;
 * half characters, binary and the borders of chunks need no care, since no character of UTF-8 begins within another.
 */
export class Needle implements Matcher {
  readonly byLine = false;
  readonly maxBytes: number;
  readonly #bytes: RegExp;
  readonly #text: RegExp;

  /** @param text not empty. @param exact tells `a` from `A`. */
  constructor(text: string, exact = false) {
    const forms = Array.from(text, (char) => (exact ? [char] : casesOf(char)));
    this.maxBytes = forms.reduce((sum, cases) => sum + Math.max(...cases.map((form) => Buffer.byteLength(form))), 0);
    this.#bytes = pattern(forms.map((cases) => cases.map((form) => Buffer.from(form).toString('latin1'))));
    this.#text = pattern(forms);
  }

  findBytes(latin1: string, from: number): { at: number; end: number } | null {
    return find(this.#bytes, latin1, from);
  }

  marks(text: string): Mark[] {
    const marks: Mark[] = [];
    for (let found = find(this.#text, text, 0); found !== null; found = find(this.#text, text, found.end))
      marks.push([found.at, found.end]);
    return marks;
  }
}

/** A line that is longer is looked through in pieces of that size. */
const MAX_LINE_BYTES = 16 * 1024;

/** A regular expression. It takes time that grows with the text, whatever it is. */
class Pattern implements Matcher {
  readonly byLine = true;
  readonly maxBytes = MAX_LINE_BYTES;
  readonly #regex: LinearRegex;

  constructor(source: string, exact: boolean) {
    this.#regex = new LinearRegex(source, exact);
  }

  findBytes(latin1: string, from: number): { at: number; end: number } | null {
    return this.#regex.find(latin1, from, true);
  }

  marks(text: string): Mark[] {
    const marks: Mark[] = [];
    for (let found = this.#regex.find(text, 0); found !== null; found = this.#regex.find(text, found.end))
      marks.push([found.at, found.end]);
    return marks;
  }
}

function casesOf(char: string): string[] {
  return [...new Set([char, char.toLowerCase(), char.toUpperCase()])];
}

function find(expression: RegExp, text: string, from: number): { at: number; end: number } | null {
  expression.lastIndex = from;
  const found = expression.exec(text);
  return found === null ? null : { at: found.index, end: found.index + found[0].length };
}

function pattern(forms: readonly (readonly string[])[]): RegExp {
  return new RegExp(forms.map(anyOf).join(''), 'g');
}

/** A class where it can be one: that is what the engine skips ahead by. */
function anyOf(cases: readonly string[]): string {
  const escaped = cases.map(units);
  return cases.every((form) => form.length === 1) ? `[${escaped.join('')}]` : `(?:${escaped.join('|')})`;
}

/** Every unit by its number: nothing of what was typed is ever syntax. */
function units(text: string): string {
  return Array.from({ length: text.length }, (_, i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`).join('');
}
