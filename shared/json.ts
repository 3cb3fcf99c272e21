import * as z from 'zod';
import { ToruError } from './errors.ts';

/**
 * JSON that somebody else wrote. `JSON.parse` itself is where it costs: 0.8 MB of brackets take it 0.1 s, 100,000 keys as
 * long, and whoever walks through the result does so by recursion. So the text is looked at before anything is made of it.
 */

/** How deep a value may be nested that is kept or passed on. */
const MAX_VALUE_DEPTH = 64;
/** The objects of a message around such a value. */
const AROUND = 8;

/** How much of a JSON text is worth reading. Its length is for the caller to bound. */
export interface JsonLimits {
  /** Elements, members, lists and objects together. */
  readonly values: number;
  /** Members of objects: a key costs ten times what an element does. */
  readonly members: number;
}

/** From browsers, API clients and the peer of a link: 50,000 elements or 10,000 members are parsed in 3 ms. */
const FROM_CLIENTS: JsonLimits = { values: 50_000, members: 10_000 };
/** From plugins and steps of workflows, which give values of 256 KiB: at most 25 ms. */
export const FROM_PLUGINS: JsonLimits = { values: 200_000, members: 50_000 };

const TOO_DEEP = `JSON nested at most ${MAX_VALUE_DEPTH} deep is expected`;

/** Anything that JSON can say, as it comes out of `parseJson`: only how deep it is can be wrong with it. */
export const shallowJson = z.custom<z.core.util.JSONType>((value) => value !== undefined && isShallow(value, MAX_VALUE_DEPTH), TOO_DEEP);

/** Looks no deeper than `depth` lists and objects. */
function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((inside) => isShallow(inside, depth - 1));
}

/** The value of a JSON text. @param what the subject of the error, as “A frame”. @throws ToruError bad_json. */
export function parseJson(text: string, what: string, limits: JsonLimits = FROM_CLIENTS): unknown {
  const excess = excessOf(text, limits);
  if (excess !== null) throw new ToruError('bad_json', `${what} is not read: ${excess}.`);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ToruError('bad_json', `${what} is not JSON.`, { cause });
  }
}

/** The same, where a text that can't be read says as much as `null`. */
export function parseJsonOrNull(text: string, limits: JsonLimits = FROM_CLIENTS): unknown {
  try {
    return parseJson(text, 'It', limits);
  } catch {
    return null;
  }
}

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a] as const;
const [LIST, LIST_END, OBJECT, OBJECT_END] = [0x5b, 0x5d, 0x7b, 0x7d] as const;

/** The excess of a text, in words; null when it may be parsed. One pass, which ends where a limit is passed. */
export function excessOf(text: string, limits: JsonLimits): string | null {
  let [depth, values, members] = [0, 0, 0];
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case QUOTE:
        at = endOfString(text, at + 1);
        break;
      case LIST:
      case OBJECT:
        depth += 1;
        values += 1;
        if (depth > MAX_VALUE_DEPTH + AROUND) return TOO_DEEP;
        break;
      case LIST_END:
      case OBJECT_END:
        depth -= 1;
        break;
      case COMMA:
        values += 1;
        break;
      case COLON:
        members += 1;
        break;
      default:
    }
    if (values > limits.values) return `more than ${limits.values} values in one text`;
    if (members > limits.members) return `more than ${limits.members} keys in one text`;
  }
  return null;
}

/** Where the string that began before `from` has its closing quote; the text's end when it has none. */
function endOfString(text: string, from: number): number {
  for (let end = text.indexOf('"', from); end >= 0; end = text.indexOf('"', end + 1)) {
    let escapes = 0;
    while (end - escapes > from && text.charCodeAt(end - escapes - 1) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return end;
  }
  return text.length;
}
