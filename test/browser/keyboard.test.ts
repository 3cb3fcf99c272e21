import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { focusMark } from './focus-mark.ts';
import { logIn } from './log-in.ts';

/** Where a keyboard is after a page opened, after a dialog closed, and when what had the focus is gone. */

const PASSWORD = 'correct horse battery';

describeInBrowser('the focus', () => {
  let toru: Toru;
  let admin: Client;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    admin = await Client.of(toru, 'admin', PASSWORD);
    const script = (name: string, text: string): void => writeFileSync(join(toru.home, 'scripts', name), text, { mode: 0o755 });
    script('ask.sh', '#!/bin/sh\nread -r answer\n');
    script('lines.sh', '#!/bin/sh\nseq 1 400\n');
    const inputs = [{ type: 'text', name: 'who', label: 'Who' }];
    for (const action of [
      { id: 'form', label: 'Form', script: 'lines.sh', inputs },
      { id: 'asks', label: 'Asks', script: 'ask.sh', stdin: true },
      { id: 'lines', label: 'Lines', script: 'lines.sh' },
    ])
      expect((await admin.http('POST', '/api/actions', action)).status).toBe(201);
    expect((await admin.http('POST', '/api/runs', { action: 'lines' })).status).toBe(202);
  });
  afterAll(async () => {
    admin?.close();
    await toru?.[Symbol.asyncDispose]();
  });

  /** What has the focus, by its name; its mark is seen. */
  const focused = async (page: Page): Promise<string> => {
    const mark = await focusMark(page);
    const name = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === null || element === document.body) return 'nothing';
      const named = document.getElementById(element.getAttribute('aria-labelledby') ?? '') ?? element;
      return `${element.localName} ${(element.getAttribute('aria-label') ?? named.textContent).trim()}`;
    });
    return mark !== null && mark.contrast < 3 ? `${name}, without a mark` : name;
  };
  /** Gives a control the focus as Tab would, and presses it. */
  const enter = async (page: Page, selector: string): Promise<void> => {
    await page.keyboard.press('Shift');
    await page.locator(selector).first().focus();
    await page.keyboard.press('Enter');
  };

  test('goes to the heading of each page that is opened, as soon as it is there', async () => {
    await using browser = await launchBrowser();
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    // Each page's code and its answers come late.
    await page.route(/\/assets\/.*\.js$|\/api\/(?!ws)/, async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await route.continue();
    });
    const pages: [path: string, heading: string][] = [
      ['/runs', 'Runs'],
      ['/search', 'Search'],
      ['/scripts', 'Scripts'],
      ['/plugins', 'Plugins'],
      ['/system', 'System'],
      ['/users', 'Users'],
      ['/audit', 'Audit'],
      ['/settings', 'Settings'],
      ['/account', 'Account'],
      ['/', 'Actions'],
    ];
    for (const [path, heading] of pages) {
      await enter(page, `.rail-list a[href="${path}"]`);
      await expect.poll(() => focused(page), { message: path }).toMatch(new RegExp(`^(?:h1 ${heading}|input )`));
    }
    // From within a page that goes with it.
    await enter(page, '.tile:has-text("Lines") a.tile-foot');
    await expect.poll(() => focused(page)).toBe('h1 Lines');
    await enter(page, '.run-back');
    await expect.poll(() => focused(page)).toBe('h1 Actions');
    // By the palette.
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Go to' }).getByRole('searchbox').fill('settings');
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('h1 Settings');
    await page.goBack();
    await expect.poll(() => focused(page)).toBe('h1 Actions');
  });

  test('stays in a dialog that was opened before the page behind it was there', async () => {
    await using browser = await launchBrowser();
    const { promise: late, resolve: letCome } = Promise.withResolvers<void>();
    await browser.context.route(/\/assets\/users-.*\.js$/, async (route) => {
      await late;
      await route.continue();
    });
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    await enter(page, '.rail-list a[href="/users"]');
    await page.waitForURL('**/users');
    await page.keyboard.press('Control+k');
    const field = page.getByRole('dialog', { name: 'Go to' }).getByRole('searchbox');
    await field.waitFor();
    letCome();
    await page.locator('h1', { hasText: 'Users' }).waitFor();
    for (const letter of 'zzzz') {
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 1))));
      await page.keyboard.press(letter);
    }
    expect([await field.inputValue(), await focused(page)]).toEqual(['zzzz', 'input An action, a page or a run']);
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('h1 Users');
  });

  test('goes back from a dialog to what opened it', async () => {
    await using browser = await launchBrowser();
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    const sheets: [path: string, opener: string, name: string][] = [
      ['/', '.tile:has-text("Form") .tile-press', 'button Form'],
      ['/', '.tile:has-text("Lines") .tile-menu', 'button Options'],
      ['/', '.rail-palette', 'button Go to … Ctrl K'],
      ['/', '.rail-foot button', 'button On your phone'],
      ['/runs', '.run-row-menu', 'button More on Lines'],
      ['/runs', 'button:has-text("Export")', 'button Export'],
      ['/users', 'button[aria-label="Add a user"]', 'button Add a user'],
      ['/scripts', 'button:has-text("Add a script")', 'button Add a script'],
    ];
    for (const [path, opener, name] of sheets) {
      await page.goto(toru.url + path);
      await page.locator(opener).first().waitFor();
      await enter(page, opener);
      await page.getByRole('dialog').waitFor();
      await expect.poll(() => page.evaluate(() => document.activeElement?.closest('dialog') !== null), { message: opener }).toBe(true);
      // Round and round in it, and never behind it.
      for (let tabs = 0; tabs < 12; tabs += 1) {
        await page.keyboard.press('Tab');
        const behind = await page.evaluate(
          () => document.activeElement !== document.body && document.activeElement?.closest('dialog') === null,
        );
        expect([opener, behind]).toEqual([opener, false]);
      }
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      await expect.poll(() => focused(page), { message: opener }).toBe(name);
    }
    // One dialog out of another.
    await page.goto(toru.url);
    await enter(page, '.tile:has-text("Lines") .tile-menu');
    await enter(page, 'dialog button:has-text("Tell me when it ends")');
    await page.getByRole('dialog', { name: 'Tell me when it ends' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => focused(page)).toBe('button Options');
  });

  test('goes to the heading when what had it, or what opened the dialog, is gone', async () => {
    await using browser = await launchBrowser();
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    // Cancel goes with the run's end; so does the field of an answer.
    for (const leave of ['.run-cancel', '.answer textarea, .answer input']) {
      const { task_id } = (await admin.http('POST', '/api/runs', { action: 'asks' })).json();
      await page.goto(`${toru.url}/runs/${task_id}`);
      await page.locator(leave).first().waitFor();
      await page.keyboard.press('Shift');
      await page.locator(leave).first().focus();
      expect((await admin.http('POST', `/api/runs/${task_id}/cancel`)).status).toBe(202);
      await page.getByRole('button', { name: 'Run again' }).waitFor();
      await expect.poll(() => focused(page), { message: leave }).toBe('h1 Asks');
    }
    // The row whose menu is open.
    const { task_id } = (await admin.http('POST', '/api/runs', { action: 'lines' })).json();
    await expect.poll(async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state).toBe('exited');
    await page.goto(`${toru.url}/runs`);
    await page.locator('.run-row-menu').first().waitFor();
    await enter(page, '.run-row-menu');
    await enter(page, 'dialog button:has-text("Delete")');
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).focus();
    // What comes under a key that was just pressed is not meant by the next press.
    await page.waitForTimeout(1000);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await expect.poll(() => focused(page)).toBe('h1 Runs');
  });

  test('stays where a mouse pressed on nothing', async () => {
    await using browser = await launchBrowser();
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    await page.locator('.rail-list a[href="/runs"]').click();
    await expect.poll(() => page.evaluate(() => document.activeElement?.localName)).toBe('h1');
    expect(await page.evaluate(() => document.activeElement?.matches(':focus-visible')), 'no ring after a click').toBe(false);
    await page.mouse.click(700, 780);
    await page.waitForTimeout(300);
    expect(await page.evaluate(() => document.activeElement?.localName)).not.toBe('h1');
  });
});
