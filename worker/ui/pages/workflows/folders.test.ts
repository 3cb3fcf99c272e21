import { expect, test } from 'vitest';
import { byFolder } from './folders.ts';

test('tasks stand by folder and title, those of no folder first', () => {
  const tasks = [
    { title: 'Restore', folder: 'ops/backup' },
    { title: 'Deploy', folder: '' },
    { title: 'Back up', folder: '/ops/ backup/' },
    { title: 'Alarm', folder: 'alerts' },
  ];
  expect(byFolder(tasks).map(({ name, tasks: of }) => [name, of.map(({ title }) => title)])).toEqual([
    ['', ['Deploy']],
    ['alerts', ['Alarm']],
    ['ops / backup', ['Back up', 'Restore']],
  ]);
});
