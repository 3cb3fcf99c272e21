import { compareDecimals, isDecimal } from './decimal.ts';
import { ToruError } from './errors.ts';
import { compilePattern, type InputOf, isPositional, isRounded, mayBeginWithDash } from './input-values.ts';
import type { ActionInput } from './inputs.ts';
import { inputVariable, whyReserved } from './reserved-variables.ts';

/** Whether an action may ask what it declares. The rules of the answers: input-values.ts. */

/** A problem of a part of an action, in a sentence. `at`: its place, as in a request's body: `inputs.0.pass.variable`. */
export interface Fault {
  at: string;
  message: string;
}

/**
 * The declared inputs of an action, checked as one: names and variables are unique, at most one fills stdin, secrets are
 * not arguments (every local user can read another process's argv), patterns compile.
 * @returns what is wrong; empty when the action may be saved.
 */
export function checkDeclaration(inputs: readonly ActionInput[], stdin: boolean, tty = false): Fault[] {
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
    if (input.type === 'file' && input.pass.by === 'stdin')
      fault('pass', `“${input.label}” is a file: its path is passed as an argument or a variable, and the script opens it.`);
    if (input.type === 'text' && input.pattern !== undefined && compilePattern(input.pattern) === null) {
      fault('pattern', `The pattern of “${input.label}” is not a regular expression.`);
    }
    const hidden = input.show_if === undefined ? null : checkShowIf(input, input.show_if, inputs.slice(0, index));
    if (hidden !== null) fault('show_if', hidden);
    if (input.type === 'choice')
      for (const { at, message } of [...checkChoice(input), ...checkOptionsFrom(input, inputs.slice(0, index))]) fault(at, message);
    if (input.type === 'number') for (const { at, message } of checkNumber(input)) fault(at, message);
  }
  if (toStdin > 0 && tty)
    wrong.push({
      at: 'tty',
      message: 'An input fills standard input, and a script in a terminal reads what is typed: switch one of the two off.',
    });
  else if (toStdin > 0 && stdin)
    wrong.push({ at: 'stdin', message: 'An input fills standard input, so nobody can type into the run: switch one of the two off.' });
  return wrong;
}

/** What it depends on stands before it, so that no two wait for each other, and is one that may be looked at. */
function checkShowIf(
  { label }: ActionInput,
  { input: name, is }: NonNullable<ActionInput['show_if']>,
  before: readonly ActionInput[],
): string | null {
  const other = before.find((one) => one.name === name);
  if (other === undefined) return `“${label}” depends on “${name}”, which is not asked before it.`;
  if (other.type === 'secret' || other.type === 'file') return `“${label}” can’t depend on “${other.label}”, which is a ${other.type}.`;
  const known =
    other.type === 'boolean'
      ? ['true', 'false']
      : other.type === 'choice' && other.options_from === undefined
        ? other.options.map(({ value }) => value)
        : null;
  const stray = known === null ? undefined : is.find((word) => !known.includes(String(word)));
  return stray === undefined ? null : `“${label}” waits for the answer “${String(stray)}”, which “${other.label}” can’t have.`;
}

function checkChoice(input: InputOf<'choice'>): Fault[] {
  const { default: first, label, options, options_from } = input;
  const wrong: Fault[] = [];
  if ((options_from === undefined) === (options.length === 0))
    wrong.push({
      at: 'options',
      message: `“${label}” has ${options.length === 0 ? 'nothing to choose from' : 'options and a script that says them: use one'}.`,
    });
  const known = (word: string): boolean => options.some(({ value }) => value === word);
  if (first !== undefined && Array.isArray(first) !== (input.multiple === true))
    wrong.push({ at: 'default', message: `The default of “${label}” is ${input.multiple === true ? 'a list of options' : 'one option'}.` });
  if (options_from === undefined && ![first ?? []].flat().every(known))
    wrong.push({ at: 'default', message: `The default of “${label}” is not among its options.` });
  const dashed = isPositional(input) && !mayBeginWithDash(input) ? options.find(({ value }) => value.startsWith('-')) : undefined;
  if (dashed !== undefined)
    wrong.push({
      at: 'options',
      message: `The option “${dashed.value}” of “${label}” begins with “-”: pass it with a flag, or allow that (allow_dash).`,
    });
  if (input.multiple === true && options.some(({ value }) => value === '' || /[\r\n]/.test(value)))
    wrong.push({ at: 'options', message: `An option of “${label}” is empty or has a line break: several answers are passed as lines.` });
  return wrong;
}

function checkOptionsFrom({ label, options_from }: InputOf<'choice'>, before: readonly ActionInput[]): Fault[] {
  if (options_from === undefined) return [];
  const wrong: Fault[] = [];
  if (options_from.script.trim() === '')
    wrong.push({ at: 'options_from.script', message: `Choose the script that gives “${label}” its options.` });
  for (const name of options_from.uses) {
    const other = before.find((input) => input.name === name);
    if (other === undefined)
      wrong.push({ at: 'options_from.uses', message: `The options of “${label}” use “${name}”, which is not asked before it.` });
    else if (other.type === 'secret' || other.type === 'file')
      wrong.push({ at: 'options_from.uses', message: `The options of “${label}” can’t use “${other.label}”, which is a ${other.type}.` });
  }
  return wrong;
}

function checkNumber(input: InputOf<'number'>): Fault[] {
  const wrong = (['min', 'max', 'default', 'step'] as const).flatMap((key) => {
    const value = input[key];
    if (value === undefined) return [];
    if (isRounded(value))
      return [{ at: key, message: `“${key}” of “${input.label}” has more digits than a JSON number keeps: give it as a string.` }];
    return isDecimal(String(value)) ? [] : [{ at: key, message: `“${key}” of “${input.label}” is not a decimal number.` }];
  });
  if (wrong.length > 0) return wrong;
  const { label, min, max, step } = input;
  if (min !== undefined && max !== undefined && compareDecimals(String(min), String(max)) > 0)
    return [{ at: 'max', message: `No number is good for “${label}”: “max” is below “min”.` }];
  if (step !== undefined && compareDecimals(String(step), '0') <= 0) return [{ at: 'step', message: `The step of “${label}” is above 0.` }];
  if (input.slider === true && (min === undefined || max === undefined))
    return [{ at: min === undefined ? 'min' : 'max', message: `A slider has two ends: “${label}” needs a least and a greatest number.` }];
  return [];
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
