import { expect, test } from 'vitest';
import type { Script } from '../../../../shared/scripts.ts';
import { argumentsOf, commandLine, fixing, foldersOf } from './groups.ts';

const script = (name: string, description = ''): Script => ({
  name,
  description,
  size: 1,
  modified_at: '2026-11-21T09:00:00.000Z',
  runnable: true,
  problem: null,
});

test('folders come after the scripts beside them, each with its own', () => {
  const folders = foldersOf([script('a.sh'), script('net/dns/x.sh'), script('net/up.sh'), script('z.sh')], '');
  expect(folders.map(({ path, scripts }) => [path, scripts.map(({ name }) => name)])).toEqual([
    ['', ['a.sh', 'z.sh']],
    ['net', ['net/up.sh']],
    ['net/dns', ['net/dns/x.sh']],
  ]);
});

test('every word of a search must stand in name or description', () => {
  const all = [script('backup.sh', 'Copies the photos'), script('photos/sort.sh')];
  expect(foldersOf(all, 'PHOTOS copies').flatMap(({ scripts }) => scripts.map(({ name }) => name))).toEqual(['backup.sh']);
});

test.each([
  ['“x.sh” may not be run. Allow it: chmod +x /s/x.sh', '“x.sh” may not be run.', 'chmod +x /s/x.sh'],
  ["'/my s/x' belongs to another user. Fix it: sudo chown me '/my s/x'", "'/my s/x' belongs to another user.", "sudo chown me '/my s/x'"],
  ['me may not look at “x”. Check the folders of /s/x: namei -l /s/x', 'me may not look at “x”.', 'namei -l /s/x'],
  ['Something else is wrong.', 'Something else is wrong.', null],
])('%s', (problem, why, command) => {
  expect(fixing(problem)).toEqual({ why, command });
});

test('a line is an argument, with its spaces', () => {
  expect(argumentsOf('--name\nMy  file \n\n-v\n\n')).toEqual(['--name', 'My  file ', '', '-v']);
  expect(argumentsOf('\n')).toEqual([]);
  expect(commandLine('a.sh', ['-v', "it's", ''])).toBe("a.sh -v 'it'\\''s' ''");
});
