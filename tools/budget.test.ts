import { expect, test } from 'vitest';
import { behindLoad, firstLoad, pageLoad } from './budget.ts';

const MANIFEST = {
  'index.html': { file: 'entry.js', isEntry: true, imports: ['_a.js', '_b.js'], css: ['entry.css'] },
  '_a.js': { file: 'a.js', imports: ['_b.js'] },
  '_b.js': { file: 'b.js', css: ['b.css'] },
  '_parts.js': { file: 'parts.js', name: 'parts' },
  'chart.ts': { file: 'chart.js', imports: ['_a.js', '_c.js', '_parts.js'], css: ['chart.css'] },
  '_c.js': { file: 'c.js' },
};

test('counts the entry, its static imports and all their styles once, and nothing that loads later', () => {
  expect(firstLoad(MANIFEST).sort()).toEqual(['a.js', 'b.css', 'b.js', 'entry.css', 'entry.js']);
});

test('counts of a page what was not there before', () => {
  expect(behindLoad(MANIFEST)).toEqual(['parts.js']);
  expect(pageLoad(MANIFEST, 'chart.ts').sort()).toEqual(['c.js', 'chart.css', 'chart.js']);
});
