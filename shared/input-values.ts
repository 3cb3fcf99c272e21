import { compareDecimals, isDecimal, isInSteps, isWholeDecimal } from './decimal.ts';
import { isEmail } from './email.ts';
import { ToruError, unreachable } from './errors.ts';
import type { ActionInput } from './inputs.ts';
import { MAX_ARG_BYTES } from './limits.ts';
import { EXAMPLES, isMoment, MOMENTS } from './moments.ts';

/**
 * Whether an answer to an action's question is good. Pure, and without the schema library: the page asks the same questions before
 * the press that the agent asks after it.
 */

export type InputValue = string | number | boolean | string[];
export type InputValues = Record<string, InputValue>;
export type InputOf<T extends ActionInput['type']> = Extract<ActionInput, { type: T }>;

/**
 * The answers, with the default for what was not answered at all. What was cleared (`''`, `[]` or null) has no value, and not
 * the default; it stands among the answers as `''` where there is a default, so that the two can be told apart later. What is not
 * asked, because of another answer, has none either.
 * @throws ToruError input_undeclared, input_required, input_invalid or input_too_large; `extra.input` names the field.
 */
export function resolveInputs(declared: readonly ActionInput[], given: Readonly<Record<string, unknown>>): InputValues {
  const { values, wrong } = resolveEach(declared, given);
  const [first] = wrong;
  if (first !== undefined) throw first;
  return values;
}

/** As `resolveInputs`, with everything that is wrong. */
export function resolveEach(
  declared: readonly ActionInput[],
  given: Readonly<Record<string, unknown>>,
): { values: InputValues; wrong: ToruError[] } {
  const values: InputValues = {};
  const wrong: ToruError[] = [];
  const names = new Set(declared.map((input) => input.name));
  for (const name of Object.keys(given)) {
    const input = name.slice(0, 60);
    if (!names.has(name)) wrong.push(new ToruError('input_undeclared', `This action has no input “${input}”.`, { extra: { input } }));
  }
  for (const input of declared) {
    try {
      const answer = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
      const value = isShown(input, values) ? resolveOne(input, answer) : notAsked(input, answer, declared);
      if (value !== undefined) values[input.name] = value;
    } catch (error) {
      if (!(error instanceof ToruError)) throw error;
      wrong.push(error);
    }
  }
  return { values, wrong };
}

function resolveOne(input: ActionInput, answer: unknown): InputValue | undefined {
  const value = answer === undefined ? defaultOf(input) : answer;
  if (!isNothing(input, value)) return checkValue(input, value);
  if (input.required) throw new ToruError('input_required', `“${input.label}” is required.`, { extra: { input: input.name } });
  return answer !== undefined && defaultOf(input) !== undefined ? '' : undefined;
}

/** An answer to what is not asked is a mistake that nobody should have to find by its effect. */
function notAsked(input: ActionInput, answer: unknown, declared: readonly ActionInput[]): undefined {
  if (isNothing(input, answer)) return;
  if (isStored(input))
    throw new ToruError('input_invalid', `“${input.label}” is a secret that the host keeps: nobody is asked for it.`, {
      extra: { input: input.name },
    });
  const asker = declared.find(({ name }) => name === input.show_if?.input);
  throw new ToruError('input_invalid', `“${input.label}” is asked only for some answers to “${asker?.label ?? input.show_if?.input}”.`, {
    extra: { input: input.name },
  });
}

/** Does the host keep its value? Then nobody is asked. */
export function isStored(input: ActionInput): input is InputOf<'secret'> & { stored: string } {
  return input.type === 'secret' && input.stored !== undefined;
}

/** Is it asked, with these answers to the inputs before it? `answers` may be values, or the texts of fields. */
export function isShown(input: ActionInput, answers: Readonly<Record<string, InputValue | undefined>>): boolean {
  return !isStored(input) && isMeant(input, answers);
}

/** The same, of what is asked and of what the host keeps. */
export function isMeant({ show_if }: Pick<ActionInput, 'show_if'>, answers: Readonly<Record<string, InputValue | undefined>>): boolean {
  if (show_if === undefined) return true;
  const answer = answers[show_if.input];
  if (answer === undefined) return false;
  const words = Array.isArray(answer) ? answer : [answer];
  return words.some((word) => show_if.is.some((wanted) => String(wanted) === String(word)));
}

export function defaultOf(input: ActionInput): InputValue | undefined {
  return input.type === 'secret' || input.type === 'file' ? undefined : input.default;
}

/** Is there nothing to pass on? An empty text is an answer only where it is one of the options. */
export function isNothing(input: ActionInput, value: unknown): boolean {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return true;
  return value === '' && !(input.type === 'choice' && input.options.some((option) => option.value === ''));
}

