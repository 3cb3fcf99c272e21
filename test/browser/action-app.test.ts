import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** An action as an app of its own, on a phone: pressed, read, installed, and run when its icon is opened. */

const PASSWORD = 'correct horse battery';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, serviceWorkers: 'allow' } as const;
const ACTIONS = [
  { id: 'lights', label: 'Evening lights', icon: 'moon', color: 'amber', body: 'echo "dimmed to 30 %"' },
  { id: 'slow', label: 'Slow', body: 'echo begun; read -r line; echo over', stdin: true },
  {
    id: 'asks',
    label: 'Asks',
    body: 'echo "to $1"',
    inputs: [{ type: 'text', name: 'to', label: 'To', required: true, pass: { by: 'argument' } }],
  },
  { id: 'held', label: 'Held', body: 'echo held', confirm: 'hold' },
];

describeInBrowser('an action’s own app', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    admin = await Client.of(toru, 'admin', PASSWORD);
    for (const { body, ...action } of ACTIONS) {
      const path = join(toru.home, 'scripts', `${action.id}.sh`);
      writeFileSync(path, `#!/bin/sh\n${body}\n`);
      chmodSync(path, 0o755);
      const made = await admin.http('POST', '/api/actions', { ...action, script: `${action.id}.sh` });
      expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    }
    browser = await launchBrowser(PHONE);
    page = await logIn(browser, toru.url, 'admin', PASSWORD);
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  });
  afterAll(async () => {
    admin?.close();
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  const runsOf = async (action: string): Promise<{ task_id: string; state: string }[]> =>
    (await admin.http('GET', `/api/runs?action=${action}`)).json().items;
  const key = (name: string | RegExp = 'Run') => page.getByRole('button', { name, exact: true });
  const at = (path: string) => page.goto(toru.url + path);
  /** What was started by itself would have been by now: a press behind it has ended. */
  const settle = (): Promise<void> => page.waitForTimeout(3500);
  /** The two seconds are over before a busy machine has brought a tap from here: the page looks itself. @returns what it showed. */
  async function countdown(then: 'stop' | 'wait'): Promise<{ text: string; height: number }> {
    const seen = await page.waitForFunction((what) => {
      const stop = document.querySelector<HTMLElement>('.app-stop');
      if (stop === null) return null;
      const found = { text: document.querySelector('.countdown p')?.textContent ?? '', height: stop.getBoundingClientRect().height };
      if (what === 'stop') stop.click();
      return found;
    }, then);
    const found = await seen.jsonValue();
    if (found === null) throw new Error('there was no countdown');
    return found;
  }

  test('a tap runs it, and shows how it ended; its output is one tap away, inside the app', async () => {
    await at('/a/lights');
    await page.getByRole('heading', { name: 'Evening lights', level: 1 }).waitFor();
    await page.getByText('Never run').waitFor();
    const box = await key().boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(96);
    // In the lower half, where the thumb is.
    expect(box?.y).toBeGreaterThan(422);
    await key().tap();
    const last = page.locator('a.app-last');
    await last.getByText('Succeeded').waitFor();
    await last.getByText('dimmed to 30 %').waitFor();
    await last.tap();
    await page.locator('.log-line', { hasText: 'dimmed to 30 %' }).waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/a\/lights\/runs\/[0-9a-f-]{36}$/);
    await page.getByRole('link', { name: 'Back' }).tap();
    await key().waitFor();
    expect(await runsOf('lights')).toHaveLength(1);
  });

  test('every control is as large as a thumb, and nothing is wider than the screen', async () => {
    for (const { width, height } of [
      { width: 390, height: 844 },
      { width: 320, height: 568 },
      { width: 844, height: 390 },
    ]) {
      await page.setViewportSize({ width, height });
      await at('/a/lights');
      await key().waitFor();
      const small = await page.evaluate(() =>
        [...document.querySelectorAll('main button, main a, main .switch')]
          .map((element) => ({ text: element.textContent, box: element.getBoundingClientRect() }))
          .filter(({ box }) => box.height < 44 || box.right > innerWidth)
          .map(({ text }) => text),
      );
      expect(small).toEqual([]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    }
    await page.setViewportSize(PHONE.viewport);
  });

  test('the browser finds nothing wrong with its manifest, and an icon for iOS', async () => {
    await at('/a/lights');
    await key().waitFor();
    const devtools = await page.context().newCDPSession(page);
    const { url, errors, data } = await devtools.send('Page.getAppManifest');
    expect([new URL(url).pathname, errors]).toEqual(['/a/lights/manifest.webmanifest', []]);
    expect(JSON.parse(data ?? '')).toMatchObject({ id: '/a/lights', start_url: '/a/lights', scope: '/a/lights', name: 'Evening lights' });
    const { installabilityErrors } = await devtools.send('Page.getInstallabilityErrors');
    // A window of a test's profile counts as one that keeps nothing.
    expect(installabilityErrors.map(({ errorId }) => errorId).filter((id) => id !== 'in-incognito')).toEqual([]);
    await expect.poll(() => page.locator('link[rel=apple-touch-icon]').getAttribute('href')).toBe('/icons/amber/moon/180.png');
    await expect.poll(() => page.locator('meta[name=apple-mobile-web-app-title]').getAttribute('content')).toBe('Evening lights');
  });

  test('what asks first asks here too; one that is under way is cancelled at the same place', async () => {
    await at('/a/asks');
    await key('Run…').tap();
    await page.getByLabel('To').fill('everyone');
    await key().tap();
    await page.locator('a.app-last').getByText('to everyone').waitFor();
    await at('/a/slow');
    await key().tap();
    await page.locator('a.app-last').getByText('begun').waitFor();
    await page.waitForTimeout(900);
    await key('Cancel').tap();
    await page.locator('a.app-last').getByText('Cancelled').waitFor();
    await key().waitFor();
  });

  test('it runs at once only where somebody wished for it, and says so for two seconds', async () => {
    const before = (await runsOf('lights')).length;
    await at('/a/lights');
    await key().waitFor();
    await settle();
    expect(await runsOf('lights')).toHaveLength(before);
    await page.getByRole('switch', { name: /Run at once/ }).tap();
    // Wished for, and opened before: nothing happens by that.
    await settle();
    expect(await runsOf('lights')).toHaveLength(before);

    await at('/a/lights');
    const { text, height } = await countdown('wait');
    expect(text).toMatch(/^Evening lights runs in (2 seconds|1 second)$/);
    expect(height).toBeGreaterThanOrEqual(96);
    await expect.poll(async () => (await runsOf('lights')).length).toBe(before + 1);
    await key().waitFor();
    await settle();
    expect(await runsOf('lights')).toHaveLength(before + 1);

    await at('/a/lights');
    await countdown('stop');
    await settle();
    // By the keyboard.
    await page.addInitScript(() => {
      new MutationObserver(() => {
        if (document.querySelector('.countdown') !== null) dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape' }));
      }).observe(document, { childList: true, subtree: true });
    });
    await at('/a/lights');
    await key().waitFor();
    await settle();
    const fresh = await browser.context.newPage();
    await page.close();
    page = fresh;
    expect(await runsOf('lights')).toHaveLength(before + 1);
  });

  test('no reload, way back, link, script or frame runs it, nor a page that was made ready ahead or is not looked at', async () => {
    const before = (await runsOf('lights')).length;
    const nothing = async (what: string): Promise<void> => {
      await page.getByRole('heading', { name: 'Evening lights', level: 1 }).waitFor();
      await settle();
      expect([what, (await runsOf('lights')).length]).toEqual([what, before]);
    };
    await at('/a/lights?x=1');
    await nothing('a query');
    await at('/a/lights');
    await countdown('stop');
    await page.reload();
    await nothing('a reload');
    await at('/runs');
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    await page.goBack();
    await nothing('the way back');
    await at('/');
    await page.evaluate(() => {
      location.href = '/a/lights';
    });
    await nothing('a script of our own page');
    // Another site, whose link leads here.
    await page.goto(`data:text/html,<a href="${toru.url}/a/lights">x</a>`);
    await page.getByRole('link').tap();
    await nothing('a link of another site');
    // One that another tab covers.
    await at('/');
    await page.addInitScript(() => Object.defineProperty(Document.prototype, 'visibilityState', { get: () => 'hidden' }));
    await at('/a/lights');
    await nothing('a page that is not looked at');
  });

  test('what asks or is held is never run at once, whatever this device remembers', async () => {
    const fresh = await browser.context.newPage();
    await page.close();
    page = fresh;
    await at('/a/held');
    await key('Run…').waitFor();
    await expect.poll(() => page.getByRole('switch', { name: /Run at once/ }).isDisabled()).toBe(true);
    await page.evaluate(() => {
      const kept = JSON.parse(localStorage.getItem('toru.at-once') ?? '{}');
      for (const user of Object.keys(kept)) kept[user].push('held', 'asks');
      localStorage.setItem('toru.at-once', JSON.stringify(kept));
    });
    for (const id of ['held', 'asks']) {
      const before = (await runsOf(id)).length;
      await at(`/a/${id}`);
      await key('Run…').waitFor();
      await settle();
      expect(await runsOf(id)).toHaveLength(before);
    }
  });

  test('one that was removed says so, and a session that ended leads to the login and back', async () => {
    await at('/a/was-here');
    await page.getByRole('heading', { name: 'Not here any more' }).waitFor();
    await page.getByRole('link', { name: 'Go to the actions' }).waitFor();
    await at('/a/lights');
    await countdown('stop');
    await page.context().clearCookies();
    await at('/a/lights');
    await page.getByLabel('Username').fill('admin');
    expect(await page.content()).not.toContain('Evening');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).tap();
    await key().waitFor();
    expect(new URL(page.url()).pathname).toBe('/a/lights');
  });

  test('without a network it says so, and comes back by itself', async () => {
    await at('/a/held');
    await key('Run…').waitFor();
    await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
    });
    await page.waitForLoadState('networkidle');
    await page.context().setOffline(true);
    await key('This device is offline').waitFor();
    await expect.poll(() => key('This device is offline').isDisabled()).toBe(true);
    await page.reload();
    await page.getByRole('heading', { name: 'This device is offline' }).waitFor();
    expect(await page.content()).not.toContain('Held');
    await page.context().setOffline(false);
    await key('Run…').waitFor();
  });

  test('a tile’s options and the editor lead there', async () => {
    await at('/');
    const tile = page.locator('.tile', { hasText: 'Held' });
    await tile.getByRole('button', { name: 'Options' }).tap();
    await page.getByRole('link', { name: 'Put on the home screen' }).tap();
    await page.getByRole('heading', { name: 'Held', level: 1 }).waitFor();
    await expect.poll(() => page.locator('link[rel=manifest]').getAttribute('href')).toBe('/a/held/manifest.webmanifest');
    await page.getByRole('link', { name: 'Edit this action' }).tap();
    await page.getByRole('link', { name: 'Put on the home screen' }).tap();
    await key('Run…').waitFor();
    expect(complaints.filter((text) => !/ERR_INTERNET_DISCONNECTED|401|Failed to load resource/.test(text))).toEqual([]);
  });
});
