import type { Json } from '../job.ts';
import { formatDate } from './date.ts';
import { TemplateError } from './error.ts';
import { isObject, kindOf, member, printed } from './values.ts';
import type { Work } from './work.ts';

/** What a filter is called with. */
interface Call {
  name: string;
  args: ReadonlyMap<string, Json>;
  at: number;
  work: Work;
}

export interface Filter {
  args: Readonly<Record<string, 'required' | 'optional'>>;
  /** @throws TemplateError for a value that the filter does not take. */
  apply(value: Json, call: Call): Json;
}

const NONE = {};

/** Filters by Tera's names, with its keyword arguments. */
export const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  // Of what is not defined: the evaluation asks for the argument (evaluate.ts).
  ['default', { args: { value: 'required' }, apply: (value) => value }],
  ['json_encode', { args: { pretty: 'optional' }, apply: encoded }],
  ['as_str', { args: NONE, apply: (value, call) => made(printed(value), call) }],
  ['int', { args: { default: 'optional' }, apply: (value, call) => wholeNumber(value, call) }],
  ['float', { args: { default: 'optional' }, apply: (value, call) => decimal(value, call) }],
  ['length', { args: NONE, apply: length }],
  ['lower', { args: NONE, apply: (value, call) => text(value, call).toLowerCase() }],
  ['upper', { args: NONE, apply: (value, call) => made(text(value, call).toUpperCase(), call) }],
  ['trim', { args: NONE, apply: (value, call) => text(value, call).trim() }],
  ['replace', { args: { from: 'required', to: 'required' }, apply: replaced }],
  ['split', { args: { pat: 'required' }, apply: split }],
  ['truncate', { args: { length: 'optional', end: 'optional' }, apply: truncated }],
  ['escape', { args: NONE, apply: escaped }],
  ['join', { args: { sep: 'optional' }, apply: joined }],
  ['first', { args: NONE, apply: (value, call) => list(value, call)[0] ?? '' }],
  ['last', { args: NONE, apply: (value, call) => list(value, call).at(-1) ?? '' }],
  ['nth', { args: { n: 'required' }, apply: (value, call) => list(value, call)[numberArg(call, 'n', 0)] ?? '' }],
  ['get', { args: { key: 'required', default: 'optional' }, apply: got }],
  ['slice', { args: { start: 'optional', end: 'optional' }, apply: sliced }],
  ['round', { args: { method: 'optional', precision: 'optional' }, apply: rounded }],
  ['date', { args: { format: 'optional', timezone: 'optional' }, apply: dated }],
]);

function wrong(call: Call, message: string): TemplateError {
  return new TemplateError(`The filter “${call.name}” ${message}`, call.at);
}

/** A text that goes through a filter costs what it is long. */
function text(value: Json, call: Call): string {
  if (typeof value !== 'string') throw wrong(call, `takes a text, and got ${kindOf(value)}.`);
  call.work.text(call.at, value.length);
  return value;
}

function made(value: string, call: Call): string {
  call.work.text(call.at, value.length);
  return value;
}

function list(value: Json, call: Call): Json[] {
  if (!Array.isArray(value)) throw wrong(call, `takes a list, and got ${kindOf(value)}.`);
  call.work.step(call.at, value.length);
  return value;
}

function numeric(value: Json, call: Call): number {
  if (typeof value !== 'number') throw wrong(call, `takes a number, and got ${kindOf(value)}.`);
  return value;
}

function textArg(call: Call, name: string, otherwise: string): string {
  const value = call.args.get(name);
  if (value === undefined) return otherwise;
  if (typeof value !== 'string') throw wrong(call, `takes a text as ${name}, and got ${kindOf(value)}.`);
  return value;
}

function numberArg(call: Call, name: string, otherwise: number): number {
  const value = call.args.get(name);
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(call, `takes a whole number as ${name}.`);
  return value;
}

function encoded(value: Json, call: Call): Json {
  return made(call.args.get('pretty') === true ? JSON.stringify(value, null, 2) : JSON.stringify(value), call);
}

function decimal(value: Json, call: Call): Json {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number === 'number' && Number.isFinite(number)) return number;
  const otherwise = call.args.get('default');
  if (otherwise === undefined) throw wrong(call, 'got what is no number.');
  return otherwise;
}

function wholeNumber(value: Json, call: Call): Json {
  const number = decimal(value, call);
  return typeof number === 'number' ? Math.trunc(number) : number;
}

function length(value: Json, call: Call): Json {
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  return Array.from(text(value, call)).length;
}

function replaced(value: Json, call: Call): Json {
  const [input, from, to] = [text(value, call), textArg(call, 'from', ''), textArg(call, 'to', '')];
  if (from === '') throw wrong(call, 'needs something in from.');
  const pieces = input.split(from);
  call.work.text(call.at, input.length + (pieces.length - 1) * (to.length - from.length));
  return pieces.join(to);
}

function split(value: Json, call: Call): Json {
  // As in Tera, whose texts know no escapes.
  const at = textArg(call, 'pat', '').replaceAll('\\n', '\n').replaceAll('\\t', '\t');
  const pieces = text(value, call).split(at);
  call.work.step(call.at, pieces.length);
  return pieces;
}

function truncated(value: Json, call: Call): Json {
  const input = text(value, call);
  const most = numberArg(call, 'length', 255);
  if (input.length <= most) return input;
  let count = 0;
  for (const { index } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(input)) {
    if (count === most) return made(input.slice(0, index) + textArg(call, 'end', '…'), call);
    count += 1;
  }
  return input;
}

const ESCAPES = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&#x27;'],
  ['/', '&#x2F;'],
]);

function escaped(value: Json, call: Call): Json {
  return made(
    text(value, call).replace(/[&<>"'/]/g, (char) => ESCAPES.get(char) ?? char),
    call,
  );
}

function joined(value: Json, call: Call): Json {
  const [items, between] = [list(value, call).map(printed), textArg(call, 'sep', '')];
  call.work.text(
    call.at,
    items.reduce((sum, item) => sum + item.length + between.length, 0),
  );
  return items.join(between);
}

function got(value: Json, call: Call): Json {
  if (!isObject(value)) throw wrong(call, `takes an object, and got ${kindOf(value)}.`);
  const key = textArg(call, 'key', '');
  const found = member(value, key) ?? call.args.get('default');
  if (found === undefined) throw wrong(call, `found no “${key}”: give it a default=… or another key.`);
  return found;
}

function sliced(value: Json, call: Call): Json {
  const items = list(value, call);
  return items.slice(numberArg(call, 'start', 0), numberArg(call, 'end', items.length));
}

function rounded(value: Json, call: Call): Json {
  const number = numeric(value, call);
  const scale = 10 ** numberArg(call, 'precision', 0);
  const method = textArg(call, 'method', 'common');
  const scaled = number * scale;
  if (method === 'ceil') return finite(Math.ceil(scaled) / scale, call);
  if (method === 'floor') return finite(Math.floor(scaled) / scale, call);
  if (method !== 'common') throw wrong(call, 'knows the methods common, ceil and floor.');
  return finite((Math.sign(scaled) * Math.round(Math.abs(scaled))) / scale, call);
}

function finite(value: number, call: Call): number {
  if (!Number.isFinite(value)) throw wrong(call, 'comes to no number.');
  return value;
}

function dated(value: Json, call: Call): Json {
  const zone = call.args.has('timezone') ? textArg(call, 'timezone', '') : null;
  const result = formatDate(value, made(textArg(call, 'format', '%Y-%m-%d'), call), zone);
  if ('problem' in result) throw wrong(call, result.problem);
  return made(result.text, call);
}
