import { randomUUID } from 'node:crypto';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from '../faults/stage.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { logIn } from './log-in.ts';

/** The page with the host away: what is pressed can wait for it. */

describeInBrowser('with the host away', () => {
  let stage: Stage;
  let client: Client;
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    stage = await Stage.open();
    client = await stage.client();
    for (const action of [
      { id: 'plain', label: 'Plain', script: 'args.sh', args: ['hello'] },
      {
        id: 'asks',
        label: 'Asks',
        script: 'args.sh',
        inputs: [{ type: 'text', name: 'what', label: 'What', required: true, pass: { by: 'argument' } }],
      },
    ])
      expect((await client.http('POST', '/api/actions', action)).status).toBe(201);
    browser = await launchBrowser({ viewport: { width: 390, height: 844 } });
    browser.context.on('weberror', (error) => complaints.push(error.error().message));
    const page = await logIn(browser, stage.url, 'admin', 'the password of the stage');
    await page.close();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await stage?.close();
  });

  async function tab(path = '/'): Promise<Page> {
    const page = await browser.context.newPage();
    await page.goto(stage.url + path);
    return page;
  }
  const tile = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true });
  const waiting = (page: Page): Locator => page.getByRole('list', { name: 'Runs that wait for the host' }).getByRole('listitem');
  const later = (page: Page): Locator => page.getByRole('button', { name: /^Run when .* is back$/ });
  const expired = () => client.http('POST', '/api/runs', { script: 'args.sh', request_id: randomUUID(), when_away: 'queue', expires_s: 1 });

  test('a press can wait: seen after a reload and in a second tab, withdrawn from there, started once the host is back', async () => {
    const one = await tab();
    const two = await tab('/runs');
    await tile(one, 'Plain').waitFor();
    await stage.stopAgent();
    await one.getByText('Host offline since').waitFor();
    // A tab that was opened now has the actions of the last time.
    await one.reload();
    await tile(one, 'Plain').click();
    await expect.poll(() => one.getByLabel('Wait at most').inputValue()).toBe('3600');
    // Not by itself: who goes back has asked for nothing.
    await one.keyboard.press('Escape');
    // What lies under a dialog takes no focus.
    await one.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await waiting(one).count()).toBe(0);
    // A press of a tile that moved a moment ago is swallowed: the page is still being laid out on a slow machine.
    await eventually('Enter opens it again', async () => {
      if (await later(one).isVisible()) return true;
      await tile(one, 'Plain').focus();
      await one.keyboard.press('Enter');
      return later(one)
        .waitFor({ timeout: 3000 })
        .then(() => true)
        .catch(() => false);
    });
    // A second Enter at once would be the first one's echo.
    await one.waitForTimeout(900);
    await later(one).press('Enter');
    await waiting(one).filter({ hasText: 'Plain' }).getByText('Waiting', { exact: true }).waitFor();

    await tile(one, 'Asks').click();
    await one.getByLabel('What').fill('<b>later</b>');
    await one.getByLabel('Wait at most').selectOption('1 day');
    await one.getByText('Until then the server keeps what you typed.').waitFor();
    await later(one).click();
    await waiting(two).nth(1).waitFor();
    await two.getByRole('button', { name: 'Withdraw Plain' }).click();
    await waiting(one).filter({ hasText: 'Plain' }).waitFor({ state: 'detached' });
    await one.reload();
    await waiting(one).getByText('Asks').waitFor();
    expect(await waiting(one).count()).toBe(1);
    expect(await one.evaluate(() => document.documentElement.scrollWidth - innerWidth), 'pixels too wide').toBeLessThanOrEqual(0);

    await stage.startAgent();
    await waiting(one).getByText('Started', { exact: true }).waitFor();
    await waiting(two).getByText('Started', { exact: true }).waitFor();
    expect(await one.getByText('Asks has started.').getAttribute('role')).toBe('status');
    await waiting(one).getByRole('link').click();
    await one.getByLabel('Output', { exact: true }).getByText('<b>later</b>').waitFor();
    // Who has seen the run needs to be led there no more.
    await waiting(two).waitFor({ state: 'detached' });
    expect((await client.http('GET', '/api/runs')).json().items.map(({ label }: { label: string }) => label)).toEqual(['Asks']);
    await one.close();
    await two.close();
  });

  test('what came too late is shown, and run now when the host is back; it is withdrawn from sight then', async () => {
    const page = await tab();
    await tile(page, 'Plain').waitFor();
    await stage.stopAgent();
    await page.getByText('Host offline since').waitFor();
    expect((await expired()).status).toBe(202);
    await waiting(page).getByText('Expired', { exact: true }).waitFor();
    await waiting(page).getByText('The host did not come back in time.').waitFor();
    const now = page.getByRole('button', { name: 'Run args.sh now' });
    expect(await now.count()).toBe(0);
    await stage.startAgent();
    await now.click();
    // It is asked for again: the edge forgot the arguments as it expired.
    await page.getByLabel('Arguments').fill('again');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByLabel('Output', { exact: true }).getByText('again').waitFor();
    await page.getByRole('link', { name: 'Actions' }).click();
    await tile(page, 'Plain').waitFor();
    await waiting(page).waitFor({ state: 'detached' });
    await page.close();
  });

  test('an action’s own app offers to wait for the host, and shows what waits; it is never run at once then', async () => {
    const page = await tab('/a/plain');
    await page.getByRole('switch', { name: /Run at once/ }).click();
    const before = (await client.http('GET', '/api/runs?action=plain')).json().items.length;
    await stage.stopAgent();
    await later(page).waitFor();
    await page.goto(`${stage.url}/a/plain`);
    // The sheet has a button of the same name.
    await later(page).click();
    await page.getByLabel('Wait at most').selectOption('1 day');
    await page.waitForTimeout(900);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /^Run when/ })
      .click();
    await waiting(page).filter({ hasText: 'Plain' }).getByText('Waiting', { exact: true }).waitFor();
    expect(await waiting(page).count()).toBe(1);
    await stage.startAgent();
    await page.locator('a.app-last').getByText('Succeeded').waitFor();
    expect((await client.http('GET', '/api/runs?action=plain')).json().items).toHaveLength(before + 1);
    await page.close();
  });

  test('nothing complained meanwhile, and a logout takes what was kept in the browser', async () => {
    const page = await tab();
    await tile(page, 'Plain').waitFor();
    expect(await page.evaluate(() => localStorage.getItem('toru.actions'))).not.toContain('args.sh');
    await page.evaluate(() => fetch('/api/logout', { method: 'POST' }));
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    expect(await page.evaluate(() => localStorage.getItem('toru.actions'))).toBeNull();
    expect(complaints).toEqual([]);
  });
});
