import { ToruError } from '../../shared/errors.ts';
import type { Definitions, InputField } from '../../shared/flow/definition.ts';
import type { Json } from '../../shared/flow/job.ts';
import { type Context, renderValue } from '../../shared/flow/template.ts';
import { namesSecret } from './sealed-input.ts';

type Fields = Readonly<Record<string, InputField>>;
type Values = Record<string, Json>;

/** Of a job that is made: nothing has a value yet. */
const NOTHING: Context = {};

/**
 * The values that a task is executed with: what was given, checked, and defaults for the rest. What declares no inputs at all takes any.
 * @param context what templates in defaults may name. @throws ToruError input_undeclared, input_required, input_invalid with `extra.input`
 */
export function inputOfJob(
  fields: Fields,
  given: Values,
  { connections }: Pick<Definitions, 'connections'>,
  context: Context = NOTHING,
): Values {
  const known = Object.keys(fields);
  for (const name of known.length === 0 ? [] : Object.keys(given)) {
    if (Object.hasOwn(fields, name)) continue;
    const declared = `It has ${known.map((field) => `“${field}”`).join(', ')}.`;
    throw refuse('input_undeclared', name, `This task has no input “${name.slice(0, 60)}”. ${declared}`);
  }
  return withDefaults(fields, given, connections, context);
}

/** The same for a step's action, to which a step may give more than it declares. */
export function withDefaults(fields: Fields, given: Values, connections: Definitions['connections'], context: Context): Values {
  const values: Values = { ...given };
  for (const [name, field] of Object.entries(fields)) {
    const value = values[name];
    if (value !== undefined && value !== null) {
      values[name] = checked(name, field, value, connections);
      continue;
    }
    delete values[name];
    // A default that is, or names, a secret is opened for the script that gets it, and not kept with the job.
    if (field.default !== undefined && context === NOTHING && (field.secret || namesSecret(field.default))) continue;
    if (field.default !== undefined) values[name] = renderValue(field.default, context);
    else if (field.required) throw refuse('input_required', name, `“${field.name ?? name}” is needed.`);
  }
  return values;
}

function checked(name: string, field: InputField, value: Json, connections: Definitions['connections']): Json {
  const shown = field.name ?? name;
  if (field.multiple !== Array.isArray(value))
    throw refuse('input_invalid', name, field.multiple ? `“${shown}” takes a list.` : `“${shown}” takes one value, not a list.`);
  if (Array.isArray(value)) return value.map((item) => one(name, shown, field, item, connections));
  return one(name, shown, field, value, connections);
}

function one(name: string, shown: string, field: InputField, value: Json, connections: Definitions['connections']): Json {
  const wrong = (what: string): ToruError => refuse('input_invalid', name, `“${shown}” is ${what}.`);
  const result = typed(field.type, value, connections, wrong);
  const { options } = field;
  if (options !== undefined && !field.allow_custom && !options.some((option) => option === result || String(option) === String(result)))
    throw wrong(`one of ${options.map((option) => `“${String(option)}”`).join(', ')}`.slice(0, 300));
  return result;
}

function typed(type: string, value: Json, connections: Definitions['connections'], wrong: (what: string) => ToruError): Json {
  switch (type) {
    case 'string':
    case 'text':
      if (typeof value === 'object') throw wrong('a text');
      return typeof value === 'string' ? value : String(value);
    case 'integer':
    case 'number': {
      const number = typeof value === 'string' && /^-?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(value.trim()) ? Number(value) : value;
      if (typeof number !== 'number' || !Number.isFinite(number)) throw wrong('a number');
      if (type === 'integer' && !Number.isInteger(number)) throw wrong('a whole number');
      return number;
    }
    case 'boolean':
      if (value === 'true' || value === 'false') return value === 'true';
      if (typeof value !== 'boolean') throw wrong('true or false');
      return value;
    case 'date':
      if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(value) || Number.isNaN(Date.parse(value)))
        throw wrong('a date, as 2026-01-31');
      return value;
    case 'datetime':
      if (typeof value !== 'string' || !/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value) || Number.isNaN(Date.parse(value)))
        throw wrong('a date and time, as 2026-01-31T12:00');
      return value;
    default:
      // A connection: by its name, or its values themselves.
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
      if (typeof value !== 'string' || !Object.hasOwn(connections, value)) throw wrong('the name of a connection of this workspace');
      return value;
  }
}

function refuse(code: 'input_undeclared' | 'input_required' | 'input_invalid', input: string, message: string): ToruError {
  return new ToruError(code, message, { extra: { input: input.slice(0, 200) } });
}
