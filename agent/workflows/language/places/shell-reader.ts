import type { Holes } from './place.ts';
import { Unreadable } from './place.ts';
import { ShellRules } from './shell-rules.ts';
import type { Commands, Word } from './shell-words.ts';
import { identifiers, Words } from './shell-words.ts';

/**
 * Reads a shell script (POSIX, and what bash adds) as far as is needed to know where each of its holes stands:
 *
 *     list     = { command ( ";" | "&" | "&&" | "||" | "|" | newline ) }
 *     command  = [ keyword… ] { assignment } { word | redirection } | "(" list ")" | "((" arithmetic "))" | "[[" condition "]]"
 *              | "case" word "in" { [ "(" ] pattern… ")" list ( ";;" | ";&" | ";;&" ) } "esac" | "for" name "in" words | name "()"
 *
 * Keywords that only lead to further commands (`if then while do {` …) are passed over: which of them belong together does not matter here.
 */
export function readShell(text: string, holes: Holes): void {
  if (/TORU_V\d/.test(text)) throw new Unreadable('the script has variables called TORU_V…, which are Toru’s');
  const reader = new ShellReader(text, holes);
  reader.list('end');
  reader.rules.finish();
}

const LEADING = new Set(['if', 'then', 'elif', 'else', 'while', 'until', 'do', '!', '{']);
const ENDING = new Set(['fi', 'done', '}']);
type End = 'end' | 'parenthesis' | 'case';

export interface Redirection {
  operator: string;
  target: Word;
}

interface HereDocument {
  delimiter: string;
  quoted: boolean;
  tabs: boolean;
  /** The command that reads it. */
  of: Redirection[];
}

class ShellReader implements Commands {
  private readonly words: Words;
  private readonly holes: Holes;
  readonly rules: ShellRules;
  private waiting: HereDocument[] = [];
  private depth = 0;
  private substitutions = 0;

  constructor(text: string, holes: Holes) {
    this.words = new Words(text, holes, this);
    this.holes = holes;
    this.rules = new ShellRules(holes);
  }

  computesWith(names: Iterable<string>, dynamic: boolean): void {
    this.rules.computesWith(names, dynamic);
  }

  substitution(): number[] {
    const { words } = this;
    const first = words.hole();
    this.substitutions += 1;
    this.list('parenthesis');
    this.substitutions -= 1;
    return Array.from({ length: words.hole() - first }, (_, at) => first + at);
  }

  /** @returns what ended it: `;;` or `esac` for a list of a case */
  list(end: End): string {
    this.depth += 1;
    if (this.depth > 100) throw new Unreadable('the script is nested too deep');
    const { words } = this;
    let piped = false;
    for (;;) {
      words.blanks();
      const char = words.peek();
      if (char === '') {
        if (end !== 'end' || this.waiting.length > 0) throw new Unreadable('the script ends in the middle of something');
        break;
      }
      if (char === '\n') {
        words.at += 1;
        this.hereDocuments();
      } else if (char === '#') words.comment();
      else if (char === ')') {
        if (end === 'end') throw new Unreadable('the script has a `)` that closes nothing');
        if (end === 'parenthesis') words.at += 1;
        if (end === 'case') throw new Unreadable('a `case` of the script has no end');
        break;
      } else if (words.starts(';;') || words.starts(';&')) {
        if (end !== 'case') throw new Unreadable('the script has `;;` outside of a case');
        words.at += words.starts(';;&') ? 3 : 2;
        this.depth -= 1;
        return ';;';
      } else if (char === ';' || (char === '&' && words.peek(1) !== '>')) words.at += words.starts('&&') ? 2 : 1;
      else if (char === '|') {
        piped = !words.starts('||');
        words.at += words.starts('||') || words.starts('|&') ? 2 : 1;
        continue;
      } else if (words.starts('((')) {
        words.at += 2;
        words.arithmetic({ raw: '', literal: null, prefix: '', quoted: false, holes: [], nested: [], names: new Set(), dynamic: false });
      } else if (char === '(') {
        words.at += 1;
        this.list('parenthesis');
      } else if (this.command(piped, end) === 'esac') {
        this.depth -= 1;
        return 'esac';
      }
      piped = false;
    }
    this.depth -= 1;
    return char(end);
  }

