import { expect, test } from 'vitest';
import { Needle } from './needle.ts';

/** Where the needle stands in bytes, as offsets. */
function found(text: string, bytes: Uint8Array | string, exact = false): [number, number][] {
  const latin1 = Buffer.from(bytes).toString('latin1');
  const needle = new Needle(text, exact);
  const places: [number, number][] = [];
  for (let place = needle.findBytes(latin1, 0); place !== null; place = needle.findBytes(latin1, place.end))
    places.push([place.at, place.end]);
  return places;
}

test('letters in either case, unless asked for exactly', () => {
  expect(found('Error', 'an ERROR, an error')).toEqual([
    [3, 8],
    [13, 18],
  ]);
  expect(found('Error', 'an ERROR, an Error', true)).toEqual([[13, 18]]);
  expect(found('ÉTÉ', 'cet été, UN ÉTÉ')).toHaveLength(2);
});

test('nothing that is typed is syntax', () => {
  expect(found('.*', 'a.*b')).toEqual([[1, 3]]);
  for (const text of ['[a-z]+', '\\', '(', '^$', '{2}', 'a|b', '\\u0041', ']']) {
    expect(found(text, 'xyz aab')).toEqual([]);
    expect(found(text, `--${text}--`)).toEqual([[2, 2 + text.length]]);
  }
});

test('bytes are compared, not characters of another encoding', () => {
  // é is c3 a9; in latin1 the byte e9 would be é, and c9 its capital.
  expect(found('é', Uint8Array.of(0xe9, 0xc9))).toEqual([]);
  expect(found('é', Uint8Array.of(0xff, 0xc3, 0xa9, 0x00))).toEqual([[1, 3]]);
  expect(found('日本', 'はい、日本語')).toEqual([[9, 15]]);
  expect(found('😀', 'so 😀!')).toEqual([[3, 7]]);
});

test('marks are in the units of the text', () => {
  expect(new Needle('b').marks('😀bB')).toEqual([
    [2, 3],
    [3, 4],
  ]);
  expect(new Needle('日').maxBytes).toBe(3);
});
