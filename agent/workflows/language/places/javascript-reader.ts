import type { Holes } from './place.ts';
import { HOLE, Unreadable } from './place.ts';
import { countHoles, endOf, isWord, range } from './python-reader.ts';

/** What would run a value, or load it as a module. */
const RUNS = new Set([
  'eval',
  'Function',
  'exec',
  'execSync',
  'vm',
  'Worker',
  'runInNewContext',
  'runInThisContext',
  'runInContext',
  'shell',
  'constructor',
  'createRequire',
  'require',
  'register',
  'WebAssembly',
]);
/** Before a slash, they begin a regular expression. */
const BEFORE_REGEX = new Set([
  'return',
  'typeof',
  'case',
  'in',
  'of',
  'delete',
  'void',
  'instanceof',
  'new',
  'do',
  'else',
  'throw',
  'await',
  'yield',
  'default',
  'extends',
]);
const WORD = /[\w$\u0080-\uffff]+/y;

/** Reads JavaScript or TypeScript: comments, strings, templates, regular expressions, and all else, in which a value is an expression of its own. */
export function readJavaScript(text: string, holes: Holes): void {
  if (/<!--|(?:^|\n)\s*-->/.test(text)) throw new Unreadable('the script has `<!--` or `-->`, which may be comments');
  new JavaScriptReader(text, holes).read();
}

class JavaScriptReader {
  private readonly text: string;
  private readonly holes: Holes;
  private at = 0;
  private index = 0;
  /** The word or sign before. */
  private last = '';
  private beforeLast = '';
  private readonly runs = new Set<string>();

  constructor(text: string, holes: Holes) {
    this.text = text;
    this.holes = holes;
  }

  read(): void {
    if (this.text.startsWith('#!')) this.skip(endOf(this.text, '\n', 0));
    this.code(false);
    for (const word of this.runs) this.holes.refuseAll(`the script has \`${word}\`, which may run it`);
  }

  /** @param inTemplate inside of `${…}`, up to its brace */
  private code(inTemplate: boolean): void {
    const { text, holes } = this;
    const first = this.index;
    let depth = 0;
    for (;;) {
      const char = text.charAt(this.at);
      if (char === '') {
        if (inTemplate) throw new Unreadable('a template of the script has no end');
        return;
      }
      if (char === HOLE) this.hole();
      else if (/\s/.test(char)) this.at += 1;
      else if (text.startsWith('//', this.at)) this.skip(lineEnd(text, this.at));
      else if (text.startsWith('/*', this.at)) this.comment();
      else if (char === '"' || char === "'") this.string(char);
      else if (char === '`') this.template();
      else if (char === '/') this.slash();
      else if (char === '\\' || char === '@' || (char === '#' && !isWord(text.charAt(this.at + 1))))
        throw new Unreadable(`the script has \`${char}\` outside of strings`);
      else if (isWord(char)) this.word();
      else {
        if (char === '{') depth += 1;
        if (char === '}') {
          if (inTemplate && depth === 0) {
            this.at += 1;
            holes.refuse(range(first, this.index), 'it stands in a template literal');
            return;
          }
          depth -= 1;
        }
        this.seen(char);
        this.at += 1;
      }
    }
  }

  private seen(token: string): void {
    this.beforeLast = this.last;
    this.last = token;
  }

  private hole(): void {
    const { text, holes, at } = this;
    holes.put(this.index, 'expression');
    const touches = (char: string): boolean => char !== '' && (isWord(char) || `"'\`\\#@${HOLE}`.includes(char));
    if (touches(text.charAt(at - 1)) || touches(text.charAt(at + 1)))
      holes.refuse([this.index], 'it touches a word or a quote; put a space between them');
    if (this.last === 'from' || this.last === 'import' || (this.last === '(' && this.beforeLast === 'import'))
      holes.refuse([this.index], 'it would name a module that is run');
    if (this.last === '(' && /^set(?:Timeout|Interval|Immediate)$/.test(this.beforeLast)) holes.refuse([this.index], 'it would be run');
    this.index += 1;
    this.at += 1;
    this.seen('value');
  }

