import { unreachable } from '../../errors.ts';
import type { Json } from '../job.ts';
import { TemplateError } from './error.ts';
import { FILTERS } from './filters.ts';
import type { Arithmetic, Comparison, Expression, Key, Part, Path } from './syntax.ts';
import { TESTS } from './tests.ts';
import { isObject, isTrue, kindOf, member, printed } from './values.ts';
import { MAX_RESULT, Work } from './work.ts';

/** What a template may name: its value, or undefined for what is not known. */
export type Lookup = (name: string) => Json | undefined;

/** Writes a value into the text around it. */
export type Write = (value: Json, part: Part & { kind: 'value' }) => string;

/** One evaluation of a template, within a budget of work of its own. */
export class Evaluation {
  readonly #lookup: Lookup;
  readonly #work = new Work();
  /** Variables of the loops around, the innermost last. */
  readonly #loops: ReadonlyMap<string, Json>[] = [];

  constructor(lookup: Lookup) {
    this.#lookup = lookup;
  }

  /** The text of parts. @throws TemplateError at what can't be had. */
  text(parts: readonly Part[], write: Write): string {
    const pieces: string[] = [];
    this.#write(parts, write, pieces, { length: 0 });
    return pieces.join('');
  }

  #write(parts: readonly Part[], write: Write, pieces: string[], total: { length: number }): void {
    for (const part of parts) {
      this.#work.step(part.at);
      switch (part.kind) {
        case 'text':
          add(part.text, part);
          break;
        case 'value':
          add(write(this.value(part.expression), part), part);
          break;
        case 'if': {
          const branch = part.branches.find(({ condition }) => this.#holds(condition));
          this.#write(branch?.body ?? part.otherwise, write, pieces, total);
          break;
        }
        case 'for':
          this.#loop(part, (body) => this.#write(body, write, pieces, total));
          break;
        default:
          unreachable(part);
      }
    }
    function add(piece: string, { at }: Part): void {
      total.length += piece.length;
      if (total.length > MAX_RESULT) throw new TemplateError('A text of more than 1 MiB would come of this. Let a step write a file.', at);
      pieces.push(piece);
    }
  }

