import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Cells } from './cells.ts';
import { Style } from './style.ts';

/** The same as the cells, in the simplest form. */
class Plain {
  readonly cells: { char: string; style: Style | null }[] = [];

  write(column: number, chars: readonly string[], style: Style | null): void {
    chars.forEach((char, i) => {
      this.cells[column + i] = { char, style };
    });
  }

  blanks(count: number, style: Style | null): { char: string; style: Style | null }[] {
    return Array.from({ length: count }, () => ({ char: ' ', style }));
  }
}

const STYLES = [null, new Style(1, null, null, 0), new Style(null, 2, null, 0), new Style(null, 2, null, 0)];
/** Places and widths both near and far, so that all happens within a block, between blocks, and over many of them. */
const place = fc.nat(3000);
const width = fc.oneof(fc.nat(4), fc.nat(40), fc.nat(900));
const style = fc.constantFrom(...STYLES);
const change = fc.record({
  kind: fc.constantFrom('write', 'write', 'rewrite', 'extend', 'blank', 'insert', 'insert', 'remove'),
  place,
  width,
  style,
});

it('does what arrays do, whatever comes', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
      const cells = new Cells();
      const plain = new Plain();
      changes.forEach(({ kind, place: wanted, width: count, style: given }, index) => {
        const { length } = cells;
        const at = Math.min(wanted, length);
        const end = Math.min(at + count, length);
        switch (kind) {
          case 'write': {
            const chars = Array.from({ length: count }, (_, i) => String.fromCharCode(97 + ((index + i) % 26)));
            cells.write(at, chars, given);
            plain.write(at, chars, given);
            break;
          }
          case 'rewrite':
            cells.rewrite(at, '漢');
            if (at < length) plain.cells[at] = { char: '漢', style: plain.cells[at]?.style ?? null };
            break;
          case 'extend':
            cells.extend(count, given);
            plain.cells.push(...plain.blanks(count, given));
            break;
          case 'blank':
            cells.blank(at, end, given);
            plain.cells.splice(at, end - at, ...plain.blanks(end - at, given));
            break;
          case 'insert':
            if (at === length) break;
            cells.insert(at, count, given);
            plain.cells.splice(at, 0, ...plain.blanks(count, given));
            break;
          case 'remove':
            cells.remove(at, end);
            plain.cells.splice(at, end - at);
            break;
        }
        expect(cells.length).toBe(plain.cells.length);
        expect(cells.at(wanted)).toBe(plain.cells[wanted]?.char);
      });
      const seen: string[] = [];
      cells.each(0, (char, column) => {
        seen[column] = char;
      });
      expect(seen).toEqual(plain.cells.map(({ char }) => char));
      const spans = cells.spans();
      expect(spans.map(({ text }) => text).join('')).toBe(seen.join(''));
      const look = (each: Style | null): string => (each === null ? '-' : `${each.fg} ${each.bg}`);
      expect(spans.flatMap(({ text, style: shown }) => [...text].map(() => look(shown)))).toEqual(
        plain.cells.map((cell) => look(cell.style)),
      );
      for (const [i, span] of spans.entries()) expect(look(span.style)).not.toBe(look(spans[i + 1]?.style ?? new Style(9, 9, null, 0)));
    }),
    { numRuns: 300 },
  );
});

it('stays in few blocks when thousands of changes cut it', () => {
  const cells = new Cells();
  cells.extend(16_384, null);
  const plain = Array.from({ length: 16_384 }, () => ' ');
  for (let i = 0; i < 20_000; i += 1) {
    const at = (i * 7919) % 16_384;
    cells.write(at, ['x'], STYLES[i % 4] ?? null);
    plain[at] = 'x';
  }
  expect(
    cells
      .spans()
      .map(({ text }) => text)
      .join(''),
  ).toBe(plain.join(''));
});
