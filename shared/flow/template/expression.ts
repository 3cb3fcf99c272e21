import { closest } from '../../closest.ts';
import type { Json } from '../job.ts';
import { TemplateError } from './error.ts';
import { FILTERS } from './filters.ts';
import type { Lexer, Token } from './lexer.ts';
import type { Arithmetic, Comparison, Expression, Key, Path } from './syntax.ts';
import { TESTS } from './tests.ts';

/**
 * The expressions of `{{ … }}` and `{% … %}`: Tera's common subset, by its grammar.
 *
 *     logic      = all { "or" all }
 *     all        = not { "and" not }
 *     not        = "not" not | comparison
 *     comparison = sum [ ("==" | "!=" | "<" | "<=" | ">" | ">=" | ["not"] "in") sum ]
 *     sum        = filtered { sign filtered }                  sign = "+" | "-" | "*" | "/" | "%", the last three first
 *     filtered   = joined { sign joined } { "|" filter }
 *     filter     = name [ "(" [ name "=" logic { "," name "=" logic } ] ")" ]
 *     joined     = operand { "~" operand }
 *     operand    = ["-"] number | text | "true" | "false" | path [ "is" ["not"] name [ "(" logic { "," logic } ")" ] ]
 *                | "[" [ logic { "," logic } ] "]" | "(" logic ")"
 *     path       = name { "." name | "." index | "[" (index | text | path) "]" }
 *
 * A filter takes all arithmetic since the one before it, as in Tera: `1 + 2 | f` is `(1 + 2) | f`, and `a | f + 1` is `(a | f) + 1`.
 *
 * A parser of our own, after a look at what is kept: liquidjs has another language (`| default: "x"`, no parentheses), cel-js has
 * expressions only and other ones, nunjucks makes code of a template, which a Worker can't run, and minijinja comes as 1 MB of WASM.
 */

/** An expression is walked through by recursion. */
const MAX_PARTS = 500;
/** Of parentheses, lists, keys and `not` inside each other. */
const MAX_NESTED = 40;

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='] satisfies Comparison[]);
const isComparison = (sign: string): sign is Comparison => COMPARISONS.has(sign);
const ARITHMETIC = ['+', '-', '*', '/', '%'] as const;
const WORDS: ReadonlySet<string> = new Set(['and', 'or', 'not', 'in', 'is', 'true', 'false', 'True', 'False']);

export class ExpressionParser {
  readonly #tokens: Lexer;
  /** Names of the loops around it. */
  readonly #bound: ReadonlySet<string>;
  #parts = 0;
  #depth = 0;

  constructor(tokens: Lexer, bound: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#bound = bound;
  }

  logic(): Expression {
    return this.#chain('or', () => this.#chain('and', () => this.#not()));
  }

  #chain(word: 'and' | 'or', read: () => Expression): Expression {
    const first = read();
    const operands = [first];
    while (this.#tokens.takeIf(word)) operands.push(read());
    return operands.length === 1 ? first : this.#counted({ kind: 'logic', word, operands, at: first.at });
  }

  #not(): Expression {
    const { at } = this.#tokens.peek();
    if (!this.#tokens.takeIf('not')) return this.#comparison();
    return this.#counted({ kind: 'not', of: this.#nested(at, () => this.#not()), at });
  }

  #comparison(): Expression {
    const left = this.#sum();
    const { kind, text, at } = this.#tokens.peek();
    if (kind === 'sign' && isComparison(text)) {
      this.#tokens.take();
      return this.#counted({ kind: 'comparison', sign: text, left, right: this.#sum(), at: left.at });
    }
    const negated = this.#tokens.takeIf('not');
    if (this.#tokens.takeIf('in')) return this.#counted({ kind: 'in', negated, left, right: this.#sum(), at: left.at });
    if (negated) throw new TemplateError('“in” is expected after this “not”.', at);
    return left;
  }

