import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';
import { PASSWORD, withToru } from './scene.ts';

/** Ctrl K: to any action, page or run by a few letters. */

describeInBrowser('the palette', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    await admin.http('POST', '/api/users', { username: 'cleo', password: PASSWORD, role: 'client' });
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 800 } }));
  });

  async function open(): Promise<void> {
    await page.keyboard.press('Control+k');
    await page.getByRole('searchbox', { name: 'An action, a page or a run' }).waitFor();
  }
  const found = () => page.getByRole('option').allTextContents();

  test('goes to a page, an action and a run by keyboard alone, and starts nothing', async () => {
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'hello.sh' })).json();
    await open();
    await page.keyboard.type('sett');
    await expect.poll(found).toEqual([expect.stringContaining('Settings')]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();

    const before = (await admin.http('GET', '/api/runs')).json().items.length;
    await open();
    await page.keyboard.type('say h');
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/a\//);
    expect((await admin.http('GET', '/api/runs')).json().items).toHaveLength(before);

    await open();
    await page.keyboard.type('hello.sh');
    await page.getByRole('option', { name: /hello\.sh/ }).click();
    await page.waitForURL(new RegExp(`/runs/${task_id}$`));
  });

  test('says that nothing was found, and closes', async () => {
    await open();
    await page.keyboard.type('zzzz');
    await page.getByText('Nothing here has “zzzz” in its name.').waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('searchbox', { name: 'An action, a page or a run' }).count()).toBe(0);
  });

  test('cuts a long name on a phone, and never what stands beside it', async () => {
    const label = 'An action whose name is longer than any phone is wide, and then some';
    expect((await admin.http('POST', '/api/actions', { id: 'long', label, script: 'hello.sh' })).status).toBe(201);
    await admin.http('POST', '/api/runs', { action: 'long' });
    await page.setViewportSize({ width: 320, height: 568 });
    await page.goto(toru.url);
    await page.getByRole('button', { name: 'Go to …' }).click();
    await page
      .getByRole('option', { name: new RegExp(label) })
      .first()
      .waitFor();
    const beyond = await page.locator('.palette').evaluate((list) => {
      const edge = list.getBoundingClientRect().right;
      return [...list.querySelectorAll('.palette-aside')]
        .filter((aside) => aside.getBoundingClientRect().right > edge)
        .map((aside) => aside.textContent);
    });
    expect(beyond).toEqual([]);
    await page.keyboard.press('Escape');
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  test('shows a client nothing of what only admins see', async () => {
    await using other = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const client = await logIn(other, toru.url, 'cleo', PASSWORD);
    await client.getByRole('button', { name: 'Go to …' }).tap();
    await client.getByRole('option', { name: /Runs/ }).waitFor();
    // What is typed goes into its field without another tap.
    await client.keyboard.type('ru');
    expect(await client.getByRole('searchbox', { name: 'An action, a page or a run' }).inputValue()).toBe('ru');
    for (const name of ['Settings', 'Users', 'Scripts']) expect(await client.getByRole('option', { name }).count()).toBe(0);
  });
});
