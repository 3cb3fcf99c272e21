import type { Json } from '../job.ts';
import { isObject } from './values.ts';

export interface Test {
  /** How many arguments it takes. */
  args: 0 | 1;
  holds(value: Json | undefined, arg: Json): boolean;
}

const isText = (value: Json | undefined): value is string => typeof value === 'string';

/** `path is …`: tests by Tera's names, of which only `defined` and `undefined` are asked about what is not defined. */
export const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', { args: 0, holds: (value) => value !== undefined }],
  ['undefined', { args: 0, holds: (value) => value === undefined }],
  ['string', { args: 0, holds: isText }],
  ['number', { args: 0, holds: (value) => typeof value === 'number' }],
  ['iterable', { args: 0, holds: (value) => Array.isArray(value) || (value !== undefined && isObject(value)) }],
  ['object', { args: 0, holds: (value) => value !== undefined && isObject(value) }],
  ['starting_with', { args: 1, holds: (value, arg) => isText(value) && isText(arg) && value.startsWith(arg) }],
  ['ending_with', { args: 1, holds: (value, arg) => isText(value) && isText(arg) && value.endsWith(arg) }],
  ['containing', { args: 1, holds: contains }],
]);

function contains(value: Json | undefined, arg: Json): boolean {
  if (isText(value)) return isText(arg) && value.includes(arg);
  if (Array.isArray(value)) return value.includes(arg);
  return value !== undefined && isObject(value) && isText(arg) && Object.hasOwn(value, arg);
}
