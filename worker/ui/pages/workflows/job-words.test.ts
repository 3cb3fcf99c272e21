import { expect, test } from 'vitest';
import { shortRevision } from './job-words.ts';

test('a revision is shown by its beginning, also where it names those of libraries', () => {
  const hash = 'b8e613b2927b712728d9bcf293274de59189a0a3';
  expect(shortRevision(hash)).toBe('b8e613b2');
  expect(shortRevision(`${hash}+1c8300d1`)).toBe('b8e613b2+1c8300d1');
  for (const other of ['', 'v1.2', 'main', 'b8e613b2', `${hash} x`]) expect(shortRevision(other)).toBe(other);
});
