import { expect, it } from 'vitest';
import { digitsAsWritten } from './written-digits.ts';

const read = (text: string, path?: string[]): unknown => digitsAsWritten(text, Object(JSON.parse(text)).inputs, path);

it('gives the digits of numbers that JSON.parse changes, and leaves everything else as it is', () => {
  expect(read('{"inputs":{"a":1.50,"b":5,"c":12345678901234567890,"d":"1.50","e":true,"f":-0,"g":null}}')).toEqual({
    a: '1.50',
    b: 5,
    c: '12345678901234567890',
    d: '1.50',
    e: true,
    f: '-0',
    g: null,
  });
});

it('looks where the inputs are, and nowhere else', () => {
  expect(read('{"n":1.50,"inputs":{"n":2,"m":{"n":1.50}},"also":{"inputs":{"n":1.50}}}')).toEqual({ n: 2, m: { n: 1.5 } });
  expect(read('{"inputs":{"__proto__":1.50,"constructor":1e2}}')).toMatchObject({ constructor: '1e2' });
});

it('takes the last of two that have one name, as JSON.parse does', () => {
  expect(read('{"inputs":{"n":1.50,"n":2}}')).toEqual({ n: 2 });
  expect(read('{"inputs":{"n":2,"n":1.50}}')).toEqual({ n: '1.50' });
});
