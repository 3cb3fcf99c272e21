import { compareDecimals, isDecimal, isWholeDecimal } from './decimal.ts';
import { isEmail } from './email.ts';
import { ToruError, unreachable } from './errors.ts';
import type { ActionInput } from './inputs.ts';
import { MAX_ARG_BYTES } from './limits.ts';
import { inputVariable, whyReserved } from './reserved-variables.ts';

/**
 * Whether an answer to an action's question is good, and what the process gets of it. Pure, and without the schema
 * library: the page asks the same questions before the press that the agent asks after it.
 */

export type InputValue = string | number | boolean;
export type InputValues = Record<string, InputValue>;

/** A problem of a part of an action, in a sentence. `at`: its place, as in a request's body: `inputs.0.pass.variable`. */
export interface Fault {
  at: string;
  message: string;
}

/** The text in place of a secret in history and journal. */
export const MASK = '••••••';

/**
 * The declared inputs of an action, checked as one: names and variables are unique, at most one fills stdin, secrets are
 * not arguments (every local user can read another process's argv), patterns compile.
 * @returns what is wrong; empty when the action may be saved.
 */
export function checkDeclaration(inputs: readonly ActionInput[], stdin: boolean): Fault[] {
  const wrong: Fault[] = [];
  const seen = new Set<string>();
  let toStdin = 0;
  for (const [index, input] of inputs.entries()) {
    const fault = (at: string, message: string): unknown => wrong.push({ at: `inputs.${index}.${at}`, message });
    if (seen.has(input.name)) fault('name', `Two inputs are named “${input.name}”.`);
    seen.add(input.name);
    if (input.pass.by === 'stdin') {
      toStdin += 1;
      if (toStdin === 2) fault('pass', 'Only one input can be passed as standard input.');
    }
    if (input.pass.by === 'environment') {
      const variable = input.pass.variable;
      if (seen.has(`$${variable}`)) fault('pass.variable', `Two inputs set the variable ${variable}.`);
      seen.add(`$${variable}`);
      const reserved = reservedVariable(input.label, variable);
      if (reserved !== null) fault('pass.variable', reserved);
    }
    if (input.type === 'secret' && input.pass.by === 'argument') {
      fault('pass', `“${input.label}” is a secret: pass it by environment or stdin, because other users of the host can read arguments.`);
    }
    if (input.type === 'text' && input.pattern !== undefined && compile(input.pattern) === null) {
      fault('pattern', `The pattern of “${input.label}” is not a regular expression.`);
    }
    if (input.type === 'choice') for (const { at, message } of checkChoice(input)) fault(at, message);
    if (input.type === 'number') for (const { at, message } of checkNumber(input)) fault(at, message);
  }
  if (toStdin > 0 && stdin)
    wrong.push({ at: 'stdin', message: 'An input fills standard input, so nobody can type into the run: switch one of the two off.' });
  return wrong;
}

type InputOf<T extends ActionInput['type']> = Extract<ActionInput, { type: T }>;

function checkChoice(input: InputOf<'choice'>): Fault[] {
  const wrong: Fault[] = [];
  if (input.default !== undefined && !input.options.some(({ value }) => value === input.default))
    wrong.push({ at: 'default', message: `The default of “${input.label}” is not among its options.` });
  const dashed = isPositional(input) && !mayBeginWithDash(input) ? input.options.find(({ value }) => value.startsWith('-')) : undefined;
  if (dashed !== undefined)
    wrong.push({
      at: 'options',
      message: `The option “${dashed.value}” of “${input.label}” begins with “-”: pass it with a flag, or allow that (allow_dash).`,
    });
  return wrong;
}

function checkNumber(input: InputOf<'number'>): Fault[] {
  return (['min', 'max', 'default'] as const).flatMap((key) => {
    const value = input[key];
    if (value === undefined) return [];
    if (isRounded(value))
      return [{ at: key, message: `“${key}” of “${input.label}” has more digits than a JSON number keeps: give it as a string.` }];
    return isDecimal(String(value)) ? [] : [{ at: key, message: `“${key}” of “${input.label}” is not a decimal number.` }];
  });
}

