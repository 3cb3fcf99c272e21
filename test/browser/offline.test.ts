import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from '../faults/stage.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { logIn } from './log-in.ts';

/** The page without a network: what is said to have failed is not done afterwards. */

describeInBrowser('without a network', () => {
  let stage: Stage;
  let client: Client;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    stage = await Stage.open();
    client = await stage.client();
    for (const action of [
      { id: 'plain', label: 'Plain', script: 'args.sh', args: ['hello'] },
      { id: 'talks', label: 'Talks', script: 'read-stdin.sh', stdin: true },
    ])
      expect((await client.http('POST', '/api/actions', action)).status).toBe(201);
    browser = await launchBrowser({ viewport: { width: 390, height: 844 } });
    page = await logIn(browser, stage.url, 'admin', 'the password of the stage');
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await stage?.close();
  });

  const runs = async (): Promise<{ task_id: string; state: string }[]> => (await client.http('GET', '/api/runs')).json().items;
  const online = (): Promise<void> => page.getByText('This device is offline.').waitFor({ state: 'detached' });

  test('a press, a cancel and a line typed while it is known to be away are refused at once, and not sent later', async () => {
    await page.getByRole('button', { name: 'Talks', exact: true }).click();
    await page.locator('a.press-open').click();
    await page.getByRole('button', { name: 'Cancel', exact: true }).waitFor();
    await page.getByLabel('Type into the run').waitFor();
    const run = page.url();
    await browser.context.setOffline(true);
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('alert').getByText('nothing was sent').waitFor();
    await page.getByLabel('Type into the run').fill('held back');
    await page.keyboard.press('Enter');
    await page.getByText('the line was not sent').waitFor();
    await page.getByRole('link', { name: 'Actions' }).click();
    await page.getByRole('button', { name: 'Plain', exact: true }).click();
    await page.getByRole('alert').getByText('nothing was sent').nth(1).waitFor();
    await browser.context.setOffline(false);
    await online();
    // What is pressed now runs; what was pressed before it would have come first.
    await page.waitForTimeout(1000);
    await page.getByRole('button', { name: 'Plain', exact: true }).click();
    await expect.poll(async () => (await runs()).map(({ state }) => state).sort()).toEqual(['exited', 'running']);
    await page.goto(run);
    expect((await client.http('GET', `/api/runs/${run.split('/').at(-1)}/output`)).text).not.toContain('held back');
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByText('Cancelled').first().waitFor();
  });

  test('a press that a silent network holds back for longer than the page waits does not run', async () => {
    await page.goto(stage.url);
    const before = (await runs()).length;
    await page.getByRole('button', { name: 'Plain', exact: true }).waitFor();
    await page.waitForTimeout(1000);
    stage.browserNetwork.stall('up');
    await page.getByRole('button', { name: 'Plain', exact: true }).click();
    await page.getByRole('alert').getByText('It does not start any later').waitFor({ timeout: 60_000 });
    stage.browserNetwork.heal();
    const again = await stage.client();
    await page.waitForTimeout(3000);
    expect((await again.http('GET', '/api/runs')).json().items).toHaveLength(before);
    await page.getByRole('button', { name: 'Plain', exact: true }).click();
    await eventually('the next press runs', async () => (await again.http('GET', '/api/runs')).json().items.length, {
      holds: (seen) => seen === before + 1,
    });
    again.close();
  });

  test('a place whose code the network keeps back says so inside the page, and comes by itself', async () => {
    await using fresh = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await fresh.context.route(/\/assets\/runs-.*\.js$/, (route) => route.abort('internetdisconnected'));
    const there = await logIn(fresh, stage.url, 'admin', 'the password of the stage');
    let loads = 0;
    there.on('load', () => {
      loads += 1;
    });
    await fresh.context.setOffline(true);
    await there.getByRole('link', { name: 'Runs', exact: true }).tap();
    await there.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    await there.getByRole('button', { name: 'Try again' }).tap();
    await there.getByRole('link', { name: 'Actions' }).tap();
    await there.getByRole('heading', { name: 'Actions' }).waitFor();
    await there.getByRole('link', { name: 'Runs', exact: true }).tap();
    await there.getByRole('heading', { name: 'This page could not be loaded' }).waitFor();
    expect([loads, new URL(there.url()).pathname]).toEqual([0, '/runs']);
    await fresh.context.unroute(/\/assets\/runs-.*\.js$/);
    await fresh.context.setOffline(false);
    await there.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  });

  test('every place opens without a network, once the page has been open for a while', async () => {
    await page.goto(stage.url);
    await page.getByRole('button', { name: 'Plain', exact: true }).waitFor();
    await eventually('the last place has been brought', () =>
      page.evaluate(() => performance.getEntriesByType('resource').some(({ name }) => /\/action-editor-.*\.js$/.test(name))),
    );
    await page.waitForLoadState('networkidle');
    await browser.context.setOffline(true);
    for (const place of ['Runs', 'Scripts', 'Search', 'Plugins', 'System', 'Users', 'Audit', 'Settings', 'Account']) {
      const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: place, exact: true });
      if (!(await link.isVisible())) await page.getByRole('button', { name: 'More' }).click();
      await link.click();
      await page.getByRole('heading', { level: 1, name: place === 'Account' ? /./ : place }).waitFor();
      expect(new URL(page.url()).pathname).toBe(`/${place.toLowerCase()}`);
    }
    await browser.context.setOffline(false);
    await online();
  });

  test('a browser whose clock is wrong shows the host’s time, and its presses are in time', async () => {
    for (const wrong of [-3 * 3_600_000, 26 * 3_600_000]) {
      await using skewed = await launchBrowser({ viewport: { width: 1280, height: 800 } });
      await skewed.context.addInitScript({
        content: `{
          const Real = Date;
          globalThis.Date = class extends Real {
            constructor(...given) {
              super(...(given.length === 0 ? [Real.now() + ${wrong}] : given));
            }
            static now() {
              return Real.now() + ${wrong};
            }
          };
        }`,
      });
      const there = await logIn(skewed, stage.url, 'admin', 'the password of the stage');
      await there.getByRole('button', { name: 'Talks', exact: true }).click();
      await there.locator('a.press-open').click();
      await there
        .getByText(/^0:\d\d$/)
        .first()
        .waitFor();
      await there.getByRole('button', { name: 'Cancel', exact: true }).click();
      await there.getByText('Cancelled').first().waitFor();
      await there
        .getByText(/just now|sec\. ago|seconds ago/)
        .first()
        .waitFor();
      await there.goto(stage.url);
      await there
        .getByText(/just now|[0-9]+s ago|sec\. ago/)
        .first()
        .waitFor();
      // The audit's newest hour is the host's.
      await there.goto(`${stage.url}/audit`);
      await there.getByText('Today').first().waitFor();
    }
  });
});
