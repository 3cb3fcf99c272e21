import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** The page around every place, on a phone: what lies at its foot covers nothing, and a tap reaches what it was meant for. */

const PASSWORD = 'correct horse battery';
/** Small, on its side, and upright. */
const SIZES = [
  { width: 320, height: 568 },
  { width: 844, height: 390 },
  { width: 390, height: 844 },
];

describeInBrowser('on a phone', () => {
  let toru: Toru;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    browser = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    page = await logIn(browser, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  const more = () => page.getByRole('button', { name: 'More', exact: true });
  const runs = async (): Promise<number> => page.evaluate(async () => (await (await fetch('/api/runs')).json()).items.length);

  test('“More” closes on a tap outside, which reaches nothing below, on Esc, and where one is already', async () => {
    const tile = await page.locator('.tile-press').first().boundingBox();
    if (tile === null) throw new Error('there is no tile');
    const users = page.getByRole('link', { name: 'Users' });
    for (const at of [
      { x: tile.x + 20, y: tile.y + 20 },
      { x: 30, y: 25 },
    ]) {
      await more().tap();
      await users.waitFor();
      await page.touchscreen.tap(at.x, at.y);
      await users.waitFor({ state: 'hidden' });
      expect(await more().getAttribute('aria-expanded')).toBe('false');
    }
    await page.waitForTimeout(1000);
    expect([await runs(), new URL(page.url()).pathname]).toEqual([0, '/']);
    await more().tap();
    await page.keyboard.press('Escape');
    await users.waitFor({ state: 'hidden' });
    expect(await more().evaluate((element) => element === document.activeElement)).toBe(true);
    await more().tap();
    await page.getByRole('link', { name: 'Actions', exact: true }).tap();
    await users.waitFor({ state: 'hidden' });
  });

  test('a message leaves room to scroll clear of it', async () => {
    await page.goto(toru.url);
    await page.locator('.tile-press').first().waitFor();
    await page.waitForTimeout(1000);
    await page.context().setOffline(true);
    await page.getByRole('button', { name: 'Disk usage', exact: true }).tap();
    await page.locator('.toast').first().waitFor();
    await page.context().setOffline(false);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    const clear = await page.evaluate(() => {
      const last = [...document.querySelectorAll('main .tile')].at(-1)?.getBoundingClientRect().bottom ?? 0;
      const top = document.querySelector('.toasts')?.getBoundingClientRect().top ?? 0;
      return { last, top };
    });
    expect(clear.last).toBeGreaterThan(0);
    expect(clear.last).toBeLessThanOrEqual(clear.top);
  });

  test('Tab never goes below the tabs', async () => {
    // A long form.
    await page.goto(`${toru.url}/actions/new`);
    await page.locator('main h1').waitFor();
    for (const size of SIZES) {
      await page.setViewportSize(size);
      await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
      for (let n = 0; n < 40; n += 1) {
        await page.keyboard.press('Tab');
        const covered = await page.evaluate(() => {
          const focused = document.activeElement;
          const tabs = document.querySelector('.rail-list');
          if (!(focused instanceof HTMLElement) || tabs === null || !document.querySelector('main')?.contains(focused)) return null;
          const [own, bar] = [focused.getBoundingClientRect(), tabs.getBoundingClientRect()];
          return bar.height > 0 && own.bottom > bar.top + 1 ? `${focused.outerHTML.slice(0, 80)} ${own.bottom} > ${bar.top}` : null;
        });
        expect(covered).toBeNull();
      }
    }
  });

  test('with a field in use the tabs give way', async () => {
    await page.goto(`${toru.url}/search`);
    const tabs = page.getByRole('link', { name: 'Actions', exact: true });
    await tabs.waitFor();
    await page.getByRole('searchbox').first().focus();
    await tabs.waitFor({ state: 'hidden' });
    await page.evaluate(() => document.activeElement instanceof HTMLElement && document.activeElement.blur());
    await tabs.waitFor();
  });
});
