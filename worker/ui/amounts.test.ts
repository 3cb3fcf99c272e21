import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { bytes, decimal, duration } from './amounts.ts';
import { shown } from './translate.ts';

afterEach(() => {
  shown.value = { locale: undefined, texts: {} };
});

it.each(['en', 'en-US', 'en-GB', 'de', 'de-DE', 'de-AT', 'de-CH', 'fr'])('writes numbers as Intl does in %s', (locale) => {
  shown.value = { locale, texts: {} };
  const formats = [0, 1].map((places) => new Intl.NumberFormat(locale, { minimumFractionDigits: places, maximumFractionDigits: places }));
  const values = fc.oneof(
    fc.double({ min: 0, max: 1100, noNaN: true }),
    fc.integer({ min: 0, max: 11_000 }).map((n) => n / 10),
    fc.integer({ min: -1100, max: -1 }),
  );
  fc.assert(
    fc.property(values, fc.integer({ min: 0, max: 1 }), (value, places) => {
      expect(decimal(value, places)).toBe(formats[places]?.format(value));
    }),
    { seed: 10, numRuns: 2000 },
  );
});

it('has the units of a person', () => {
  shown.value = { locale: 'de-AT', texts: {} };
  expect([bytes(812), bytes(1350), bytes(1e6), duration(440)]).toEqual(['812 B', '1,4 kB', '1,0 MB', '0,4 s']);
});
