import type { Holes } from './place.ts';
import { HOLE, Unreadable } from './place.ts';

/** A word of a shell script, as it is written. */
export interface Word {
  raw: string;
  /** What the shell makes of it, when that is certain: a word without expansions and holes. */
  literal: string | null;
  /** The same of its beginning, up to the first quote, expansion or hole. */
  prefix: string;
  quoted: boolean;
  /** Holes in the word itself, and those in its command substitutions. */
  holes: number[];
  nested: number[];
  /** Variables that are expanded in it; `$1`, `$@`… are called `1`. */
  names: Set<string>;
  /** A command substitution stands in it. */
  dynamic: boolean;
}

/** What the words need of the commands: a substitution holds commands again. */
export interface Commands {
  /** Reads commands up to their closing parenthesis, which is taken, too. @returns the holes in them */
  substitution(): number[];
  /** A place where the shell computes with what these variables hold. */
  computesWith(names: Iterable<string>, dynamic: boolean): void;
}

const METACHARACTERS = new Set(' \t\n;&|<>()');
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

/** Reads characters of a shell script: words, quotes and expansions, by POSIX, and what bash adds to them. */
export class Words {
  readonly text: string;
  readonly holes: Holes;
  readonly commands: Commands;
  at = 0;
  end: number;
  /** How many holes stand before `at`. */
  private seen = 0;
  private counted = 0;

  constructor(text: string, holes: Holes, commands: Commands) {
    this.text = text;
    this.holes = holes;
    this.commands = commands;
    this.end = text.length;
  }

  peek(offset = 0): string {
    const at = this.at + offset;
    return at < this.end ? this.text.charAt(at) : '';
  }

  starts(with_: string): boolean {
    return this.at + with_.length <= this.end && this.text.startsWith(with_, this.at);
  }

  /** The number of the hole at `at`. */
  hole(): number {
    for (; this.counted < this.at; this.counted += 1) if (this.text[this.counted] === HOLE) this.seen += 1;
    return this.seen;
  }

  /** The holes from here up to `end`; the reading goes on behind. */
  skipTo(end: number): number[] {
    const found: number[] = [];
    for (; this.at < end; this.at += 1) if (this.peek() === HOLE) found.push(this.hole());
    return found;
  }

  /** Spaces and continued lines. */
  blanks(): void {
    for (;;) {
      if (this.peek() === ' ' || this.peek() === '\t') this.at += 1;
      else if (this.starts('\\\n')) this.at += 2;
      else return;
    }
  }

  /** From `#` to the end of its line. A value there is never written. */
  comment(): void {
    const end = this.text.indexOf('\n', this.at);
    this.skipTo(end < 0 || end > this.end ? this.end : end);
  }

  /** @param condition inside of `[[ … ]]`, where only spaces end a word. */
  word(condition = false): Word {
    const from = this.at;
    const word: Word = { raw: '', literal: '', prefix: '', quoted: false, holes: [], nested: [], names: new Set(), dynamic: false };
    let inPrefix = true;
    const add = (text: string): void => {
      if (word.literal !== null) word.literal += text;
      if (inPrefix) word.prefix += text;
    };
    while (this.at < this.end) {
      const char = this.peek();
      if (condition ? char === ' ' || char === '\t' || char === '\n' : METACHARACTERS.has(char)) {
        if ((char === '<' || char === '>') && this.peek(1) === '(' && this.at === from)
          throw new Unreadable('the script has a process substitution, `<(…)`');
        break;
      }
      if (char === HOLE) {
        word.holes.push(this.put('bare'));
        word.literal = null;
        inPrefix = false;
      } else if (char === '\\') {
        inPrefix = false;
        word.quoted = true;
        const next = this.peek(1);
        if (next === HOLE) this.holes.refuse([this.hole()], 'a backslash stands before it');
        else if (next !== '\n') add(next);
        this.at += next === HOLE ? 1 : 2;
      } else if (char === "'" || char === '"') {
        inPrefix = false;
        word.quoted = true;
        if (char === "'") this.single(word);
        else this.double(word);
      } else if (char === '$' || char === '`') {
        inPrefix = false;
        if (this.expansion(word, false) === 'literal') add('$');
        else word.literal = null;
      } else {
        add(char);
        this.at += 1;
      }
    }
    word.raw = this.text.slice(from, this.at);
    return word;
  }

