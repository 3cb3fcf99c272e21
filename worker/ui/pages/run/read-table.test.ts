import { expect, it } from 'vitest';
import { readTable } from './read-table.ts';

it.each([
  [
    'a,b\n1,2\n',
    [
      ['a', 'b'],
      ['1', '2'],
    ],
  ],
  [
    '\ufeffa;b\r\n1;"2\n;""3"""\r\n',
    [
      ['a', 'b'],
      ['1', '2\n;"3"'],
    ],
  ],
  [
    'a\tb\n,\t',
    [
      ['a', 'b'],
      [',', ''],
    ],
  ],
  ['', []],
  ['one', [['one']]],
  ['a,b\n\n"open', [['a', 'b'], [''], ['open']]],
  ['"a"x,b', [['ax', 'b']]],
])('reads %j', (text, rows) => {
  expect(readTable(text)).toEqual(rows);
});

it('takes any text in one pass', () => {
  for (const text of ['"'.repeat(200_000), `${'"a"'.repeat(60_000)}`, ','.repeat(200_000), '"\n'.repeat(100_000)])
    expect(readTable(text).flat().join('').length).toBeLessThanOrEqual(text.length);
});
