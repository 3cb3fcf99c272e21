import { expect, test } from 'vitest';
import { closest } from './closest.ts';

test('one letter missing, added, wrong or swapped is near; another word is not', () => {
  const known = ['start', 'status', 'snapshot', 'run', 'runs', 'doctor'];
  expect(['statsu', 'stauts', 'snapshoot', 'docter', 'rn', 'Status'].map((word) => closest(word, known))).toEqual([
    'status',
    'status',
    'snapshot',
    'doctor',
    'run',
    'status',
  ]);
  expect(['deploy', 'x', '', 'hello.sh'].map((word) => closest(word, known))).toEqual([null, null, null, null]);
});
