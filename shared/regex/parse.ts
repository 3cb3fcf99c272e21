import { ToruError } from '../errors.ts';

/**
 * Regular expressions as they are typed into a search: what can be found in time that grows with the text alone. References to groups
 * and looks ahead and behind can not, and are refused. Classes are ASCII (`\d`, `\w`, `\s`), as in JavaScript; a dot is a character.
 */
export type Node =
  | { is: 'chars'; set: CharSet }
  | { is: 'all'; of: Node[] }
  | { is: 'any'; of: Node[] }
  | { is: 'repeat'; of: Node; min: number; max: number }
  | { is: 'at'; place: Place };

/** Places between characters: the line's begin and end, the edge of a word, and no such edge. */
export type Place = 'begin' | 'end' | 'word' | 'inside';

/** Ranges of code points, both ends included. */
export type CharSet = readonly (readonly [first: number, last: number])[];

const LAST = 0x10ffff;
const DIGITS: CharSet = [[0x30, 0x39]];
const WORD: CharSet = [...DIGITS, [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]];
const SPACES: CharSet = [
  [9, 13],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];
const ANY: CharSet = [[0, LAST]];
const CLASSES: Readonly<Record<string, CharSet>> = {
  d: DIGITS,
  w: WORD,
  s: SPACES,
  D: without(DIGITS),
  W: without(WORD),
  S: without(SPACES),
};
const CONTROLS: Readonly<Record<string, number>> = { t: 9, v: 11, f: 12, e: 27, a: 7 };
const MAX_REPEAT = 1000;

