import { expect, test } from 'vitest';
import { retiredIn, retiredOf } from './glossary.ts';

const retired = retiredOf(
  '| word | it is | not |\n| --- | --- | --- |\n| fix | … | mend, mends |\n| request | … | `asked` |\n| run | … | |\n',
);

test('the last column of the glossary lists what is retired', () => {
  expect([...retired.anywhere]).toEqual(['mend', 'mends']);
  expect([...retired.names]).toEqual(['asked']);
});

test('a word that may stand nowhere is found in comments, texts and names, with its line', () => {
  expect(retiredIn('one\n// Mends it.\nconst mend = 1;', retired, true)).toEqual([
    { word: 'Mends', line: 2 },
    { word: 'mend', line: 3 },
  ]);
  expect(retiredIn('commend, amended', retired, true)).toEqual([]);
});

test('a word that names nothing may stand in prose, in a property and in a test', () => {
  expect(retiredIn('// as it was asked\nthing.asked = true;', retired, true)).toEqual([]);
  expect(retiredIn('\nconst asked = 1;', retired, true)).toEqual([{ word: 'asked', line: 2 }]);
  expect(retiredIn('const asked = 1;', retired, false)).toEqual([]);
});
