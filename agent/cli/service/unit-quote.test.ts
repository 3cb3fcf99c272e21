import { expect, test } from 'vitest';
import { environmentLine, readEnvironmentLine, unitCommand, unitLine, unitWord } from './unit-quote.ts';

test.each([
  ['/usr/bin/node', '/usr/bin/node'],
  ['/a b/node', '"/a b/node"'],
  ['100%/x', '"100%%/x"'],
  ['say "hi"\\n', '"say \\"hi\\"\\\\n"'],
  ["it's", '"it\'s"'],
  ['a;b', '"a;b"'],
  ['', '""'],
])('a word of a unit: %j', (text, word) => {
  expect(unitWord(text)).toBe(word);
});

test('a $ is itself, not a variable', () => {
  expect(unitCommand(['/usr/bin/node', '/a/$HOME/$x.js'])).toBe(':/usr/bin/node "/a/$HOME/$x.js"');
  expect(unitCommand(['/usr/bin/node', '/a/b.js'])).toBe('/usr/bin/node /a/b.js');
});

test('a path that is all of a line', () => {
  expect(unitLine('/a b/50%/"x"')).toBe('/a b/50%%/"x"');
  for (const path of [' /a', '/a ', '/a\\']) expect(() => unitLine(path), path).toThrow(/can’t name/);
});

test.each(['\n', '\r', '\0', '\t', '\u007f'])('a control character is refused: %j', (control) => {
  const text = `/a${control}ExecStart=/bin/evil`;
  for (const quote of [unitWord, unitLine, (word: string) => unitCommand([word])]) expect(() => quote(text)).toThrow(/control character/);
  expect(() => environmentLine('ADMIN_PASSWORD', text)).toThrow(/^ADMIN_PASSWORD has a line break/);
  expect(() => environmentLine('ADMIN_PASSWORD', text)).not.toThrow(/evil/);
});

test.each(['plain', 'with space', '$HOME `id` "x" \\', "it's", '#no comment', '%n', ''])('a variable comes back as it was: %j', (value) => {
  expect(readEnvironmentLine(environmentLine('A', value))).toEqual({ name: 'A', value });
});

test('a variable that somebody wrote by hand', () => {
  expect(readEnvironmentLine('ADMIN_PASSWORD=choose one')).toEqual({ name: 'ADMIN_PASSWORD', value: 'choose one' });
  expect(readEnvironmentLine("  A='b c' ")).toEqual({ name: 'A', value: 'b c' });
  for (const line of ['# A=b', '', 'nothing', '=x']) expect(readEnvironmentLine(line)).toBeNull();
});
