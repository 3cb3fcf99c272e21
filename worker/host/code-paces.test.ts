import { expect, it } from 'vitest';
import { CodePaces } from './code-paces.ts';

/** How many tries in a row may be made at this moment, up to a thousand. */
function tries(paces: CodePaces, code: string, address: string, now: number): number {
  let count = 0;
  while (count < 1000 && paces.try(code, address, now) === 0) count += 1;
  return count;
}

it('a code is tried so often from an address at once, then now and then; other codes and addresses have their own', () => {
  const paces = new CodePaces();
  expect(tries(paces, 'a', '192.0.2.1', 0)).toBe(20);
  expect(paces.try('a', '192.0.2.1', 0)).toBe(1);
  expect(tries(paces, 'b', '192.0.2.1', 0)).toBe(20);
  expect(tries(paces, 'a', '192.0.2.2', 0)).toBe(20);
  expect(tries(paces, 'a', '192.0.2.1', 1000)).toBe(2);
});

it('a page that asks every second is never put off', () => {
  const paces = new CodePaces();
  for (let now = 0; now < 120_000; now += 1000) expect(paces.try('a', '192.0.2.1', now)).toBe(0);
});

it('is bounded however many codes are tried', () => {
  const paces = new CodePaces();
  expect(tries(paces, 'first', '192.0.2.1', 0)).toBe(20);
  for (let n = 0; n < 600; n += 1) paces.try(`code ${n}`, '192.0.2.1', 0);
  expect(tries(paces, 'first', '192.0.2.1', 0)).toBe(20);
  expect(tries(paces, 'code 599', '192.0.2.1', 0)).toBe(19);
});
