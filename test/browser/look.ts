import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import * as z from 'zod';
import { QUICK } from '../../tools/test-pace.ts';

/** Looking at a page as tests can: with axe (https://github.com/dequelabs/axe-core), and at its width; with SCREENSHOTS=FOLDER a picture is kept there, for eyes. */
export const SCREENSHOTS = process.env['SCREENSHOTS'];

const found = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })) }));
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 800 };

/** As the page is: axe objects to nothing. @param name of the picture. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  // A page that was loaded again has forgotten it.
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe.source);
  const violations = found.parse(await page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"));
  const objections = violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`),
  );
  expect(objections).toEqual([]);
  if (SCREENSHOTS === undefined) return;
  mkdirSync(SCREENSHOTS, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS, `${name}.png`) });
}

/** Nothing on the page is wider than its window. */
export async function expectToFit(page: Page): Promise<void> {
  const width = page.viewportSize()?.width ?? 0;
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: 'px wide' }).toBe(width);
}

/**
 * In both themes, as wide as a phone and as a desktop. In the quick part the phone is dark and the desktop light: each width and each theme
 * is seen, and both together among all tests. The page is as before after it.
 */
export async function lookAllOver(page: Page, name: string): Promise<void> {
  const before = page.viewportSize();
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    for (const size of QUICK ? [colorScheme === 'dark' ? PHONE : DESKTOP] : [PHONE, DESKTOP]) {
      await page.setViewportSize(size);
      // Colours go over into those of the other theme.
      await page.evaluate(() =>
        Promise.allSettled(document.getAnimations().flatMap((each) => (each instanceof CSSTransition ? [each.finished] : []))),
      );
      await expectToFit(page);
      await expectAccessible(page, `${name}-${colorScheme}-${size.width}`);
    }
  }
  await page.emulateMedia({ colorScheme: null });
  if (before !== null) await page.setViewportSize(before);
}