  #loop(part: Part & { kind: 'for' }, each: (body: readonly Part[]) => void): void {
    const of = this.value(part.of);
    if (part.key === null && !Array.isArray(of)) throw new TemplateError(`A loop goes over a list, and this is ${kindOf(of)}.`, part.of.at);
    if (part.key !== null && !isObject(of))
      throw new TemplateError(`A loop with a key goes over an object, and this is ${kindOf(of)}.`, part.of.at);
    const entries = Object.entries(of ?? {});
    if (entries.length === 0) each(part.otherwise);
    for (const [index, [key, item]] of entries.entries()) {
      this.#work.step(part.at);
      const loop = { index: index + 1, index0: index, first: index === 0, last: index === entries.length - 1 };
      const names = new Map<string, Json>([
        ['loop', loop],
        [part.item, item],
      ]);
      if (part.key !== null) names.set(part.key, key);
      this.#loops.push(names);
      each(part.body);
      this.#loops.pop();
    }
  }

  /** The value of an expression. @throws TemplateError at what is not defined, or can't be done. */
  value(expression: Expression): Json {
    this.#work.step(expression.at);
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'path': {
        const found = this.#find(expression);
        if (found === undefined) throw new TemplateError(`${pathText(expression)} is not defined.`, expression.at);
        return found;
      }
      case 'list':
        return expression.items.map((item) => this.value(item));
      case 'not':
      case 'logic':
      case 'comparison':
      case 'in':
      case 'test':
        return this.#holds(expression);
      case 'arithmetic':
        return this.#calculated(expression.sign, expression.left, expression.right);
      case 'joined':
        return this.#joined(expression.operands, expression.at);
      case 'filter':
        return this.#filtered(expression);
      default:
        return unreachable(expression);
    }
  }

  /** In a condition, what is not defined is false. */
  #holds(expression: Expression): boolean {
    this.#work.step(expression.at);
    switch (expression.kind) {
      case 'path':
        return isTrue(this.#find(expression) ?? false);
      case 'not':
        return !this.#holds(expression.of);
      case 'logic':
        return expression.word === 'and'
          ? expression.operands.every((operand) => this.#holds(operand))
          : expression.operands.some((operand) => this.#holds(operand));
      case 'comparison':
        return this.#compared(expression.sign, expression.left, expression.right);
      case 'in':
        return this.#contains(this.value(expression.right), this.value(expression.left), expression.at) !== expression.negated;
      case 'test': {
        const [value, arg] = [this.#find(expression.of), expression.args[0]];
        if (value === undefined && !/defined$/.test(expression.name))
          throw new TemplateError(`${pathText(expression.of)} is not defined.`, expression.at);
        if (typeof value === 'string') this.#work.text(expression.at, value.length);
        const test = TESTS.get(expression.name);
        return test?.holds(value, arg === undefined ? null : this.value(arg)) !== expression.negated;
      }
      default:
        return isTrue(this.value(expression));
    }
  }

  #find(path: Path): Json | undefined {
    const names = path.bound ? this.#loops.findLast((loop) => loop.has(path.root)) : undefined;
    let value = names === undefined ? this.#lookup(path.root) : names.get(path.root);
    for (const key of path.keys) {
      if (value === undefined) return undefined;
      this.#work.step(path.at);
      value = member(value, this.#key(key));
    }
    return value;
  }

  #key(key: Key): string | number {
    if (typeof key !== 'object') return key;
    const value = this.value(key);
    if (typeof value === 'string' || typeof value === 'number') return value;
    throw new TemplateError(`A key is a text or a number, and this is ${kindOf(value)}.`, key.at);
  }

  #filtered({ name, of, args, at }: Expression & { kind: 'filter' }): Json {
    const value = name === 'default' && of.kind === 'path' ? this.#find(of) : this.value(of);
    const values = new Map<string, Json>();
    for (const [arg, expression] of args) values.set(arg, this.value(expression));
    if (value === undefined) return values.get('value') ?? null;
    return FILTERS.get(name)?.apply(value, { name, args: values, at, work: this.#work }) ?? null;
  }

  #joined(operands: Expression[], at: number): string {
    const texts = operands.map((operand) => printed(this.value(operand)));
    this.#work.text(
      at,
      texts.reduce((sum, text) => sum + text.length, 0),
    );
    return texts.join('');
  }

  #calculated(sign: Arithmetic, leftSide: Expression, rightSide: Expression): number {
    const [left, right] = [this.#number(leftSide, sign), this.#number(rightSide, sign)];
    if ((sign === '/' || sign === '%') && right === 0) throw new TemplateError('This divides by zero.', rightSide.at);
    const result = calculate(sign, left, right);
    const isWhole = Number.isInteger(left) && Number.isInteger(right) && sign !== '/';
    if (!Number.isFinite(result) || (isWhole && !Number.isSafeInteger(result)))
      throw new TemplateError('The result is too large a number to be exact.', leftSide.at);
    return result;
  }

  #number(expression: Expression, sign: string): number {
    const value = this.value(expression);
    if (typeof value === 'number') return value;
    const hint = typeof value === 'string' && sign === '+' ? ' Texts are joined by ~.' : ' A text becomes a number by | float or | int.';
    throw new TemplateError(`“${sign}” takes numbers, and this is ${kindOf(value)}.${hint}`, expression.at);
  }

  #compared(sign: Comparison, leftSide: Expression, rightSide: Expression): boolean {
    const [left, right] = [this.value(leftSide), this.value(rightSide)];
    if (sign === '==') return this.#equal(left, right, leftSide.at);
    if (sign === '!=') return !this.#equal(left, right, leftSide.at);
    const order = orderOf(left, right);
    if (order === null)
      throw new TemplateError(`“${sign}” compares two numbers or two texts, and not ${kindOf(left)} with ${kindOf(right)}.`, leftSide.at);
    switch (sign) {
      case '<':
        return order < 0;
      case '<=':
        return order <= 0;
      case '>':
        return order > 0;
      case '>=':
        return order >= 0;
      default:
        return unreachable(sign);
    }
  }

  #equal(left: Json, right: Json, at: number): boolean {
    this.#work.step(at);
    if (typeof left === 'string' && typeof right === 'string' && left.length === right.length) this.#work.text(at, left.length);
    if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left === right;
    if (Array.isArray(left) !== Array.isArray(right)) return false;
    const keys = Object.keys(left);
    return (
      keys.length === Object.keys(right).length &&
      keys.every((key) => Object.hasOwn(right, key) && this.#equal(valueAt(left, key), valueAt(right, key), at))
    );
  }

  #contains(whole: Json, part: Json, at: number): boolean {
    if (Array.isArray(whole)) return whole.some((item) => this.#equal(item, part, at));
    if (typeof part !== 'string' || (typeof whole !== 'string' && !isObject(whole)))
      throw new TemplateError(`“in” does not look for ${kindOf(part)} in ${kindOf(whole)}.`, at);
    if (typeof whole !== 'string') return Object.hasOwn(whole, part);
    this.#work.text(at, whole.length);
    return whole.includes(part);
  }
}

const valueAt = (value: Json[] | Record<string, Json>, key: string): Json => Object.getOwnPropertyDescriptor(value, key)?.value ?? null;

function orderOf(left: Json, right: Json): number | null {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== 'string' || typeof right !== 'string') return null;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

function calculate(sign: Arithmetic, left: number, right: number): number {
  switch (sign) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
    default:
      return unreachable(sign);
  }
}

/** A path as it is written. */
export function pathText({ root, keys }: Path): string {
  return (
    root + keys.map((key) => (typeof key === 'object' ? `[${pathText(key)}]` : typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  );
}
