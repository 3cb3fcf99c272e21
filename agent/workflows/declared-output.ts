import type { Action } from '../../shared/flow/definition.ts';
import type { Json } from '../../shared/flow/job.ts';

type Fields = Action['output'];

/** Of what a field may be by its type; a type that is none of these takes any value. */
const KINDS: Record<string, { is: (value: Json) => boolean; called: string }> = {
  string: { is: (value) => typeof value === 'string', called: 'a text' },
  text: { is: (value) => typeof value === 'string', called: 'a text' },
  integer: { is: (value) => Number.isInteger(value), called: 'a whole number' },
  number: { is: (value) => typeof value === 'number', called: 'a number' },
  boolean: { is: (value) => typeof value === 'boolean', called: 'true or false' },
  date: { is: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value), called: 'a date, as 2026-01-31' },
  datetime: {
    is: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value),
    called: 'a date and time, as 2026-01-31T12:00',
  },
  array: { is: Array.isArray, called: 'a list' },
  object: { is: isRecord, called: 'an object' },
};

/**
 * What a step gives, by the `output` that its action declares: defaults stand for what is missing. Beside the declared fields there may be others.
 * @returns the output, or the sentence of why it is not as declared.
 */
export function asDeclared(fields: Fields, output: Json | undefined): { output: Json | undefined } | { error: string } {
  const names = Object.keys(fields);
  if (names.length === 0) return { output };
  if (output !== undefined && !isRecord(output))
    return { error: `Its output is no object, and its action declares ${names.map((name) => `“${name}”`).join(', ')} in it.` };
  const given: Record<string, Json> = { ...output };
  for (const [name, { type, required, default: fallback, options }] of Object.entries(fields)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    if (value === undefined || value === null) {
      if (fallback !== undefined) given[name] = fallback;
      else if (required)
        return {
          error: `Its output lacks “${name}”, which its action declares as required. Print OUTPUT: {"${name}": …}, or write it into $TORU_OUTPUT.`,
        };
      continue;
    }
    const kind = Object.hasOwn(KINDS, type) ? KINDS[type] : undefined;
    if (kind !== undefined && !kind.is(value)) return { error: `“${name}” of its output is not ${kind.called}, as its action declares.` };
    if (options !== undefined && !options.some((option) => option === value))
      return { error: `“${name}” of its output is none of ${options.map((option) => `“${String(option)}”`).join(', ')}.`.slice(0, 300) };
  }
  return { output: output === undefined && Object.keys(given).length === 0 ? undefined : given };
}

function isRecord(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