export function isWord(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

/** @throws ToruError bad_request, with the place and what is wrong there. */
export function parse(source: string, exact: boolean): Node {
  return new Parser(source, exact).parse();
}

class Parser {
  readonly #chars: readonly string[];
  readonly #exact: boolean;
  #at = 0;

  constructor(source: string, exact: boolean) {
    this.#chars = Array.from(source);
    this.#exact = exact;
  }

  parse(): Node {
    const node = this.#either();
    if (this.#at < this.#chars.length) throw this.#wrong('a “)” without its “(”');
    return node;
  }

  #either(): Node {
    const of = [this.#sequence()];
    while (this.#take('|')) of.push(this.#sequence());
    return of.length === 1 && of[0] !== undefined ? of[0] : { is: 'any', of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) of.push(this.#repeated());
    return { is: 'all', of };
  }

  #repeated(): Node {
    let node = this.#atom();
    for (let range = this.#quantifier(); range !== null; range = this.#quantifier()) {
      if (node.is === 'at') throw this.#wrong('a place such as “^” can’t be repeated');
      node = { is: 'repeat', of: node, ...range };
      // The shortest and the longest that fit are found at the same places.
      this.#take('?');
    }
    return node;
  }

  #quantifier(): { min: number; max: number } | null {
    if (this.#take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (this.#take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (this.#take('?')) return { min: 0, max: 1 };
    const [all, from, comma, to] = /^\{(\d{1,6})(,?)(\d{0,6})\}/.exec(this.#chars.slice(this.#at, this.#at + 16).join('')) ?? [];
    if (all === undefined) return null;
    const min = Number(from);
    const max = comma === '' ? min : to === '' ? Number.POSITIVE_INFINITY : Number(to);
    if (max < min) throw this.#wrong('a range that ends before it begins');
    if (min > MAX_REPEAT || (max > MAX_REPEAT && max !== Number.POSITIVE_INFINITY))
      throw this.#wrong(`more than ${MAX_REPEAT} repetitions`);
    this.#at += all.length;
    return { min, max };
  }

  #atom(): Node {
    const char = this.#next();
    switch (char) {
      case '.':
        return { is: 'chars', set: ANY };
      case '^':
        return { is: 'at', place: 'begin' };
      case '$':
        return { is: 'at', place: 'end' };
      case '[':
        return this.#class();
      case '(':
        return this.#group();
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw this.#wrong(`“${char}” without anything before it to repeat`);
      default:
        return this.#chars1(char);
    }
  }

  #group(): Node {
    if (this.#take('?') && !this.#take(':')) {
      const name = /^P?<[A-Za-z_]\w*>/.exec(this.#chars.slice(this.#at).join(''))?.[0];
      if (name === undefined) throw this.#wrong('looks ahead and behind, and switches such as “(?i)”, can’t be searched for');
      this.#at += name.length;
    }
    const inside = this.#either();
    if (!this.#take(')')) throw this.#wrong('a “(” without its “)”');
    return inside;
  }

  #escape(): Node {
    const char = this.#peek();
    if (char === 'b' || char === 'B') {
      this.#at += 1;
      return { is: 'at', place: char === 'b' ? 'word' : 'inside' };
    }
    if (char !== undefined && /[1-9k]/.test(char)) throw this.#wrong('a reference to a group can’t be searched for');
    const set = this.#escaped();
    return { is: 'chars', set: typeof set === 'number' ? this.#cases([[set, set]]) : set };
  }

  /** What stands behind a backslash, in a class and outside: a class, or a character. */
  #escaped(): CharSet | number {
    const char = this.#next();
    const set = CLASSES[char];
    if (set !== undefined) return set;
    const [all, two, four, many] =
      /^(?:x([\da-f]{2})|u([\da-f]{4})|u\{([\da-f]{1,6})\})/i.exec(char + this.#chars.slice(this.#at, this.#at + 9).join('')) ?? [];
    if (all !== undefined) {
      this.#at += all.length - 1;
      return Number.parseInt(two ?? four ?? many ?? '0', 16);
    }
    if (char === 'n' || char === 'r') throw this.#wrong('a line break: lines are looked through one by one');
    const control = CONTROLS[char];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(char)) throw this.#wrong(`“\\${char}” means nothing here`);
    return codeOf(char);
  }

  #class(): Node {
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#peek() === ']') throw this.#wrong('an empty “[]”');
      const from = this.#one();
      if (typeof from !== 'number') {
        ranges.push(...from);
        continue;
      }
      if (this.#peek() !== '-' || this.#chars[this.#at + 1] === ']') {
        ranges.push([from, from]);
        continue;
      }
      this.#at += 1;
      const to = this.#one();
      if (typeof to !== 'number' || to < from) throw this.#wrong('a range that ends before it begins');
      ranges.push([from, to]);
    }
    this.#at += 1;
    const set = this.#cases(ranges);
    return { is: 'chars', set: negated ? without(set) : set };
  }

  #one(): CharSet | number {
    const char = this.#peek() === undefined ? undefined : this.#next();
    if (char === undefined) throw this.#wrong('a “[” without its “]”');
    if (char === '\\' && this.#take('b')) return 8;
    return char === '\\' ? this.#escaped() : codeOf(char);
  }

  #chars1(char: string): Node {
    const code = codeOf(char);
    return { is: 'chars', set: this.#cases([[code, code]]) };
  }

  /** With the other cases of the letters, when these do not matter. */
  #cases(set: CharSet): CharSet {
    if (this.#exact) return set;
    const more: (readonly [number, number])[] = [...set];
    for (const [first, last] of set) {
      // A wide range holds both cases of what it holds, but for the Latin, Greek and Cyrillic letters at its borders.
      for (let code = first; code <= Math.min(last, 0x24f + Math.max(0, first - 0x24f)) && code - first < 1024; code += 1) {
        const char = String.fromCodePoint(code);
        for (const other of [char.toLowerCase(), char.toUpperCase()]) {
          const [one, ...rest] = Array.from(other, codeOf);
          if (one !== undefined && rest.length === 0 && one !== code) more.push([one, one]);
        }
      }
    }
    return more;
  }

  #peek(): string | undefined {
    return this.#chars[this.#at];
  }

  #next(): string {
    const char = this.#chars[this.#at];
    if (char === undefined) throw this.#wrong('a “\\” at the end');
    this.#at += 1;
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at += 1;
    return true;
  }

  #wrong(what: string): ToruError {
    return new ToruError('bad_request', `That is no pattern that can be searched for: ${what} (at character ${this.#at}).`, {
      extra: { field: 'q', at: this.#at },
    });
  }
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}

function without(set: CharSet): CharSet {
  const rest: (readonly [number, number])[] = [];
  let next = 0;
  for (const [first, last] of [...set].sort((a, b) => a[0] - b[0])) {
    if (first > next) rest.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  if (next <= LAST) rest.push([next, LAST]);
  return rest;
}