  private word(): void {
    WORD.lastIndex = this.at;
    const word = WORD.exec(this.text)?.[0] ?? '';
    this.at += Math.max(1, word.length);
    if (RUNS.has(word)) this.runs.add(word);
    // A module that is loaded by a name which is put together.
    if (word === 'import' && /^\s*\(\s*[^"'\s]/.test(this.text.slice(this.at, this.at + 80))) this.runs.add('import(…)');
    this.seen(word);
  }

  private comment(): void {
    const end = this.text.indexOf('*/', this.at + 2);
    if (end < 0) throw new Unreadable('a comment of the script has no end');
    this.skip(end + 2);
  }

  private string(quote: string): void {
    const first = this.index;
    for (this.at += 1; this.text.charAt(this.at) !== quote; this.at += 1) {
      const char = this.text.charAt(this.at);
      if (char === '' || char === '\n' || char === '\r') throw new Unreadable('a string of the script ends with its line');
      if (char === HOLE) {
        this.holes.put(this.index, 'string');
        this.index += 1;
      } else if (char === '\\') {
        if (this.text.charAt(this.at + 1) === HOLE) this.holes.refuse([this.index], 'a backslash stands before it');
        else this.at += 1;
      }
    }
    if (this.last === 'from' || this.last === 'import' || (this.last === '(' && this.beforeLast === 'import'))
      this.holes.refuse(range(first, this.index), 'it would name a module that is run');
    if (this.last === '(' && /^set(?:Timeout|Interval|Immediate)$/.test(this.beforeLast))
      this.holes.refuse(range(first, this.index), 'it would be run');
    this.at += 1;
    this.seen('value');
  }

  private template(): void {
    for (this.at += 1; ; ) {
      const char = this.text.charAt(this.at);
      if (char === '') throw new Unreadable('a template of the script has no end');
      if (char === '`') break;
      if (char === HOLE) {
        this.holes.refuse([this.index], 'it stands in a template literal');
        this.index += 1;
        this.at += 1;
      } else if (char === '\\') this.at += this.text.charAt(this.at + 1) === HOLE ? 1 : 2;
      else if (this.text.startsWith('${', this.at)) {
        this.at += 2;
        this.seen('{');
        this.code(true);
      } else this.at += 1;
    }
    this.at += 1;
    this.seen('value');
  }

  /** A division or a regular expression: that hangs on what stands before, and where it does not tell, on whether there is another slash. */
  private slash(): void {
    const { last, text } = this;
    const line = text.slice(this.at + 1, lineEnd(text, this.at));
    const isOperand = last === 'value' || last === ']' || (isWord(last.charAt(0)) && !BEFORE_REGEX.has(last));
    const isOpen = last === ')' || last === '}' || last === '>' || last === '+' || last === '-' || last === '!';
    if (isOperand || (isOpen && !line.includes('/'))) {
      this.seen('/');
      this.at += 1;
      return;
    }
    if (isOpen) throw new Unreadable('whether a slash of the script divides or begins a regular expression is not certain');
    const found = /^(?:[^\\/[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+\/\w*/.exec(line)?.[0];
    if (found === undefined) throw new Unreadable('a regular expression of the script has no end');
    const holes = countHoles(found, 0, found.length);
    this.holes.refuse(range(this.index, this.index + holes), 'it stands in a regular expression');
    this.index += holes;
    this.at += 1 + found.length;
    this.seen('value');
  }

  /** Over a comment: a value there is never written. */
  private skip(end: number): void {
    this.index += countHoles(this.text, this.at, end);
    this.at = end;
  }
}

function lineEnd(text: string, from: number): number {
  const found = /[\n\r\u2028\u2029]/.exec(text.slice(from));
  return found === null ? text.length : from + found.index;
}
