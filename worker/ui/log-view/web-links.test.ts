import { expect, test } from 'vitest';
import { webLinksIn } from './web-links.ts';

function linksIn(text: string): string[] {
  return webLinksIn(text).map(([from, to]) => text.slice(from, to));
}

test.each([
  ['see https://example.com/a?b=c#d for more', ['https://example.com/a?b=c#d']],
  ['Read http://10.0.0.1:8080/x.', ['http://10.0.0.1:8080/x']],
  ['(https://en.wikipedia.org/wiki/Shell_(computing))', ['https://en.wikipedia.org/wiki/Shell_(computing)']],
  ['[docs](https://example.com/x), then "https://example.com/y"!', ['https://example.com/x', 'https://example.com/y']],
  ['HTTPS://EXAMPLE.COM', ['HTTPS://EXAMPLE.COM']],
  ['https://例え.jp/道 and more', ['https://例え.jp/道']],
  ['http:// https://', []],
  ['ftp://example.com javascript://x file:///etc/passwd', []],
  ['no address at all', []],
])('finds the addresses in: %s', (text, links) => {
  expect(linksIn(text)).toEqual(links);
});