/** Does it become an argument of its own, where a script looks for options? */
export function isPositional({ pass }: ActionInput): boolean {
  return pass.by === 'argument' && pass.flag === undefined;
}

/** Has who made the action said that a value may begin with “-”? Bounds that admit negative numbers say so too. */
export function mayBeginWithDash(input: ActionInput): boolean {
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
    case 'time':
    case 'datetime':
    case 'email':
    case 'secret':
    case 'file':
      return false;
    default:
      return unreachable(input);
  }
}

/** A whole number beyond these was rounded when its JSON was read. */
export function isRounded(value: string | number): boolean {
  return typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value);
}

function checkValue(input: ActionInput, value: unknown): InputValue {
  const refuse = (message: string): never => {
    throw new ToruError('input_invalid', `“${input.label}”: ${message}`, { extra: { input: input.name } });
  };
  const checked = checkType(input, value, refuse);
  if (isPositional(input) && !mayBeginWithDash(input) && [checked].flat().some((word) => String(word).startsWith('-')))
    return refuse('it may not begin with “-”, because the script would take it for an option.');
  return checked;
}

function checkText(value: unknown, refuse: (message: string) => never): string {
  if (typeof value !== 'string') return refuse('a text is expected.');
  if (value.includes('\0')) return refuse('a NUL character can’t be passed to a script.');
  if (/\p{Surrogate}/u.test(value)) return refuse('it holds half of a character (a lone surrogate), which can’t be passed to a script.');
  return value;
}

function checkType(input: ActionInput, value: unknown, refuse: (message: string) => never): InputValue {
  const text = (): string => checkText(value, refuse);
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
        const pattern = compilePattern(input.pattern);
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
      if (input.step !== undefined && !isInSteps(number, String(input.min ?? 0), String(input.step)))
        return refuse(`it goes in steps of ${input.step}${input.min === undefined ? '' : ` from ${input.min}`}.`);
      // A JavaScript number is kept only where its text is what was written: the script gets 007 as 007.
      return String(Number(number)) === number ? Number(number) : number;
    }
    case 'choice': {
      const known = (word: string): boolean => input.options.some((option) => option.value === word);
      if (input.multiple !== true) {
        const given = text();
        return known(given) ? given : refuse('that is not one of the options.');
      }
      if (!Array.isArray(value)) return refuse('a list of options is expected.');
      if (value.length > input.options.length) return refuse('there are more answers than options.');
      const words = value.map((word) => checkText(word, refuse));
      if (new Set(words).size !== words.length) return refuse('each option can be chosen once.');
      return words.every(known) ? words : refuse('one of these is not among the options.');
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse('true or false is expected.');
    case 'file':
      // The host looks for the file behind it.
      return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text()) ? text() : refuse('a file is expected: upload it first.');
    case 'email': {
      const given = text();
      return isEmail(given) ? given : refuse('one address such as name@example.org is expected.');
    }
    case 'date':
    case 'time':
    case 'datetime': {
      const given = text();
      if (!isMoment(input.type, given)) return refuse(`${MOMENTS[input.type]} is expected, such as ${EXAMPLES[input.type]}.`);
      if (input.min !== undefined && given < input.min) return refuse(`not before ${input.min}.`);
      if (input.max !== undefined && given > input.max) return refuse(`not after ${input.max}.`);
      return given;
    }
    default:
      return unreachable(input);
  }
}

/** Do these inputs have a pattern? Checking an answer may then take for ever. */
export function hasPattern(inputs: readonly ActionInput[]): boolean {
  return inputs.some((input) => input.type === 'text' && input.pattern !== undefined);
}

/** The pattern, anchored at both ends. Null when it does not compile alone: `a)|(?:b` would within our parentheses, and mean more. */
export function compilePattern(pattern: string): RegExp | null {
  try {
    new RegExp(pattern, 'u');
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return null;
  }
}

/** Why a file may not be sent for this input; null when it may. Sizes in bytes. */
export function fileProblem({ label, accept, max_bytes }: InputOf<'file'>, name: string, size: number): string | null {
  if (accept.length > 0 && !accept.some((ending) => name.toLowerCase().endsWith(ending)))
    return `“${label}”: the name of the file has to end with ${accept.join(' or ')}.`;
  return size > max_bytes ? `“${label}”: the file is larger than ${sizeOf(max_bytes)}.` : null;
}

function sizeOf(bytes: number): string {
  const units = ['bytes', 'KB', 'MB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${Math.round((bytes / 1000 ** power) * 10) / 10} ${units[power]}`;
}