/**
 * The action as it was saved, before a press: an older version may have let it set what is reserved by now.
 * @throws ToruError action_invalid, with the name to use instead.
 */
export function checkVariables(declared: readonly ActionInput[]): void {
  for (const input of declared) {
    const wrong = input.pass.by === 'environment' ? reservedVariable(input.label, input.pass.variable) : null;
    if (wrong !== null) throw new ToruError('action_invalid', wrong, { extra: { input: input.name } });
  }
}

function reservedVariable(label: string, variable: string): string | null {
  const why = whyReserved(variable);
  if (why === null) return null;
  return `“${label}” may not set ${variable}, because ${why}. In the action, call the variable ${inputVariable(variable)}, and let the script read that.`;
}

/**
 * The answers, with the default for what was not answered at all. What was cleared (`''` or null) has no value, and not
 * the default; it stands among the answers as `''` where there is a default, so that the two can be told apart later.
 * @throws ToruError input_undeclared, input_required, input_invalid or input_too_large; `extra.input` names the field.
 */
export function resolveInputs(declared: readonly ActionInput[], given: Readonly<Record<string, unknown>>): InputValues {
  const names = new Set(declared.map((input) => input.name));
  for (const name of Object.keys(given)) {
    if (!names.has(name))
      throw new ToruError('input_undeclared', `This action has no input “${name.slice(0, 60)}”.`, { extra: { input: name.slice(0, 60) } });
  }
  const values: InputValues = {};
  for (const input of declared) {
    const answer = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
    const value = answer === undefined ? defaultOf(input) : answer;
    if (isNothing(input, value)) {
      if (input.required) throw new ToruError('input_required', `“${input.label}” is required.`, { extra: { input: input.name } });
      if (answer !== undefined && defaultOf(input) !== undefined) values[input.name] = '';
    } else values[input.name] = checkValue(input, value);
  }
  return values;
}

function defaultOf(input: ActionInput): InputValue | undefined {
  return input.type === 'secret' ? undefined : input.default;
}

/** Is there nothing to pass on? An empty text is an answer only where it is one of the options. */
function isNothing(input: ActionInput, value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return value === '' && !(input.type === 'choice' && input.options.some((option) => option.value === ''));
}

/** Does it become an argument of its own, where a script looks for options? */
function isPositional({ pass }: ActionInput): boolean {
  return pass.by === 'argument' && pass.flag === undefined;
}

/** Has who made the action said that a value may begin with “-”? Bounds that admit negative numbers say so too. */
function mayBeginWithDash(input: ActionInput): boolean {
  switch (input.type) {
    case 'text':
    case 'choice':
      return input.allow_dash === true;
    case 'number':
      return input.allow_dash === true || [input.min, input.max].some((bound) => bound !== undefined && Number(bound) < 0);
    case 'boolean':
      // The action says word by word what it passes.
      return true;
    case 'date':
    case 'email':
    case 'secret':
      return false;
    default:
      return unreachable(input);
  }
}

