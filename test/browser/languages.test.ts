import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { readPage } from '../../tools/languages.ts';
import { root } from '../../tools/root.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { fillHouse, type House, PLACES, Tour } from './places.ts';
import { PASSWORD, type Scene, withToru } from './scene.ts';

/** The page in German, place by place: nothing of it is left in English, and nothing is wider than the window. SCREENSHOTS=FOLDER keeps pictures. */

const SCREENSHOTS = process.env['SCREENSHOTS'];
const LABELS = {
  done: 'גיבוי התמונות של 2026 (NAS)',
  fails: 'إعادة تشغيل الخادم!',
  asks: 'Donaudampfschifffahrtsgesellschaft',
  form: 'Fragebogen',
};
const INPUTS = [
  { type: 'text', name: 'name', label: 'Wie heißt es?', required: true },
  { type: 'choice', name: 'mode', label: 'لماذا?', options: [{ value: 'all', label: 'הכול' }, { value: 'some' }] },
  { type: 'number', name: 'level', label: 'Stufe', min: 0, max: 10 },
];
/** Texts of the page's controls and headings that have no room; names that people gave may be cut. */
function cutOn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const context = document.createElement('canvas').getContext('2d');
    if (context === null) throw new Error('no canvas');
    const seen = [
      ...document.querySelectorAll<HTMLElement>('select, input[placeholder], .btn, .rail-link, label, legend, h1, h2, h3, th, dt'),
    ].filter((element) => element.checkVisibility() && element.closest('.hush, [dir="auto"], .log-rows') === null);
    return seen.flatMap((element) => {
      const option = element instanceof HTMLSelectElement ? element.selectedOptions[0] : undefined;
      const shown = element instanceof HTMLInputElement && element.value === '' ? element.placeholder : option?.text;
      if (shown !== undefined) {
        if (option?.dir === 'auto') return [];
        const { font, paddingInlineStart, paddingInlineEnd, letterSpacing } = getComputedStyle(element);
        Object.assign(context, { font, letterSpacing });
        // Some px of it stay free, whatever the padding.
        const room = element.clientWidth - Number.parseFloat(paddingInlineStart) - Number.parseFloat(paddingInlineEnd);
        return context.measureText(shown).width > room - 4 ? [shown] : [];
      }
      const cut = [element, ...element.querySelectorAll<HTMLElement>('*')].find(
        (part) =>
          part.closest('[dir="auto"], .hush') === null &&
          part.scrollWidth > part.clientWidth + 1 &&
          part.clientWidth > 1 &&
          getComputedStyle(part).overflowX !== 'visible',
      );
      return cut === undefined ? [] : [cut.textContent];
    });
  });
}

/** What is called so here, and not by the page. */
const NAMED = ['admin', 'client'];
const german = z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]));

/** What stands between the values of texts, where it is long enough to be known again. */
function partsOf(texts: Iterable<string>): Set<string> {
  const parts = [...texts].flatMap((text) => text.split(/\{\w+\}/)).map((part) => part.trim());
  return new Set(parts.filter((part) => /\p{L}{3}/u.test(part)));
}

/** Everything on the page that is read, or read out; a script's output is left out. */
function shownOn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (walker.nextNode() !== null) {
      const node = walker.currentNode;
      if (node instanceof Text && node.parentElement?.closest('.log-rows, code, noscript, bdi') === null) found.push(node.data.trim());
      if (node instanceof Element)
        for (const name of ['aria-label', 'title', 'placeholder', 'aria-description']) found.push(node.getAttribute(name)?.trim() ?? '');
    }
    return found;
  });
}

describeInBrowser('the page in German', () => {
  let scene: Scene;
  let house: House;
  const { catalogue } = readPage();
  const texts = german.parse(JSON.parse(readFileSync(join(root, 'worker/ui/languages/de.json'), 'utf8')));
  const own = partsOf(Object.values(texts).flatMap((text) => (typeof text === 'string' ? [text] : Object.values(text))));
  const english = partsOf([...catalogue].flatMap(([other, one]) => (one === null ? [other] : [one, other])));

  withToru(async (made) => {
    scene = made;
    const fields = { done: { group: 'קבוצה 1' }, fails: { description: 'خادم (NAS).' } };
    house = await fillHouse(scene, { labels: LABELS, fields, inputs: INPUTS });
  });

  const views: ['light' | 'dark', number][] = [['light', 390]];
  if (SCREENSHOTS !== undefined) views.push(['dark', 1280]);
  describe.each(views)('has no English left on any page, and fits: %s, %i px', (colorScheme, width) => {
    let page: Page;
    let tour: Tour;

    beforeAll(async () => {
      ({ page } = await scene.browse({ locale: 'de-AT', colorScheme, viewport: { width, height: width < 600 ? 844 : 800 } }));
      expect(await page.locator('html').getAttribute('lang')).toBe('de');
      tour = new Tour(page, scene.toru.url, house, (heading) => String(texts[heading] ?? heading));
    });

    test.each(PLACES)('$name', async (place) => {
      await tour.goTo(place);
      const left = (await shownOn(page)).filter((text) => english.has(text) && !own.has(text) && !NAMED.includes(text));
      const wider: string[] = [];
      for (const narrow of width < 600 ? [320, 1280, width] : [width]) {
        await page.setViewportSize({ width: narrow, height: 844 });
        const by = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (by > 0) wider.push(`${by} px wider than ${narrow} px`);
        wider.push(...(await cutOn(page)).map((text) => `cut at ${narrow} px: ${text}`));
        if (SCREENSHOTS === undefined) continue;
        mkdirSync(SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(SCREENSHOTS, `de-${place.name}-${colorScheme}-${narrow}.png`) });
      }
      expect([...left, ...wider]).toEqual([]);
    });
  });

  test('comes before a login, in what the server says, and stays as it was chosen', async () => {
    await using browser = await launchBrowser({ locale: 'de-DE' });
    const page = await browser.context.newPage();
    await page.goto(`${scene.toru.url}/login`);
    await page.getByRole('heading', { name: 'Bei Toru anmelden' }).waitFor();
    await page.getByLabel('Benutzername').fill('admin');
    await page.getByLabel('Passwort').fill('not this one');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText('Benutzername oder Passwort ist falsch.').waitFor();
    await page.getByLabel('Passwort').fill(PASSWORD);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByRole('heading', { name: 'Aktionen', level: 1 }).waitFor();
    await page.goto(`${scene.toru.url}/account`);
    await page.getByLabel('Sprache').selectOption('en');
    await page.getByRole('heading', { name: 'Appearance' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Appearance' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await page.getByLabel('Language').selectOption('');
    await page.getByRole('heading', { name: 'Aussehen' }).waitFor();
  });
});
