/**
 * Decimal numbers as people write them: `007`, `1.50`, `1e21`, `12345678901234567890`. They are compared digit by digit,
 * because a JavaScript number would round them, and passed on as they were written.
 */

/** Longer than any number that somebody types. */
export const MAX_DECIMAL_CHARS = 400;

const DECIMAL = /^([+-]?)(?=\.?\d)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/;

/** 0.`digits` × 10^`power`; the digits neither begin nor end with a zero, and are empty for zero. */
interface Decimal {
  negative: boolean;
  digits: string;
  power: number;
}

/** Is this a decimal number, with nothing around it? */
export function isDecimal(text: string): boolean {
  return text.length <= MAX_DECIMAL_CHARS && DECIMAL.test(text);
}

/** Is it a whole number written with digits alone? A script that computes with `1e3` or `5.0` as a whole number fails. */
export function isWholeDecimal(text: string): boolean {
  return text.length <= MAX_DECIMAL_CHARS && /^[+-]?\d+$/.test(text);
}

/** Exactly, whatever their length. @returns below 0 when `a` is less, 0 for equals, above 0 otherwise. @throws RangeError for what is no decimal. */
export function compareDecimals(a: string, b: string): number {
  const [left, right] = [read(a), read(b)];
  if (left.negative !== right.negative) return left.negative ? -1 : 1;
  const size = compareSizes(left, right);
  // Not −0 for two that are the same.
  return left.negative ? 0 - size : size;
}

/** More digits than this between the two are not divided: nobody means such a step. */
const MAX_SCALE = 1000;

/** Is `text` a whole number of steps away from `start`? Exactly: 0.3 is three steps of 0.1. @throws RangeError for what is no decimal. */
export function isInSteps(text: string, start: string, step: string): boolean {
  const numbers = [read(text), read(start), read(step)] as const;
  const places = numbers.map(({ digits, power }) => (digits === '' ? 0 : digits.length - power));
  const scale = Math.max(0, ...places);
  if (numbers.some(({ digits, power }) => digits !== '' && (scale + power > MAX_SCALE || scale > MAX_SCALE))) return false;
  const [value, first, size] = numbers.map((number) => scaled(number, scale));
  return value !== undefined && first !== undefined && size !== undefined && size !== 0n && (value - first) % size === 0n;
}

/** The number times 10^scale, which leaves nothing behind its point. */
function scaled({ negative, digits, power }: Decimal, scale: number): bigint {
  if (digits === '') return 0n;
  const integer = BigInt(digits) * 10n ** BigInt(scale + power - digits.length);
  return negative ? -integer : integer;
}

function compareSizes(a: Decimal, b: Decimal): number {
  if (a.digits === '' || b.digits === '') return a.digits.length - b.digits.length;
  if (a.power !== b.power) return a.power - b.power;
  if (a.digits === b.digits) return 0;
  return a.digits < b.digits ? -1 : 1;
}

function read(text: string): Decimal {
  const found = text.length <= MAX_DECIMAL_CHARS ? DECIMAL.exec(text) : null;
  if (found === null) throw new RangeError('not a decimal number');
  const [, sign = '', integer = '', fraction = '', exponent = '0'] = found;
  const all = integer + fraction;
  const significant = all.replace(/^0+/, '');
  const digits = significant.replace(/0+$/, '');
  const power = integer.length - (all.length - significant.length) + Number(exponent);
  return { negative: sign === '-' && digits !== '', digits, power };
}
