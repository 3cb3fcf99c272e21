import { expect, test } from 'vitest';
import { newCode, readCode } from './setup-code.ts';

test('a code is 28 letters of Crockford in seven groups, and never the same', () => {
  const codes = Array.from({ length: 200 }, newCode);
  expect(new Set(codes).size).toBe(200);
  for (const code of codes) {
    expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    expect(readCode(code)).toBe(code.replaceAll('-', ''));
  }
});

test('it is read as people type', () => {
  const code = newCode();
  const sloppy = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}\n`;
  expect(readCode(sloppy)).toBe(code.replaceAll('-', ''));
});

test('one wrong letter, and two that changed places, are always noticed', () => {
  const code = newCode().replaceAll('-', '');
  for (let at = 0; at < code.length; at += 1) {
    for (const letter of '0123456789ABCDEFGHJKMNPQRSTVWXYZ')
      if (letter !== code[at]) expect(readCode(code.slice(0, at) + letter + code.slice(at + 1))).toBeNull();
    const [one, other] = [code[at], code[at + 1]];
    if (other !== undefined && one !== other) expect(readCode(`${code.slice(0, at)}${other}${one}${code.slice(at + 2)}`)).toBeNull();
  }
  for (const wrong of ['', code.slice(1), `${code}0`, code.replace(/./, 'U'), 'ü'.repeat(28)]) expect(readCode(wrong)).toBeNull();
});