/** A whole number beyond these was rounded when its JSON was read. */
function isRounded(value: string | number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

function checkValue(input: ActionInput, value: unknown): InputValue {
  const refuse = (message: string): never => {
    throw new ToruError('input_invalid', `“${input.label}”: ${message}`, { extra: { input: input.name } });
  };
  const text = (): string => {
    if (typeof value !== 'string') return refuse('a text is expected.');
    if (value.includes('\0')) return refuse('a NUL character can’t be passed to a script.');
    if (/\p{Surrogate}/u.test(value)) return refuse('it holds half of a character (a lone surrogate), which can’t be passed to a script.');
    return value;
  };
  const checked = checkType(input, value, text, refuse);
  if (isPositional(input) && !mayBeginWithDash(input) && String(checked).startsWith('-'))
    return refuse('it may not begin with “-”, because the script would take it for an option.');
  return checked;
}

function checkType(input: ActionInput, value: unknown, text: () => string, refuse: (message: string) => never): InputValue {
  switch (input.type) {
    case 'text':
    case 'secret': {
      const given = text();
      if (given.length > input.max_length || new TextEncoder().encode(given).length > MAX_ARG_BYTES) {
        throw new ToruError('input_too_large', `“${input.label}” is longer than ${input.max_length} characters.`, {
          extra: { input: input.name },
        });
      }
      if (input.type === 'secret') return given;
      if (!input.multiline && /[\r\n]/.test(given)) return refuse('one line is expected.');
      if (input.pattern !== undefined) {
        const pattern = compile(input.pattern);
        if (pattern === null) return refuse('its pattern is not a regular expression. An administrator has to fix the action.');
        if (!pattern.test(given)) return refuse(input.pattern_message ?? `it must match ${input.pattern}`);
      }
      return given;
    }
    case 'number': {
      if (typeof value !== 'string' && typeof value !== 'number') return refuse('a number is expected.');
      if (isRounded(value)) return refuse('it has more digits than a JSON number keeps: send it as a string.');
      const number = String(value);
      if (!isDecimal(number)) return refuse('a number such as 5 or 1.50 is expected.');
      if (input.integer && !isWholeDecimal(number)) return refuse('a whole number is expected, in digits alone.');
      if (input.min !== undefined && compareDecimals(number, String(input.min)) < 0) return refuse(`at least ${input.min}.`);
      if (input.max !== undefined && compareDecimals(number, String(input.max)) > 0) return refuse(`at most ${input.max}.`);
      // A JavaScript number is kept only where its text is what was written: the script gets 007 as 007.
      return String(Number(number)) === number ? Number(number) : number;
    }
    case 'choice': {
      const given = text();
      return input.options.some((option) => option.value === given) ? given : refuse('that is not one of the options.');
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse('true or false is expected.');
    case 'email': {
      const given = text();
      return isEmail(given) ? given : refuse('one address such as name@example.org is expected.');
    }
    case 'date': {
      const given = text();
      if (!isDate(given)) return refuse('a date such as 2026-11-21 is expected.');
      if (input.min !== undefined && given < input.min) return refuse(`not before ${input.min}.`);
      if (input.max !== undefined && given > input.max) return refuse(`not after ${input.max}.`);
      return given;
    }
    default:
      return unreachable(input);
  }
}

function isDate(text: string): boolean {
  const at = /^\d{4}-\d{2}-\d{2}$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return at !== null && !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** Do these inputs have a pattern? Checking an answer may then take for ever. */
export function hasPattern(inputs: readonly ActionInput[]): boolean {
  return inputs.some((input) => input.type === 'text' && input.pattern !== undefined);
}

/** The pattern, anchored at both ends. Null when it does not compile alone: `a)|(?:b` would within our parentheses, and mean more. */
function compile(pattern: string): RegExp | null {
  try {
    new RegExp(pattern, 'u');
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return null;
  }
}

export interface PassedInputs {
  args: string[];
  env: Record<string, string>;
  /** Null when no input fills standard input. */
  stdin: string | null;
}

/** Checked values, as what the process gets. Inputs go in the order in which they were declared. */
export function passInputs(declared: readonly ActionInput[], values: InputValues): PassedInputs {
  const passed: PassedInputs = { args: [], env: {}, stdin: null };
  for (const input of declared) {
    const value = values[input.name];
    if (value === undefined || isNothing(input, value)) continue;
    switch (input.pass.by) {
      case 'argument': {
        const argument = argumentOf(input, value);
        if (argument === null) break;
        passed.args.push(input.pass.flag === undefined ? argument : `${input.pass.flag}=${argument}`);
        break;
      }
      case 'environment':
        passed.env[input.pass.variable] = String(value);
        break;
      case 'stdin':
        passed.stdin = asLines(String(value));
        break;
      default:
        unreachable(input.pass);
    }
  }
  return passed;
}

/** A text file ends with a line break: without it `read` and `while read` of a shell lose the last line. */
function asLines(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}

function argumentOf(input: ActionInput, value: InputValue): string | null {
  if (input.type !== 'boolean' || input.when_true === undefined) return String(value);
  return value === true ? input.when_true : null;
}

/** The values as history, journal and page may show them. */
export function maskSecrets(declared: readonly ActionInput[], values: InputValues): InputValues {
  const masked: InputValues = { ...values };
  for (const input of declared) if (input.type === 'secret' && input.name in masked) masked[input.name] = MASK;
  return masked;
}
