import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { linksOf } from './docs.ts';
import { root } from './root.ts';
import { THOROUGH } from './thorough-tests.ts';

const rowsOf = (page: string, heading: string): string[] => {
  const text = readFileSync(join(root, page), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .slice(1);
};
const testsOf = (row: string): string[] =>
  linksOf(row)
    .filter((link) => link.endsWith('.test.ts'))
    .map((link) => link.replace('../', ''));

it('names files that exist', () => {
  expect(Object.keys(THOROUGH).filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

it.each([
  ['docs/reliability.md', 'Promises', 40],
  ['docs/security.md', 'Each rule and its test', 35],
])('%s: each promise has a test in the quick part', (page, heading, least) => {
  const rows = rowsOf(page, heading);
  expect(rows.length).toBeGreaterThan(least);
  expect(rows.filter((row) => !testsOf(row).some((file) => !(file in THOROUGH)))).toEqual([]);
});
