import { expect, test } from 'vitest';
import { compareText } from './compare-text.ts';

test('capitals stand beside their small letters, in one order whatever came first', () => {
  const sorted = ['B.sh', 'a.sh', 'A.sh', 'b/x.sh', 'b.sh', 'a/y.sh', 'é.sh', 'a10.sh'];
  const expected = ['A.sh', 'a.sh', 'a/y.sh', 'a10.sh', 'B.sh', 'b.sh', 'b/x.sh', 'é.sh'];
  expect(sorted.toSorted(compareText)).toEqual(expected);
  expect(sorted.toReversed().toSorted(compareText)).toEqual(expected);
});
