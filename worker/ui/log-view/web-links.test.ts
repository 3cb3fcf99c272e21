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
  ['({https://example.com/a}).', ['https://example.com/a']],
])('finds the addresses in: %s', (text, links) => {
  expect(linksIn(text)).toEqual(links);
});

test('leaves an address of more than 2,000 characters as text', () => {
  expect(linksIn(`https://example.com/${'a'.repeat(3000)} https://example.com/b`)).toEqual(['https://example.com/b']);
});

/** Processor time of this thread, in µs; the least of some. */
function costOf(text: string): number {
  const costs = [1, 2, 3].map(() => {
    const began = process.threadCpuUsage();
    webLinksIn(text);
    return process.threadCpuUsage(began).user;
  });
  return Math.min(...costs);
}

test.each([
  ['brackets that nothing opened', `https://x/${')'.repeat(16_000)}`],
  ['brackets below the bound of an address', `https://x/${')'.repeat(1900)} `.repeat(8)],
  ['marks before something else', `https://x/${'.'.repeat(1900)}x `.repeat(8)],
  ['marks and brackets in turns', `https://x/${'.)'.repeat(950)} `.repeat(8)],
  ['marks of more than an address', `https://x/${'.'.repeat(16_000)}x`],
  ['addresses without end', 'https://x '.repeat(1600)],
])('a long line costs a few milliseconds, not seconds: %s', (_, line) => {
  // As much text without a trick in it, a hundred times over: what grows with the square of a line costs a thousand times that.
  const plain = Math.max(100, costOf(`https://x/${'a'.repeat(1900)} `.repeat(8)));
  expect(costOf(line) / plain).toBeLessThan(100);
  expect(webLinksIn(line).length).toBeLessThanOrEqual(100);
});
