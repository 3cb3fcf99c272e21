import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { compareDecimals, isDecimal, isWholeDecimal } from './decimal.ts';

it.each(['0', '007', '-5', '+5', '1.50', '.5', '5.', '1e21', '1E-7', '12345678901234567890', '-0'])('takes %s', (text) => {
  expect(isDecimal(text)).toBe(true);
});

it.each(['', '.', '-', 'e5', '1e', ' 5', '5 ', '1,5', '1_000', '0x10', 'Infinity', 'NaN', '١', '5\n', '1'.repeat(401), '1e1234567890'])(
  'does not take %j',
  (text) => {
    expect(isDecimal(text)).toBe(false);
  },
);

it('calls whole what is written with digits alone', () => {
  for (const text of ['0', '-12', '007', '12345678901234567890']) expect(isWholeDecimal(text), text).toBe(true);
  for (const text of ['1.0', '1e3', '', '-', '5.']) expect(isWholeDecimal(text), text).toBe(false);
});

it.each([
  ['9007199254740993', '9007199254740992', 1],
  ['12345678901234567890', '12345678901234567891', -1],
  ['1.50', '1.5', 0],
  ['007', '7', 0],
  ['-0', '0', 0],
  ['1e21', '999999999999999999999', 1],
  ['0.1', '1e-1', 0],
  ['0.30000000000000001', '0.3', 1],
  ['-10', '-9', -1],
  ['-1', '1e-999999999', -1],
  ['0', '-0.0001', 1],
  ['0', '0.0001', -1],
  ['1e999999999', '1e999999998', 1],
  ['0.05', '0.5', -1],
])('compares %s with %s', (a, b, sign) => {
  expect(Math.sign(compareDecimals(a, b))).toBe(sign);
  expect(Math.sign(compareDecimals(b, a))).toBe(0 - sign);
  expect(compareDecimals(a, a)).toBe(0);
});

it('orders whole numbers of any length as BigInt does, and fractions as what they are times a power of ten', () => {
  void fc.assert(
    fc.property(fc.bigInt(), fc.bigInt(), fc.nat(30), (a, b, places) => {
      const sign = a < b ? -1 : a > b ? 1 : 0;
      expect(Math.sign(compareDecimals(String(a), String(b)))).toBe(sign);
      expect(Math.sign(compareDecimals(`${a}e-${places}`, `${b}e-${places}`))).toBe(sign);
    }),
  );
});
