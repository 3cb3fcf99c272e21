import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';
import { PASSWORD, withToru } from './scene.ts';

/** The home with many actions: what is on it, that nothing moves, and what it costs to open. */

const LONG = 'Synchronise the documents of the whole family with the disk in the attic, at n';

describeInBrowser('home', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;
  const ids: string[] = [];
  withToru(async (scene) => {
    ({ toru, admin } = scene);
    scene.script('good.sh', 'echo all is well');
    scene.script('bad.sh', 'echo oh no; exit 3');
    scene.script('long.sh', 'echo 12 of 40; exec sleep 600');
    await scene.noActions();
    for (let n = 0; n < 62; n += 1) {
      const label = n === 5 ? LONG : `Action ${n}`;
      const script = n === 0 ? 'long.sh' : n === 1 ? 'bad.sh' : 'good.sh';
      ids.push(`a-${n}`);
      await scene.action({ id: `a-${n}`, label, script, group: n < 40 ? '' : 'Servers' });
    }
    for (const action of ['a-1', 'a-2', 'a-2']) await scene.ran({ action });
    ({ page } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true }));
  });

  test('moves nothing when runs begin and end', async () => {
    await page.goto('about:blank');
    await page.addInitScript(() => {
      const shifts: number[] = [];
      Object.assign(globalThis, { shifts });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          if (!('hadRecentInput' in entry) || !('value' in entry) || typeof entry.value !== 'number') continue;
          if (entry.hadRecentInput !== true) shifts.push(entry.value);
        }
      }).observe({ type: 'layout-shift', buffered: true });
    });
    await page.goto(toru.url);
    await page.getByText('Last runs').waitFor();
    // A run begins and ends, and what it prints is in the bar.
    const { task_id } = (await admin.http('POST', '/api/runs', { action: 'a-0' })).json();
    await page.locator('.now', { hasText: '12 of 40' }).waitFor();
    await admin.http('POST', `/api/runs/${task_id}/cancel`);
    await page.locator('.now', { hasText: 'Nothing is running' }).waitFor();
    const shifted: number = await page.evaluate(() => {
      const shifts: unknown = Reflect.get(globalThis, 'shifts');
      return Array.isArray(shifts) ? shifts.reduce<number>((sum, value) => sum + Number(value), 0) : Number.NaN;
    });
    expect(shifted).toBeLessThanOrEqual(0.02);
  });

  test('has the last runs with what they printed last, and a strip of results on each tile', async () => {
    const last = page.getByRole('list', { name: 'Last runs' });
    await last.getByText('oh no').waitFor();
    await expect.poll(() => page.locator('#about-a-2').textContent()).toContain('Last 2: 2 succeeded');
    await expect.poll(() => page.locator('#about-a-1').textContent()).toContain('Last 1: 1 failed');
    const heights = await page
      .locator('.strip-bar')
      .evaluateAll((bars) => bars.map((bar) => [bar.getAttribute('data-result'), bar.getBoundingClientRect().height]));
    const tallest = Math.max(...heights.filter(([result]) => result === 'succeeded').map(([, height]) => Number(height)));
    const failed = heights.filter(([result]) => result === 'failed').map(([, height]) => Number(height));
    expect(Math.min(...failed)).toBeGreaterThan(tallest);
  });

  test('a tile’s options have the runs behind its strip, each with its time, and nothing moves when they come', async () => {
    const options = page.locator('.tile', { has: page.locator('#name-a-2') }).getByRole('button', { name: 'Options' });
    // The answer about them waits until the sheet was seen without them.
    let let_go = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      let_go = resolve;
    });
    await page.route(/api\/runs\?.*action=a-2/, async (route) => {
      await held;
      await route.continue();
    });
    await options.click();
    const sheet = page.getByRole('dialog');
    const first = sheet.getByRole('button', { name: 'Run', exact: true });
    await expect.poll(() => sheet.locator('.tile-result').count()).toBe(2);
    // Within the sheet, which may be on its way up.
    const top = (): Promise<number> =>
      first.evaluate((button) => {
        const within = button.closest('dialog')?.getBoundingClientRect().bottom ?? 0;
        return Math.round(within - button.getBoundingClientRect().top);
      });
    const before = await top();
    let_go();
    const results = sheet.getByRole('list', { name: 'Last runs' }).getByRole('link');
    await expect.poll(() => results.count()).toBe(2);
    expect(await top()).toBe(before);
    await page.unroute(/api\/runs\?.*action=a-2/);
    const address = await results.last().getAttribute('href');
    await results.last().click();
    await page.waitForURL((url) => url.pathname === address);
    await page.goBack();
    await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
  });

  test('filters by how the newest run of an action went, too', async () => {
    const filter = page.getByRole('searchbox', { name: 'Filter the actions' });
    await filter.fill('failed');
    await expect.poll(() => page.locator('.tile').count()).toBe(1);
    await page.locator('.tile').getByRole('button', { name: 'Action 1', exact: true }).waitFor();
    await filter.fill('');
    await expect.poll(() => page.locator('.tile').count()).toBeGreaterThan(40);
  });

  test('keeps favourites on the host, for every device of their person', async () => {
    await page
      .locator('.tile', { has: page.locator('#name-a-41') })
      .getByRole('button', { name: 'Options' })
      .click();
    await page.getByRole('button', { name: 'Add to favourites' }).click();
    await page.getByRole('heading', { name: 'Favourites' }).waitFor();
    await expect.poll(async () => (await admin.http('GET', '/api/actions/a-41')).json()).toMatchObject({ favourite: true });
    await using computer = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    const other = await logIn(computer, toru.url, 'admin', PASSWORD);
    await other.getByRole('list', { name: 'Favourites' }).getByText('Action 41').waitFor();
    expect(await other.getByRole('list', { name: 'Servers' }).getByText('Action 41', { exact: true }).count()).toBe(0);
  });

  test.each(['Large tiles', 'Small tiles', 'List'])('shows every name in full as %s, with nothing beside the window', async (size) => {
    await page.getByRole('button', { name: size }).click();
    const label = page.locator('.tile-label', { hasText: LONG });
    expect(await label.evaluate((element) => element.scrollHeight - element.clientHeight)).toBeLessThanOrEqual(1);
    for (const width of [320, 390, 844, 1280]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${width} px`).toBeLessThanOrEqual(0);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    await page.reload();
    await page.getByRole('button', { name: size, pressed: true }).waitFor();
  });

  test('folds a group, and remembers it', async () => {
    const heading = page.getByRole('button', { name: 'Servers', expanded: true });
    await heading.click();
    await expect.poll(() => page.getByRole('list', { name: 'Servers' }).count()).toBe(0);
    await page.reload();
    await page.getByRole('button', { name: 'Servers', expanded: false }).click();
    await page.getByRole('list', { name: 'Servers' }).waitFor();
  });

  test('arrow keys go from section to section', async () => {
    await page.getByRole('button', { name: 'Large tiles' }).click();
    await page.locator('#name-a-41').locator('xpath=ancestor::button').focus();
    await page.keyboard.press('ArrowDown');
    const focused = () => page.evaluate(() => document.activeElement?.querySelector('.tile-label')?.textContent);
    await expect.poll(focused).toBe('Action 0');
    await page.keyboard.press('ArrowUp');
    await expect.poll(focused).toBe('Action 41');
  });
});
