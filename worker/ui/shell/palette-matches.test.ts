import { expect, test } from 'vitest';
import { bestMatches } from './palette-matches.ts';

const names = ['Back up photos', 'Heating', 'Restart the router', 'Runs', 'Settings', 'photo-import.sh'];

test.each([
  ['', names],
  ['r', ['Restart the router', 'Runs', 'photo-import.sh']],
  ['photo', ['photo-import.sh', 'Back up photos']],
  ['the', ['Restart the router']],
  ['ting', ['Heating', 'Settings']],
  ['bup', ['Back up photos']],
  ['zz', []],
  ['  HEAT ', ['Heating']],
])('finds by “%s”', (typed, found) => {
  expect(bestMatches(typed, names, (name) => name).slice(0, found.length)).toEqual(found);
  if (found.length === 0) expect(bestMatches(typed, names, (name) => name)).toEqual([]);
});
