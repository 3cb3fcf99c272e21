/**
 * Codes that a person carries from one terminal to another: the setup code of a fresh edge, and the recovery code that a claim answers with.
 * 128 random bits and a checksum of 12, in the base 32 of Crockford (https://www.crockford.com/base32.html): 28 letters and digits in seven groups.
 */

const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 28;
/**
 * A code, read as a number, is a multiple of this prime. So one letter that is wrong, and two neighbours that changed places, are always
 * noticed, and of all other mistakes 4,092 in 4,093.
 */
const CHECK = 4093n;

/** @returns a new code, as it is shown: `XXXX-XXXX-XXXX-XXXX-XXXX-XXXX-XXXX`. */
export function newCode(): string {
  let number = 0n;
  for (const byte of crypto.getRandomValues(new Uint8Array(16))) number = (number << 8n) | BigInt(byte);
  number <<= 12n;
  number += (CHECK - (number % CHECK)) % CHECK;
  let letters = '';
  for (let left = number; letters.length < LENGTH; left >>= 5n) letters = LETTERS.charAt(Number(left & 31n)) + letters;
  return letters.replaceAll(/.{4}(?=.)/g, '$&-');
}

/**
 * What a person typed, as the 28 letters that are meant: case, spaces and hyphens do not count, O is 0, I and L are 1.
 * @returns null for what is no code; whether it is the right one, only the edge can say.
 */
export function readCode(typed: string): string | null {
  const letters = typed.toUpperCase().replaceAll(/[\s-]/g, '').replaceAll('O', '0').replaceAll(/[IL]/g, '1');
  if (letters.length !== LENGTH) return null;
  let number = 0n;
  for (const letter of letters) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return null;
    number = (number << 5n) | BigInt(value);
  }
  return number % CHECK === 0n ? letters : null;
}
