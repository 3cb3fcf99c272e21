import { expect, test } from 'vitest';
import { firstLoad } from './budget.ts';

test('counts the entry, its static imports and all their styles once, and nothing that loads later', () => {
  const files = firstLoad({
    'index.html': { file: 'entry.js', isEntry: true, imports: ['_a.js', '_b.js'], css: ['entry.css'] },
    '_a.js': { file: 'a.js', imports: ['_b.js'] },
    '_b.js': { file: 'b.js', css: ['b.css'] },
    'chart.ts': { file: 'chart.js', imports: ['_a.js'], css: ['chart.css'] },
  });
  expect(files.sort()).toEqual(['a.js', 'b.css', 'b.js', 'entry.css', 'entry.js']);
});
