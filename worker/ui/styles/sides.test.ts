import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** Properties that name a side, and are not mirrored where a page is written from right to left. */
const SIDES =
  /^(?:(?:margin|padding|border|scroll-(?:margin|padding))-(?:left|right)|left|right|border-(?:top|bottom)-(?:left|right)-radius)$/;
const FOUR = /^(?:margin|padding|inset)$/;
/** One value of several, with what stands in its brackets. */
const VALUE = /(?:[^\s(]|\((?:[^()]|\([^()]*\))*\))+/g;
/** A notch is where it is, in every language; what uPlot draws is not mirrored. */
const PHYSICAL = /safe-area-inset|!important/;

it('no style of the page names the left or the right side where a beginning or an end is meant', () => {
  const folder = join(import.meta.dirname, '..');
  const found = globSync('**/*.css', { cwd: folder }).flatMap((file) =>
    [...readFileSync(join(folder, file), 'utf8').matchAll(/^\s*([\w-]+): ([^;{}]+);/gm)].flatMap(([, name = '', value = '']) => {
      const [, second, third, fourth] = value.match(VALUE) ?? [];
      const uneven = FOUR.test(name) && third !== undefined && fourth !== undefined && second !== fourth;
      const sided = SIDES.test(name) || uneven || (/^(?:text-align|float|clear)$/.test(name) && /left|right/.test(value));
      return sided && !PHYSICAL.test(value) ? [`${file}: ${name}: ${value}`] : [];
    }),
  );
  expect(found).toEqual([]);
});
