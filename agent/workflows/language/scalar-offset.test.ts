import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Document, isMap, isScalar, parseDocument } from 'yaml';
import { offsetInScalar } from './scalar-offset.ts';
import { readYaml } from './yaml-source.ts';

/** Where the mark of a text stands, as a person would point at it. */
function markOf(file: string): { line: number; column: number } {
  const before = file.slice(0, file.indexOf('@')).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

const STYLES = {
  plain: 'a:\n  b: one two @three\n',
  'plain over lines': 'a:\n  b: one\n    two\n\n    three @four\n',
  single: "a:\n  b: 'it''s ''@'' here'\n",
  double: 'a:\n  b: "tab\\t \\u00e9 \\U0001F600 \\"@\\" here"\n',
  'double over lines': 'a:\n  b: "one \\\n     two\n     @three"\n',
  literal: 'a:\n  b: |\n    one\n\n      two\n    @three\n',
  'literal with a header': 'a:\n  b: |2- # comment\n      one\n    @three\n',
  folded: 'a:\n  b: >-\n    one\n    two\n\n    three @four\n',
};

for (const [style, file] of Object.entries(STYLES)) {
  test(`the place of a character of a ${style} text`, () => {
    const { source } = readYaml('a.yaml', file);
    const value = parseDocument(file).getIn(['a', 'b']);
    const offset = String(value).indexOf('@');
    expect(source?.placeIn(['a', 'b'], offset)).toEqual({ file: 'a.yaml', ...markOf(file) });
  });
}

test('any text in any style: the mark is found where it stands', () => {
  const words = fc.array(fc.constantFrom('a', 'bc', ' ', '\n', "'", '"', '\\', 'é', '😀', '\t', ':', '#', '{', '}'), { maxLength: 12 });
  const types = fc.constantFrom(
    'PLAIN' as const,
    'QUOTE_SINGLE' as const,
    'QUOTE_DOUBLE' as const,
    'BLOCK_LITERAL' as const,
    'BLOCK_FOLDED' as const,
  );
  void fc.assert(
    fc.property(words, words, types, (before, after, type) => {
      const value = `${before.join('')}@${after.join('')}`;
      const document = new Document({ key: value });
      const pair = isMap(document.contents) ? document.contents.items[0] : undefined;
      if (pair !== undefined && isScalar(pair.value)) pair.value.type = type;
      const file = document.toString({ lineWidth: 20 });
      const node = parseDocument(file).get('key', true);
      // The library does not write every text in every style: what it reads again is another one then, or nothing.
      fc.pre(isScalar(node) && node.value === value);
      if (!isScalar(node) || !node.range) return;
      const [start, end] = node.range;
      expect(offsetInScalar(file, { start, end, value, style: node.type }, value.indexOf('@'))).toBe(file.indexOf('@'));
    }),
    { seed: 12, numRuns: 2000 },
  );
});
