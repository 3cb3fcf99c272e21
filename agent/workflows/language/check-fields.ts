import type { Json } from '../../../shared/flow/job.ts';
import type { Draft } from './draft.ts';
import { expectExternal } from './external-names.ts';
import type { readFields } from './normalize.ts';
import { quoted } from './quoted.ts';
import type { Origin } from './read-at.ts';
import { below, meant } from './read-at.ts';

export const PRIMITIVES = ['string', 'text', 'integer', 'number', 'boolean', 'date', 'datetime'];

type Fields = ReturnType<typeof readFields>;

/** The inputs of a task or an action: their types are known, and their defaults and options are of them. */
export function checkFields(draft: Draft, fields: Fields, origin: Origin): void {
  for (const [name, field] of Object.entries(fields)) {
    const at = below(origin, name);
    const { problems } = draft;
    const isPrimitive = PRIMITIVES.includes(field.type);
    if (!isPrimitive && !expectType(draft, field.type, below(at, 'type'))) continue;
    if (field.multiple === true && field.options === undefined)
      problems.atKey(
        below(at, 'multiple'),
        '“multiple” needs `options` to choose from.',
        'Add `options`, with `allow_custom: true` where others are allowed.',
      );
    if (field.multiple === true && field.secret === true)
      problems.atKey(below(at, 'secret'), 'A secret is one value: “secret” and “multiple” exclude each other.');
    if (field.multiple === true && !isPrimitive)
      problems.atKey(below(at, 'multiple'), '“multiple” is for primitive types, not for connections.');
    if (field.allow_custom === true && field.options === undefined)
      problems.atKey(below(at, 'allow_custom'), '“allow_custom” needs `options`.');
    for (const [index, option] of (field.options ?? []).entries())
      if (isPrimitive && !isOf(field.type, option))
        problems.at(below(at, 'options', index), `This option is not of the type ${field.type}.`);
    if (field.default !== undefined) checkDefault(draft, field, below(at, 'default'));
  }
}

function expectType(draft: Draft, type: string, at: Origin): boolean {
  if (Object.hasOwn(draft.connectionTypes, type)) return true;
  if (type.includes('.')) expectExternal(draft, 'connection_types', type, at);
  else
    draft.problems.at(
      at,
      `${quoted(type)} is neither a type of inputs nor a connection type.`,
      meant(type, [...PRIMITIVES, ...Object.keys(draft.connectionTypes)]),
    );
  return type.includes('.');
}

function checkDefault({ problems, connectionTypes }: Draft, field: Fields[string], at: Origin): void {
  const given = field.default;
  if (given === undefined || given === null || isTemplate(given)) return;
  if (Object.hasOwn(connectionTypes, field.type) || field.type.includes('.')) return;
  const several = field.multiple === true;
  if (several !== Array.isArray(given)) {
    problems.at(at, several ? 'The default of an input with `multiple` is a list.' : `The default is not of the type ${field.type}.`);
    return;
  }
  for (const value of Array.isArray(given) ? given : [given]) {
    if (isTemplate(value)) continue;
    if (!isOf(field.type, value)) problems.at(at, `The default is not of the type ${field.type}.`);
    else if (field.options !== undefined && field.allow_custom !== true && !field.options.includes(value))
      problems.at(at, `The default ${quoted(String(value))} is none of the options.`, 'Add it to them, or write `allow_custom: true`.');
  }
}

const isTemplate = (value: Json): boolean => typeof value === 'string' && value.includes('{');

/** A number is a text, too, where it is written without quotes: `version: 1.10` should have had some. */
function isOf(type: string, value: Json): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value);
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'date':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}$/.test(value) && !Number.isNaN(Date.parse(value));
    case 'datetime':
      return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value) && !Number.isNaN(Date.parse(value));
    default:
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  }
}