  #sum(): Expression {
    const [operands, signs]: [Expression[], Arithmetic[]] = [[], []];
    let sign: Arithmetic | undefined;
    do {
      const begin = operands.length;
      operands.push(this.#joined());
      for (sign = this.#sign(); sign !== undefined; sign = this.#sign()) {
        signs.push(sign);
        operands.push(this.#joined());
      }
      if (this.#tokens.peek().text !== '|') break;
      let of = this.#folded(operands.splice(begin), signs.splice(begin));
      while (this.#tokens.takeIf('|')) of = this.#filter(of);
      operands.push(of);
      sign = this.#sign();
      if (sign !== undefined) signs.push(sign);
    } while (sign !== undefined);
    return this.#folded(operands, signs);
  }

  #sign(): Arithmetic | undefined {
    return ARITHMETIC.find((each) => this.#tokens.takeIf(each));
  }

  /** Operands with the signs between them as one: products before sums. */
  #folded(operands: Expression[], signs: Arithmetic[]): Expression {
    const [first, ...others] = operands;
    if (first === undefined) throw new Error('There is no operand.');
    const terms = [first];
    const sums: Arithmetic[] = [];
    for (const [index, right] of others.entries()) {
      const sign = signs[index] ?? '+';
      const left = terms.at(-1) ?? first;
      if (sign === '+' || sign === '-') {
        terms.push(right);
        sums.push(sign);
      } else terms.splice(-1, 1, this.#counted({ kind: 'arithmetic', sign, left, right, at: left.at }));
    }
    return terms.reduce((left, right, index) =>
      this.#counted({ kind: 'arithmetic', sign: sums[index - 1] ?? '+', left, right, at: left.at }),
    );
  }

  #filter(of: Expression): Expression {
    const { text: name, at } = this.#name('The name of a filter');
    const filter = FILTERS.get(name);
    if (filter === undefined) throw new TemplateError(unknown('filter', name, FILTERS.keys()), at);
    const args = new Map<string, Expression>();
    if (this.#tokens.takeIf('(')) {
      this.#nested(at, () =>
        this.#list(')', () => {
          const arg = this.#name(`An argument of “${name}”, as name=value,`);
          this.#expect('=');
          if (!Object.hasOwn(filter.args, arg.text))
            throw new TemplateError(unknown(`argument of “${name}”`, arg.text, Object.keys(filter.args)), arg.at);
          args.set(arg.text, this.logic());
        }),
      );
    }
    for (const [arg, kind] of Object.entries(filter.args))
      if (kind === 'required' && !args.has(arg)) throw new TemplateError(`The filter “${name}” needs ${arg}=…`, at);
    return this.#counted({ kind: 'filter', name, of, args, at });
  }

  #joined(): Expression {
    const first = this.#operand();
    const operands = [first];
    while (this.#tokens.takeIf('~')) operands.push(this.#operand());
    return operands.length === 1 ? first : this.#counted({ kind: 'joined', operands, at: first.at });
  }

  #operand(): Expression {
    const token = this.#tokens.take();
    const { at, kind, text } = token;
    if (kind === 'number') return this.#literal(Number(text), at);
    if (kind === 'text') return this.#literal(text, at);
    if (kind === 'name') return this.#named(token);
    if (text === '-' && this.#tokens.peek().kind === 'number') return this.#literal(-Number(this.#tokens.take().text), at);
    if (text === '(') {
      const inside = this.#nested(at, () => this.logic());
      this.#expect(')');
      return inside;
    }
    if (text === '[') {
      const items: Expression[] = [];
      this.#nested(at, () => this.#list(']', () => items.push(this.logic())));
      return this.#counted({ kind: 'list', items, at });
    }
    throw new TemplateError(`A value is expected instead of ${spelled(token)}.`, at);
  }

  #named(token: Token): Expression {
    const { text, at } = token;
    if (text === 'true' || text === 'True') return this.#literal(true, at);
    if (text === 'false' || text === 'False') return this.#literal(false, at);
    if (WORDS.has(text)) throw new TemplateError(`A value is expected instead of ${spelled(token)}.`, at);
    const path = this.#path(text, at);
    if (this.#tokens.takeIf('is')) return this.#test(path);
    if (this.#tokens.peek().text === '(' && path.keys.length === 0)
      throw new TemplateError(`There are no functions in this language: “${text}(…)”. A filter is written as value | filter(…).`, at);
    return path;
  }

  #path(root: string, at: number): Path {
    const keys: Key[] = [];
    for (;;) {
      if (this.#tokens.takeIf('.')) {
        const { text } = this.#name('A name or an index');
        keys.push(/^\d+$/.test(text) ? Number(text) : text);
      } else if (this.#tokens.takeIf('[')) {
        keys.push(this.#nested(at, () => this.#key()));
        this.#expect(']');
      } else break;
    }
    const path: Path = { kind: 'path', root, keys, bound: this.#bound.has(root), at };
    this.#counted(path);
    return path;
  }

  #key(): Key {
    const token = this.#tokens.take();
    if (token.kind === 'text') return token.text;
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'name') return this.#path(token.text, token.at);
    throw new TemplateError(`An index, a key in quotes or a name is expected instead of ${spelled(token)}.`, token.at);
  }

  #test(of: Path): Expression {
    const negated = this.#tokens.takeIf('not');
    const { text: name, at } = this.#name('The name of a test');
    const test = TESTS.get(name);
    if (test === undefined) throw new TemplateError(unknown('test', name, TESTS.keys()), at);
    const args: Expression[] = [];
    if (this.#tokens.takeIf('(')) this.#nested(at, () => this.#list(')', () => args.push(this.logic())));
    if (args.length !== test.args) throw new TemplateError(`The test “${name}” takes ${test.args} arguments.`, at);
    return this.#counted({ kind: 'test', name, negated, of, args, at: of.at });
  }

  #literal(value: Json, at: number): Expression {
    return this.#counted({ kind: 'literal', value, at });
  }

  /** Items with commas between them, and one after the last where somebody likes that. */
  #list(end: ')' | ']', read: () => void): void {
    while (!this.#tokens.takeIf(end)) {
      read();
      if (this.#tokens.takeIf(',')) continue;
      this.#expect(end);
      return;
    }
  }

  #name(what: string): Token {
    const token = this.#tokens.take();
    if (token.kind !== 'name') throw new TemplateError(`${what} is expected instead of ${spelled(token)}.`, token.at);
    return token;
  }

  #expect(sign: string): void {
    const token = this.#tokens.peek();
    if (!this.#tokens.takeIf(sign)) throw new TemplateError(`“${sign}” is expected instead of ${spelled(token)}.`, token.at);
  }

  #counted(node: Expression): Expression {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw new TemplateError(`An expression has at most ${MAX_PARTS} parts: give a step this work.`, node.at);
    return node;
  }

  #nested<T>(at: number, read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAX_NESTED) throw new TemplateError(`An expression is nested at most ${MAX_NESTED} deep.`, at);
    const inside = read();
    this.#depth -= 1;
    return inside;
  }
}

export function spelled({ kind, text }: Token): string {
  if (kind !== 'end') return `“${text}”`;
  return text === '' ? 'the end' : `the end, “${text}”`;
}

function unknown(what: string, name: string, known: Iterable<string>): string {
  const names = [...known];
  const near = closest(name, names);
  const hint = near === null ? `Known: ${names.join(', ')}.` : `Did you mean “${near}”?`;
  return `“${name}” is no ${what}. ${hint}`;
}
