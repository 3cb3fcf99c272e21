import { expect, test } from 'vitest';
import { anchorsOf, deadLinks, linksOf } from './docs.ts';

test('links are found in prose, images and HTML, not in code, and not to other sites', () => {
  const text =
    'A [guide](docs/a.md#top), ![shot](b.png "Title") and <img src="c.svg">, [out](https://x.org).\n\n```\n[no](no.md)\n```\n`[no](no.md)`';
  expect(linksOf(text)).toEqual(['docs/a.md#top', 'b.png', 'c.svg']);
});

test('anchors are those that GitHub makes', () => {
  expect(anchorsOf('# One, two!\n## `npm start`\n## Again\n```\n# not this\n```\n## Again')).toEqual([
    'one-two',
    'npm-start',
    'again',
    'again-1',
  ]);
});

test('a missing file and a missing heading are dead, from the folder of the page', () => {
  const page = '[1](a.md#here) [2](a.md#gone) [3](c.md) [4](../README.md#toru) [5](#own)\n# Own';
  const pages: Record<string, string> = { 'docs/a.md': '# Here', 'docs/b.md': page, 'README.md': '# Toru' };
  expect(deadLinks('docs/b.md', page, (path) => pages[path] ?? null)).toEqual(['a.md#gone', 'c.md']);
});
