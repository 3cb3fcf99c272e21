import { ToruError, unreachable } from './errors.ts';
import type { ActionInput } from './inputs.ts';
import { MAX_ARG_BYTES } from './limits.ts';

/**
 * Whether an answer to an action's question is good, and what the process gets of it. Pure, and without the schema
 * library: the page asks the same questions before the press that the agent asks after it.
 */

export type InputValue = string | number | boolean;
export type InputValues = Record<string, InputValue>;

/** What the history and the journal show in place of a secret. */
export const MASK = '••••••';

/**
 * The declared inputs of an action, checked as one: names and variables are unique, at most one fills stdin, secrets are
 * not arguments (every local user can read another process's argv), patterns compile.
 * @returns what is wrong, one sentence each; empty when the action may be saved.
 */
export function checkDeclaration(inputs: readonly ActionInput[], stdin: boolean): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  let toStdin = 0;
  for (const input of inputs) {
    if (seen.has(input.name)) wrong.push(`Two inputs are named “${input.name}”.`);
    seen.add(input.name);
    if (input.pass.by === 'stdin') toStdin += 1;
    if (input.pass.by === 'environment') {
      const variable = input.pass.variable;
      if (seen.has(`$${variable}`)) wrong.push(`Two inputs set the variable ${variable}.`);
      seen.add(`$${variable}`);
      if (isReservedVariable(variable))
        wrong.push(`“${input.label}” may not set ${variable}: it decides how programs are found or loaded.`);
    }
    if (input.type === 'secret' && input.pass.by === 'argument') {
      wrong.push(`“${input.label}” is a secret: pass it by environment or stdin, because other users of the host can read arguments.`);
    }
    if (input.type === 'text' && input.pattern !== undefined && compile(input.pattern) === null) {
      wrong.push(`The pattern of “${input.label}” is not a regular expression.`);
    }
    if (input.type === 'choice' && input.default !== undefined && !input.options.some((o) => o.value === input.default)) {
      wrong.push(`The default of “${input.label}” is not among its options.`);
    }
  }
  if (toStdin > 1) wrong.push('Only one input can be passed as standard input.');
  if (toStdin > 0 && stdin) wrong.push('An input fills standard input, so nobody can type into the run: switch one of the two off.');
  return wrong;
}

/** Variables that choose which code runs, and our own. No input may set them. */
export function isReservedVariable(name: string): boolean {
  return /^(PATH|HOME|SHELL|IFS|ENV|BASH_ENV|NODE_OPTIONS|PERL5OPT|PYTHONSTARTUP|PYTHONPATH|RUBYOPT)$|^(LD_|DYLD_|TORU_|BASH_FUNC)/.test(
    name,
  );
}

/**
 * The answers, with defaults filled in. What was left empty and is not required is left out.
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
    const raw = Object.hasOwn(given, input.name) ? given[input.name] : undefined;
    const value = raw === undefined || raw === null || raw === '' ? defaultOf(input) : raw;
    if (value === undefined || value === '') {
      if (input.required) throw new ToruError('input_required', `“${input.label}” is required.`, { extra: { input: input.name } });
      continue;
    }
    values[input.name] = checkValue(input, value);
  }
  return values;
}

function defaultOf(input: ActionInput): InputValue | undefined {
  return input.type === 'secret' ? undefined : input.default;
}

function checkValue(input: ActionInput, value: unknown): InputValue {
  const refuse = (message: string): never => {
    throw new ToruError('input_invalid', `“${input.label}”: ${message}`, { extra: { input: input.name } });
  };
  const text = (): string => {
    if (typeof value !== 'string') return refuse('a text is expected.');
    if (value.includes('\0')) return refuse('a NUL character can’t be passed to a script.');
    return value;
  };
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
        if (pattern === null) return refuse('its pattern is not a regular expression. An administrator has to mend the action.');
        if (!pattern.test(given)) return refuse(input.pattern_message ?? `it must match ${input.pattern}`);
      }
      if (input.pass.by === 'argument' && input.pass.flag === undefined && !input.allow_dash && given.startsWith('-')) {
        return refuse('it may not begin with “-”, because the script would take it for an option.');
      }
      return given;
    }
    case 'number': {
      const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) return refuse('a number is expected.');
      if (input.integer && !Number.isInteger(number)) return refuse('a whole number is expected.');
      if (input.min !== undefined && number < input.min) return refuse(`at least ${input.min}.`);
      if (input.max !== undefined && number > input.max) return refuse(`at most ${input.max}.`);
      return number;
    }
    case 'choice': {
      const given = text();
      return input.options.some((option) => option.value === given) ? given : refuse('that is not one of the options.');
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse('true or false is expected.');
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
    if (value === undefined) continue;
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
        passed.stdin = String(value);
        break;
      default:
        unreachable(input.pass);
    }
  }
  return passed;
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
