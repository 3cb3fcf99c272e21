import { unreachable } from './errors.ts';
import { type InputValue, type InputValues, isNothing } from './input-values.ts';
import type { ActionInput } from './inputs.ts';

/** What the process gets of the answers, and what everybody else may see of them. */

/** The text in place of a secret in history and journal. */
export const MASK = '••••••';

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
        const { flag } = input.pass;
        passed.args.push(...argumentsOf(input, value).map((argument) => (flag === undefined ? argument : `${flag}=${argument}`)));
        break;
      }
      case 'environment':
        passed.env[input.pass.variable] = linesOf(value);
        break;
      case 'stdin':
        passed.stdin = asLines(linesOf(value));
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

/** Several answers in one text: a line for each. */
function linesOf(value: InputValue): string {
  return Array.isArray(value) ? value.join('\n') : String(value);
}

/** One element for each answer. */
function argumentsOf(input: ActionInput, value: InputValue): string[] {
  if (input.type !== 'boolean' || input.when_true === undefined) return [value].flat().map(String);
  return value === true ? [input.when_true] : [];
}

/** A value in a sentence or a list, for people. */
export function textOf(value: InputValue): string {
  return Array.isArray(value) ? value.join(', ') : String(value);
}

/** The values as history, journal and page may show them. */
export function maskSecrets(declared: readonly ActionInput[], values: InputValues): InputValues {
  const masked: InputValues = { ...values };
  for (const input of declared) if (input.type === 'secret' && input.name in masked) masked[input.name] = MASK;
  return masked;
}
