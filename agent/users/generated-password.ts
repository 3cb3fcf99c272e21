import { randomInt } from 'node:crypto';

/** Without 0, 1, i, l and o, which are mistaken for one another on paper: 4.95 bits each, 99 in all. */
const LETTERS = '23456789abcdefghjkmnpqrstuvwxyz';
const GROUPS = 4;
const GROUP_LENGTH = 5;

/** A password that can be read out over a telephone: `7kq4m-…`. */
export function generatePassword(): string {
  const group = (): string => Array.from({ length: GROUP_LENGTH }, () => LETTERS.charAt(randomInt(LETTERS.length))).join('');
  return Array.from({ length: GROUPS }, group).join('-');
}
