import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { fillHouse, type House, PLACES, Tour } from './places.ts';
import { type Scene, withToru } from './scene.ts';

/** The page as a language shows it that is written from right to left: mirrored, whole, and with the output of scripts as it was. */

const SCREENSHOTS = process.env['SCREENSHOTS'];
const LABELS = { done: 'גיבוי התמונות', fails: 'إعادة التشغيل', asks: 'שאלה', form: 'טופס' };
const INPUTS = [
  { type: 'text', name: 'name', label: 'שם', required: true },
  { type: 'choice', name: 'mode', label: 'סוג', options: [{ value: 'all', label: 'הכול' }, { value: 'some' }] },
  { type: 'boolean', name: 'dry', label: 'רק לומר' },
];

describeInBrowser('from right to left', () => {
  let scene: Scene;
  let house: House;

  withToru(async (made) => {
    scene = made;
    house = await fillHouse(scene, { labels: LABELS, inputs: INPUTS });
  });

  describe.each([390, 1280])('%i px', (width) => {
    let page: Page;
    let tour: Tour;

    beforeAll(async () => {
      ({ page } = await scene.browse({ viewport: { width, height: 844 }, hasTouch: width < 600 }));
      // No language of ours is written so yet: the page is told that its own one is.
      await page.addInitScript(() => {
        const turn = (): void => {
          if (document.documentElement?.dir === 'ltr') document.documentElement.dir = 'rtl';
        };
        new MutationObserver(turn).observe(document, { attributes: true, subtree: true, attributeFilter: ['dir'], childList: true });
      });
      await page.reload();
      await page.locator('html[dir=rtl]').waitFor();
      tour = new Tour(page, scene.toru.url, house);
    });

    test.each(PLACES)('$name', async (place) => {
      await tour.goTo(place);
      if (SCREENSHOTS !== undefined) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(SCREENSHOTS, `rtl-${place.name}-${width}.png`) });
      }
      const look = await page.evaluate(() => {
        const boxOf = (selector: string): DOMRect | undefined => document.querySelector(selector)?.getBoundingClientRect();
        const { scrollWidth, clientWidth } = document.documentElement;
        const [head, heading, acts, log] = [
          boxOf('.page-head'),
          boxOf('.page-head-text'),
          boxOf('.page-head-acts'),
          document.querySelector('.log-scroll'),
        ];
        // What stands in one line of the head stands the other way round.
        const besides = heading !== undefined && acts !== undefined && Math.abs(heading.top - acts.top) < 20;
        // A thing to press, or to read, that lies outside of the window on its far side can't be scrolled to.
        const lost = [...document.querySelectorAll('main :is(a, button, input, select, h1, h2, p)')].filter((one) => {
          const { left, right, width: wide } = one.getBoundingClientRect();
          return (
            wide > 1 &&
            one.closest('.log-scroll, .hush, table, pre, [class*="tools"], .switch') === null &&
            (left < -1 || right > clientWidth + 1)
          );
        });
        const wrong = {
          direction: getComputedStyle(document.documentElement).direction,
          wider: Math.max(0, scrollWidth - clientWidth),
          head: besides && heading.left < acts.left ? 'its buttons come first' : null,
          begins: head !== undefined && heading !== undefined && heading.right < head.left + head.width / 2 ? 'at the left' : null,
          log: log === null ? 'ltr' : getComputedStyle(log).direction,
          lost: lost.map((one) => one.outerHTML.slice(0, 100)),
        };
        return wrong;
      });
      expect(look).toEqual({ direction: 'rtl', wider: 0, head: null, begins: null, log: 'ltr', lost: [] });
    });

    test('navigation, arrows, fields and switches are mirrored', async () => {
      await page.goto(`${scene.toru.url}/runs/${house.done}`);
      const back = page.locator('.run-back');
      await back.waitFor();
      const xOf = async (one: Locator): Promise<number> => (await one.boundingBox())?.x ?? 0;
      await expect.poll(() => xOf(back)).toBeGreaterThan(width / 2);
      expect(await back.locator('svg').evaluate((arrow) => getComputedStyle(arrow).scale)).toBe('-1 1');
      await expect.poll(() => xOf(page.locator('.rail-list > li').first())).toBeGreaterThan(width / 2);
      await page.goto(`${scene.toru.url}/account`);
      const arrow = await page
        .locator('select')
        .first()
        .evaluate((field) => getComputedStyle(field).backgroundPosition);
      expect(arrow).toMatch(/^(?!right)/);
    });
  });
});