  private put(place: 'bare' | 'double' | 'single' | 'arithmetic'): number {
    const index = this.hole();
    this.holes.put(index, place);
    this.at += 1;
    return index;
  }

  private single(word: Word): void {
    const end = this.text.indexOf("'", this.at + 1);
    if (end < 0 || end >= this.end) throw new Unreadable('a single quote of the script has no end');
    this.at += 1;
    while (this.at < end) {
      const char = this.peek();
      if (char === HOLE) {
        word.holes.push(this.put('single'));
        word.literal = null;
      } else {
        if (word.literal !== null) word.literal += char;
        this.at += 1;
      }
    }
    this.at += 1;
  }

  private double(word: Word): void {
    this.at += 1;
    this.insideDouble(word, '"');
    this.at += 1;
  }

  /** The inside of double quotes, or the body of a here-document (`close` is empty then: it ends with the text). */
  insideDouble(word: Word, close: '"' | ''): void {
    while (this.at < this.end) {
      const char = this.peek();
      if (char === close) return;
      if (char === HOLE) {
        word.holes.push(this.put('double'));
        word.literal = null;
      } else if (char === '\\') {
        const next = this.peek(1);
        if (next === HOLE) this.holes.refuse([this.hole()], 'a backslash stands before it');
        else if (word.literal !== null && next !== '\n') word.literal += '$`"\\'.includes(next) ? next : `\\${next}`;
        this.at += next === HOLE ? 1 : 2;
      } else if (char === '$' || char === '`') {
        if (this.expansion(word, true) === 'literal') {
          if (word.literal !== null) word.literal += '$';
        } else word.literal = null;
      } else {
        if (word.literal !== null) word.literal += char;
        this.at += 1;
      }
    }
    if (close !== '') throw new Unreadable('a double quote of the script has no end');
  }

