import { expect, test } from 'vitest';
import { ToruError } from './errors.ts';
import { FROM_PLUGINS, parseJson, parseJsonOrNull, shallowJson } from './json.ts';

const refusal = (text: string): string | null => {
  try {
    parseJson(text, 'A frame');
    return null;
  } catch (error) {
    return error instanceof ToruError ? `${error.code}: ${error.message}` : String(error);
  }
};
const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

test('what is reasonable is what JSON.parse makes of it', () => {
  const strings = ['"', '\\', '\\"', '[[[[', '{"a":1,', 'é\u2028😀\0\n', '\\\\"\\', ','.repeat(100_000), ':'.repeat(100_000)];
  for (const value of [null, 0, -1.5e9, true, '', {}, [], { a: [{ b: strings }] }, Object.fromEntries(strings.map((key) => [key, key]))])
    for (const text of [JSON.stringify(value), JSON.stringify(value, null, 2)]) expect(parseJson(text, 'It')).toEqual(value);
});

test('depth, values and keys are refused before anything is made of them, whether the rest is JSON or not', () => {
  for (const text of [
    nested(400_000),
    '['.repeat(250_000),
    '{"a":'.repeat(160_000),
    `{"inputs":{"x":${nested(1000)}}}`,
    `["]",${nested(73)}`,
  ])
    expect(refusal(text)).toMatch(/^bad_json: A frame .*64 deep/);
  const lists = `[${Array(50_001).fill('[]').join(',')}]`;
  const keys = `{${Array.from({ length: 10_001 }, (_, n) => `"k${n}":1`).join(',')}}`;
  for (const text of [lists, `[${'1,'.repeat(60_000)}`, `[[${Array(60_000).fill('"],["').join(',')}]]`])
    expect(refusal(text)).toMatch(/^bad_json: .*values/);
  expect(refusal(keys)).toMatch(/^bad_json: .*keys/);
  expect(parseJsonOrNull(lists)).toBeNull();
  // What an element costs, and what a key does, is bounded apart: a plugin stores more of both.
  expect(parseJsonOrNull(keys, FROM_PLUGINS)).toHaveProperty('k10000', 1);
});

test('brackets in a string are text, and a string that never ends is no JSON', () => {
  expect(parseJson(JSON.stringify('['.repeat(100_000)), 'It')).toHaveLength(100_000);
  for (const text of [`"${'\\"'.repeat(100_000)}`, `"${'\\'.repeat(100_001)}"`, '"', '{"a', ''])
    expect(refusal(text)).toBe('bad_json: A frame is not JSON.');
});

test('a value that is kept is 64 deep at most, and not undefined', () => {
  expect(shallowJson.safeParse(JSON.parse(nested(64))).success, '64 levels').toBe(true);
  expect(shallowJson.safeParse(JSON.parse(nested(65))).success, '65 levels').toBe(false);
  expect(shallowJson.safeParse(undefined).success).toBe(false);
});
