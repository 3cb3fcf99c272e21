import { expect, it } from 'vitest';
import type { Folder } from '../../../../shared/folders.ts';
import { branchesOf, envOfLines, inheritedFrom, linesOfEnv, possibleParents } from './folder-tree.ts';

const folder = (id: string, parent: string | null, preferences: Folder['preferences'] = {}, position = 0): Folder => ({
  id,
  name: id,
  parent,
  position,
  preferences,
  created_at: '2026-01-01T00:00:00.000Z',
});
const tree = [
  folder('b', null, {}, 1),
  folder('a', null, { cwd: '/a', env: { X: '1', Y: '1' } }),
  folder('a2', 'a', { env: { X: '2' } }),
  folder('a3', 'a2', { shell: '/bin/fish' }),
  folder('lost', 'gone', {}, 9),
];

it('shows each folder before those in it', () => {
  expect(branchesOf(tree).map(({ folder: { id }, depth }) => `${depth}${id}`)).toEqual(['0a', '1a2', '2a3', '0b', '0lost']);
});

it('takes preferences from above, the nearest first', () => {
  expect(inheritedFrom(tree, 'a3')).toEqual({ cwd: '/a', shell: '/bin/fish', env: { X: '2', Y: '1' } });
  expect(inheritedFrom(tree, null)).toEqual({});
});

it('offers no folder within itself', () => {
  expect(possibleParents(tree, 'a2').map(({ folder: { id } }) => id)).toEqual(['a', 'b', 'lost']);
});

it('reads and writes variables, one a line', () => {
  expect(envOfLines('A=1\n\nB=x=y ')).toEqual({ A: '1', B: 'x=y ' });
  expect(linesOfEnv({ A: '1', B: 'x=y ' })).toBe('A=1\nB=x=y ');
  expect(envOfLines('nothing')).toBeNull();
});