  /** What begins with `$` or a backtick. @returns `literal` for a dollar sign that stands for itself, and is passed */
  private expansion(word: Word, quoted: boolean): 'literal' | 'expanded' {
    if (this.peek() === '`') {
      word.dynamic = true;
      word.nested.push(...this.backticks());
      return 'expanded';
    }
    if (this.starts('$((')) {
      this.at += 3;
      this.arithmetic(word);
      return 'expanded';
    }
    if (this.starts('$(')) {
      this.at += 2;
      word.dynamic = true;
      word.nested.push(...this.commands.substitution());
      return 'expanded';
    }
    if (this.starts('${')) {
      this.at += 2;
      this.parameter(word, quoted);
      return 'expanded';
    }
    this.at += 1;
    const next = this.peek();
    if (next === HOLE) {
      this.holes.refuse([this.hole()], 'a dollar sign stands before it; write {{ … }} alone');
      return 'literal';
    }
    if (next === '[') throw new Unreadable('the script has `$[…]`');
    if (!quoted && (next === "'" || next === '"'))
      throw new Unreadable(`the script has \`$${next}…${next}\`, which shells read in different ways`);
    const name = this.name();
    if (name !== null) word.names.add(name);
    else if (/[0-9@*#?$!-]/.test(next)) {
      word.names.add(/[0-9@*]/.test(next) ? '1' : next);
      this.at += 1;
    } else return 'literal';
    return 'expanded';
  }

  /** @returns the variable's name at `at`, which is passed */
  name(): string | null {
    NAME.lastIndex = this.at;
    const found = NAME.exec(this.text)?.[0] ?? null;
    if (found === null || this.at + found.length > this.end) return null;
    this.at += found.length;
    return found;
  }

  private backticks(): number[] {
    let end = this.at + 1;
    for (; end < this.end && this.text[end] !== '`'; end += 1) if (this.text[end] === '\\') end += 1;
    if (end >= this.end) throw new Unreadable('a backtick of the script has no end');
    const found = this.skipTo(end);
    this.holes.refuse(found, 'it stands in backticks; write $(…)');
    this.at = end + 1;
    // What stands in them is not read: it may compute with anything, and run anything.
    this.commands.computesWith([], true);
    return found;
  }

  /** Behind `${`, up to its brace. Values can't be told apart from the operators there. */
  private parameter(word: Word, quoted: boolean): void {
    const from = this.at;
    if (this.peek() === '#' || this.peek() === '!') {
      if (this.peek() === '!') throw new Unreadable(`the script has \`\${!…}\`, a variable whose name is in another`);
      this.at += 1;
    }
    const name = this.name();
    if (name !== null) word.names.add(name);
    else if (/[0-9@*#?$!-]/.test(this.peek())) {
      word.names.add('1');
      this.at += 1;
    }
    // A subscript or an offset is computed.
    const operator = this.text.slice(this.at, this.at + 2);
    const computed = operator.startsWith('[') || (operator.startsWith(':') && !/^:[-=?+]/.test(operator));
    const inside: Word = { ...word, holes: [], nested: [], names: new Set(), literal: null };
    for (;;) {
      const char = this.peek();
      if (char === '') throw new Unreadable('a `${` of the script has no end');
      if (char === '}') break;
      if (char === HOLE) {
        this.holes.refuse([this.hole()], `it stands inside of \${…}`);
        this.at += 1;
      } else if (char === '"' || char === "'" || char === '\\' || char === '{') {
        if (quoted || char === '{' || char === '\\')
          throw new Unreadable(`the script has quotes or braces inside of \`\${…}\`, which shells read in different ways`);
        if (char === "'") this.single(inside);
        else this.double(inside);
      } else if (char === '$' || char === '`') this.expansion(inside, true);
      else this.at += 1;
    }
    this.holes.refuse([...inside.holes, ...inside.nested], `it stands inside of \${…}`);
    if (computed)
      this.commands.computesWith([...identifiers(this.text.slice(from + (name?.length ?? 0), this.at)), ...inside.names], inside.dynamic);
    if (operator.startsWith('@')) throw new Unreadable(`the script has \`\${…@…}\``);
    for (const each of inside.names) word.names.add(each);
    word.dynamic ||= inside.dynamic;
    word.nested.push(...inside.holes, ...inside.nested);
    this.at += 1;
  }

  /** Behind `$((` or `((`, up to `))`. */
  arithmetic(word: Word): void {
    const from = this.at;
    const inside: Word = { ...word, holes: [], nested: [], names: new Set(), literal: null, dynamic: false };
    for (let depth = 0; ; ) {
      const char = this.peek();
      if (char === '') throw new Unreadable('a `((` of the script has no end');
      if (char === ')' && depth === 0) {
        if (this.peek(1) !== ')') throw new Unreadable('the script has `((` that is no arithmetic; put a space between the two');
        break;
      }
      if (char === HOLE) {
        const index = this.put('arithmetic');
        this.holes.numeric(index);
        word.nested.push(index);
        continue;
      }
      if (char === '"' || char === "'" || char === '\\' || char === '#')
        throw new Unreadable('the script has quotes or # inside of `((…))`');
      if (char === '$' || char === '`') {
        this.expansion(inside, true);
        continue;
      }
      if (char === '(') depth += 1;
      if (char === ')') depth -= 1;
      this.at += 1;
    }
    this.holes.refuse(inside.nested, 'the shell computes with what this command prints');
    this.commands.computesWith([...identifiers(this.text.slice(from, this.at)), ...inside.names], inside.dynamic);
    this.at += 2;
  }
}

export const identifiers = (text: string): string[] => text.match(/[A-Za-z_][A-Za-z0-9_]*/g) ?? [];