  private command(piped: boolean, end: End): 'esac' | null {
    const { words } = this;
    const found: Word[] = [];
    const redirections: Redirection[] = [];
    let led = false;
    for (;;) {
      words.blanks();
      const next = words.peek();
      if (next === '&' && words.peek(1) !== '>') break;
      if (next === '' || next === '\n' || next === ';' || next === '|' || next === ')') break;
      if (next === '#') {
        words.comment();
        break;
      }
      if (next === '<' || next === '>' || next === '&') {
        if (words.peek(1) === '(') throw new Unreadable('the script has a process substitution, `<(…)`');
        this.redirection(redirections);
        continue;
      }
      if (next === '(') {
        if (found.length === 1) {
          if (this.array(found[0])) continue;
          this.functionOf(found[0]);
          return null;
        }
        if (found.length === 0 && led && !words.starts('((')) {
          words.at += 1;
          this.list('parenthesis');
          led = false;
          continue;
        }
        if (found.length === 0 && led) {
          words.at += 2;
          words.arithmetic({ raw: '', literal: null, prefix: '', quoted: false, holes: [], nested: [], names: new Set(), dynamic: false });
          continue;
        }
        if (this.array(found.at(-1))) continue;
        throw new Unreadable('the script has a parenthesis in a word');
      }
      const word = words.word();
      const keyword = found.length === 0 && !word.quoted ? word.literal : null;
      if (keyword !== null && LEADING.has(keyword)) {
        led = true;
        if (piped) this.rules.pipedFromNowOn();
        if (words.peek() === '\n' || words.peek() === ';') return null;
        continue;
      }
      if (keyword !== null && ENDING.has(keyword)) {
        led = false;
        continue;
      }
      switch (keyword) {
        case 'esac':
          if (end !== 'case') throw new Unreadable('the script has an `esac` without a case');
          return 'esac';
        case 'case':
          this.cases();
          continue;
        case 'for':
        case 'select':
          this.loop();
          return null;
        case 'function':
          words.blanks();
          this.functionOf(words.word());
          return null;
        case 'coproc':
          throw new Unreadable('the script has `coproc`');
        case '[[':
          this.condition();
          continue;
        default:
          // `2>file`: the number belongs to the redirection.
          if (!(/^\d+$/.test(word.raw) && (words.peek() === '<' || words.peek() === '>'))) found.push(word);
      }
    }
    this.rules.command(found, redirections, piped);
    return null;
  }

  /** `name=( … )`, whose words are values. @returns false when the word before is no assignment */
  private array(before: Word | undefined): boolean {
    const { words } = this;
    if (before === undefined || !/^[A-Za-z_][A-Za-z0-9_]*\+?=$/.test(before.raw) || !words.starts('(') || words.text[words.at - 1] !== '=')
      return false;
    // bash 5.2 misreads quotes in one.
    if (this.substitutions > 0) throw new Unreadable('the script has an array inside of `$(…)`');
    words.at += 1;
    for (;;) {
      words.blanks();
      if (words.peek() === '\n') words.at += 1;
      else if (words.peek() === '#') words.comment();
      else if (words.peek() === ')') break;
      else if (words.peek() === '' || '&|<>(;'.includes(words.peek())) throw new Unreadable('an array of the script can’t be read');
      else {
        const word = words.word();
        if (word.raw.startsWith('[')) throw new Unreadable('the script has an array with subscripts');
        before.holes.push(...word.holes);
        before.nested.push(...word.nested);
        for (const name of word.names) before.names.add(name);
        before.dynamic ||= word.dynamic;
      }
    }
    words.at += 1;
    before.literal = null;
    return true;
  }

  private functionOf(name: Word | undefined): void {
    const { words } = this;
    words.blanks();
    if (words.peek() === '(') {
      words.at += 1;
      words.blanks();
      if (words.peek() !== ')') throw new Unreadable('the script has a parenthesis in a word');
      words.at += 1;
    }
    if (name?.literal === null || name === undefined) throw new Unreadable('a function of the script has no plain name');
    this.rules.functions.add(name.literal);
  }

  private redirection(redirections: Redirection[]): void {
    const { words, holes } = this;
    const operator = ['<<<', '<<-', '&>>', '<<', '<>', '<&', '>>', '>&', '>|', '&>', '<', '>'].find((each) => words.starts(each)) ?? '<';
    words.at += operator.length;
    words.blanks();
    if (operator === '<<' || operator === '<<-') return this.hereDocument(operator === '<<-', redirections);
    const target = words.word();
    if (target.raw === '') throw new Unreadable('a redirection of the script has no target');
    if (!['<', '>', '>>', '>|', '<<<'].includes(operator))
      holes.refuse([...target.holes, ...target.nested], `it stands behind ${operator}`);
    redirections.push({ operator, target });
  }

