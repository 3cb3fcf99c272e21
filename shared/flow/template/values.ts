import type { Json } from '../job.ts';

export const isObject = (value: Json): value is Record<string, Json> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * A value in the middle of text: null is nothing, a list or an object is its JSON (Tera prints `[object]`, of which nobody has
 * any use).
 */
export function printed(value: Json): string {
  if (value === null) return '';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** In `if`, `not`, `and`, `or`, by Tera: 0, an empty text, list or object, null and false are not. */
export function isTrue(value: Json): boolean {
  if (typeof value !== 'object') return Boolean(value);
  return value !== null && Object.keys(value).length > 0;
}

/** “a text”, “a list”… for messages. */
export function kindOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'string') return 'a text';
  return typeof value === 'number' ? 'a number' : 'true or false';
}

/** What is called so inside of a value: only what it has itself, never what JavaScript gives to every object or list. */
export function member(value: Json, key: string | number): Json | undefined {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  const name = String(key);
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
