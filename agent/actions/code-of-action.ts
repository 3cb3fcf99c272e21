import type { ActionInput } from '../../shared/inputs.ts';
import type { ActionRow } from './action-row.ts';

/**
 * The fields of an action that only say how it looks, how it asks and how often it may run. Everything else, and every field that is
 * added later, counts as deciding which code runs, what that sees, or who may start it.
 */
const HARMLESS = [
  'id',
  'label',
  'description',
  'icon',
  'color',
  'position',
  'confirm',
  'timeout_s',
  'grace_s',
  'max_concurrent',
  'when_full',
  'revision',
  'created_at',
  'updated_at',
] as const satisfies readonly (keyof ActionRow)[];
const HARMLESS_OF_INPUT = ['label', 'help', 'pattern_message', 'remember', 'slider'];

/** Two versions of an action with the same text here run the same code, with the same in sight, for the same people. */
export function codeOf(action: ActionRow): string {
  const rest = without(action, HARMLESS);
  return JSON.stringify({ ...Object.fromEntries(rest), inputs: action.inputs.map(codeOfInput) });
}

function codeOfInput(input: ActionInput): unknown {
  const rest = Object.fromEntries(without(input, HARMLESS_OF_INPUT));
  return input.type === 'choice' ? { ...rest, options: input.options.map(({ value }) => value) } : rest;
}

/** In one order, whoever wrote them. */
function without(fields: object, names: readonly string[]): [string, unknown][] {
  return Object.entries(fields)
    .filter(([name, value]) => !names.includes(name) && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