  private hereDocument(tabs: boolean, redirections: Redirection[]): void {
    const { words } = this;
    // bash 5.2 loses a semicolon behind one, and shells differ in where it ends.
    if (this.substitutions > 0) throw new Unreadable('the script has a here-document inside of `$(…)`');
    const raw = /^(?:\\.|'[^'\n]*'|"[^"\n$`\\]*"|[^ \t\n;&|<>()'"\\$`])+/.exec(
      words.text.slice(words.at, Math.min(words.end, words.at + 300)),
    )?.[0];
    if (raw === undefined || raw.includes('\0')) throw new Unreadable('a here-document of the script has no plain delimiter');
    words.at += raw.length;
    if (!' \t\n;&|<>)'.includes(words.peek())) throw new Unreadable('a here-document of the script has no plain delimiter');
    const delimiter = raw.replace(/\\(.)|['"]/g, '$1');
    const target: Word = { raw, literal: null, prefix: '', quoted: false, holes: [], nested: [], names: new Set(), dynamic: false };
    const redirection = { operator: '<<', target };
    redirections.push(redirection);
    this.waiting.push({ delimiter, quoted: /[\\'"]/.test(raw), tabs, of: [redirection] });
  }

  /** Behind the end of a line: the bodies of those that began on it. */
  private hereDocuments(): void {
    const { words, holes } = this;
    for (const { delimiter, quoted, tabs, of } of this.waiting.splice(0)) {
      const from = words.at;
      let body = from;
      for (;;) {
        if (body >= words.end) throw new Unreadable(`the here-document ${delimiter} of the script has no end`);
        const newline = words.text.indexOf('\n', body);
        const end = newline < 0 || newline > words.end ? words.end : newline;
        const line = words.text.slice(body, end);
        if ((tabs ? line.replace(/^\t+/, '') : line) === delimiter) {
          if (quoted) holes.refuse(words.skipTo(body), 'it stands in a here-document whose delimiter is quoted');
          else this.body(body, of);
          words.at = Math.min(end + 1, words.end);
          break;
        }
        if (!quoted && /(?:^|[^\\])(?:\\\\)*\\$/.test(line)) throw new Unreadable('a line of a here-document ends with a backslash');
        body = end + 1;
      }
    }
  }

  private body(end: number, of: Redirection[]): void {
    const { words } = this;
    const outside = words.end;
    words.end = end;
    for (const { target } of of) words.insideDouble(target, '');
    words.end = outside;
  }

  private cases(): void {
    const { words, holes } = this;
    words.blanks();
    words.word();
    this.skipLines();
    if (words.word().raw !== 'in') throw new Unreadable('a `case` of the script can’t be read');
    for (;;) {
      this.skipLines();
      if (words.peek() === '(') words.at += 1;
      words.blanks();
      for (;;) {
        const pattern = words.word();
        if (pattern.raw === 'esac' && words.peek() !== ')') return;
        if (pattern.raw === '') throw new Unreadable('a `case` of the script can’t be read');
        holes.refuse([...pattern.holes, ...pattern.nested], 'it stands in the pattern of a case');
        words.blanks();
        if (words.peek() !== '|') break;
        words.at += 1;
        words.blanks();
      }
      if (words.peek() !== ')') throw new Unreadable('a pattern of a case can’t be read');
      words.at += 1;
      if (this.list('case') === 'esac') return;
    }
  }

  private skipLines(): void {
    const { words } = this;
    for (;;) {
      words.blanks();
      if (words.peek() === '\n') {
        words.at += 1;
        this.hereDocuments();
      } else if (words.peek() === '#') words.comment();
      else return;
    }
  }

  private loop(): void {
    const { words } = this;
    words.blanks();
    if (words.starts('((')) {
      words.at += 2;
      words.arithmetic({ raw: '', literal: null, prefix: '', quoted: false, holes: [], nested: [], names: new Set(), dynamic: false });
      return;
    }
    const name = words.word();
    if (name.literal === null || identifiers(name.literal)[0] !== name.raw)
      throw new Unreadable('a loop of the script has no plain variable');
    this.skipLines();
    const from = words.at;
    if (words.peek() === ';' || words.word().raw !== 'in') {
      words.at = from;
      return;
    }
    for (;;) {
      words.blanks();
      if (words.peek() === '' || '\n;'.includes(words.peek())) return;
      if ('&|<>()'.includes(words.peek())) throw new Unreadable('a loop of the script can’t be read');
      if (words.peek() === '#') return words.comment();
      const item = words.word();
      this.rules.assigned(name.raw, item);
    }
  }

  /** Behind `[[`, up to `]]`: bash’s own tests. */
  private condition(): void {
    const { words } = this;
    const parts: Word[] = [];
    for (;;) {
      words.blanks();
      if (words.peek() === '') throw new Unreadable('a `[[` of the script has no end');
      if (words.peek() === '\n') {
        words.at += 1;
        continue;
      }
      const word = words.word(true);
      if (word.raw === ']]') break;
      parts.push(word);
    }
    this.rules.condition(parts);
  }
}

const char = (end: End): string => (end === 'end' ? '' : ')');
