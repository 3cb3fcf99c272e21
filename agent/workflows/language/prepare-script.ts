import { ToruError } from '../../../shared/errors.ts';
import type { Action } from '../../../shared/flow/definition.ts';
import type { Json } from '../../../shared/flow/job.ts';
import { TemplateError } from '../../../shared/flow/template/error.ts';
import { printed } from '../../../shared/flow/template/values.ts';
import type { Context } from '../../../shared/flow/template.ts';
import { evaluate, expand, parseTemplate, renderValue } from '../../../shared/flow/template.ts';
import type { Hole } from './places/place.ts';
import { HOLE } from './places/place.ts';
import { holesOf } from './places/script-holes.ts';
import { escaped, literal, shellReference, variableOf } from './places/written.ts';
import { NAME_OF_VARIABLE, variableRefused } from './script-environment.ts';

export type ScriptAction = Extract<Action, { type: 'script' }>;

/**
 * A script that can be run: its text, or the file of the workspace that it stands in. The text holds references to values, or literals, never a
 * value as it came.
 */
export type PreparedScript = ({ text: string; source: null } | { text: null; source: string }) & {
  args: string[];
  /** The action’s own variables, and those that the text refers to. */
  env: Record<string, string>;
};

/** One variable of a process has at most 128 KiB on Linux, its name and two more bytes included. */
const MAX_VARIABLE_BYTES = 128 * 1024 - 256;
/** All of them together, beside what the process inherits. */
const MAX_VARIABLES_BYTES = 1024 * 1024;
const NUMBER = /^-?(?:0|[1-9]\d{0,17})$/;
const READ_FILE = 'Let the script read it from the JSON file $TORU_INPUTS.';

/**
 * Makes a script action ready to be run with the values of a step.
 * @param context what templates may name: `input`, `secret`, `state`, `each`, `connection`, and steps with their outputs
 * @throws ToruError run_refused with the place and the next step, where a value can’t be had or can’t stand where it is asked for
 */
export function prepareScript(action: ScriptAction, context: Context): PreparedScript {
  const env = new Map<string, string>();
  for (const [name, template] of Object.entries(action.env)) env.set(name, environmentValue(name, template, context));
  const args = action.args.map((arg, at) =>
    checkedText(
      named(`args[${at}]`, () => renderValue(arg, context)),
      `args[${at}]`,
    ),
  );
  if ('source' in action.code) return { text: null, source: action.code.source, args, env: bounded(env) };
  const text = scriptText(action, action.code.script, context, env);
  return { text, source: null, args, env: bounded(env) };
}

function scriptText(
  { language, interpreter }: Pick<ScriptAction, 'language' | 'interpreter'>,
  script: string,
  context: Context,
  env: Map<string, string>,
): string {
  if (script.includes(HOLE)) throw refusal('The script holds the character NUL.');
  const values: Json[] = [];
  // In a first pass each value is a hole; only the text around them is read.
  const holed = named('the script', () =>
    expand(parseTemplate(script), context, (value) => {
      values.push(value);
      return HOLE;
    }),
  );
  const holes = holesOf(holed, language, interpreter);
  const pieces = holed.split(HOLE);
  return pieces.reduce((text, piece, at) => {
    const [hole, value] = [holes[at - 1], values[at - 1]];
    if (hole === undefined || value === undefined) throw refusal('The script could not be prepared.');
    return text + written(hole, at - 1, value, language, env) + piece;
  });
}

function written(hole: Hole, index: number, value: Json, language: ScriptAction['language'], env: Map<string, string>): string {
  if (hole.refused !== null) throw refusal(`A value can’t be put into the script: ${hole.refused}. ${TWO_WAYS}`);
  if (hole.numeric && !NUMBER.test(printed(value)))
    throw refusal(`The shell computes with the ${ordinal(index)} value of the script, which is no whole number.`);
  if (language === 'shell') {
    if (hole.place !== 'comment') env.set(variableOf(index), checkedText(value, `the ${ordinal(index)} value of the script`));
    return shellReference(hole, index);
  }
  if (hole.place === 'comment') return variableOf(index);
  const kind = language === 'python' ? 'python' : 'javascript';
  if (hole.place === 'expression') return literal(value, kind);
  return escaped(printed(value), kind);
}

/** What works wherever a value can’t be put. */
export const TWO_WAYS = 'Give it to the script as a variable by `env:`, or let the script read the JSON file $TORU_INPUTS.';

function environmentValue(name: string, template: string, context: Context): string {
  if (!NAME_OF_VARIABLE.test(name)) throw refusal(`“${name}” can’t be the name of a variable.`);
  const parsed = named(`env.${name}`, () => parseTemplate(template));
  const reason = parsed.parts.some(({ kind }) => kind !== 'text') ? variableRefused(name) : null;
  if (reason !== null) throw refusal(`A value can’t be put into the variable ${name}: ${reason}.`);
  return checkedText(
    named(`env.${name}`, () => evaluate(parsed, context)),
    `env.${name}`,
  );
}

/** As an argument or a variable of a process can hold it, unchanged. */
function checkedText(value: Json, what: string): string {
  const text = printed(value);
  if (text.includes('\0')) throw refusal(`${what} holds the character NUL, which no argument and no variable can. ${READ_FILE}`);
  if (!text.isWellFormed()) throw refusal(`${what} holds half of a character, which no argument and no variable can. ${READ_FILE}`);
  if (Buffer.byteLength(text) > MAX_VARIABLE_BYTES) throw refusal(`${what} is larger than 128 KiB. ${READ_FILE}`);
  return text;
}

function bounded(env: ReadonlyMap<string, string>): Record<string, string> {
  let bytes = 0;
  for (const [name, value] of env) bytes += name.length + Buffer.byteLength(value) + 2;
  if (bytes > MAX_VARIABLES_BYTES) throw refusal(`The values of this script are larger than 1 MiB together. ${READ_FILE}`);
  return Object.fromEntries(env);
}

/** A template’s own error, with the name of the field. */
function named<T>(what: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof TemplateError) throw refusal(`${what}: ${error.message}`);
    throw error;
  }
}

const ordinal = (index: number): string => (index < 3 ? (['first', 'second', 'third'][index] ?? '') : `${index + 1}th`);
const refusal = (message: string): ToruError => new ToruError('run_refused', message);
