import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** A code on the computer opens the same place on the phone, logged in, once it was confirmed on the computer. */

const PASSWORD = 'correct horse battery';

describeInBrowser('a code for the phone', () => {
  let toru: Toru;
  let computer: Browser;
  let phone: Browser;
  let page: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    computer = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    page = await logIn(computer, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    await phone?.[Symbol.asyncDispose]();
    await computer?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  /** @returns what the picture says, with the code that the host made. */
  async function show(press: () => Promise<void>): Promise<string> {
    const answer = page.waitForResponse((response) => response.url().endsWith('/api/login-links/devices'));
    await press();
    const { code } = await (await answer).json();
    await page.getByRole('img', { name: 'Code for the phone’s camera' }).waitFor();
    return `${toru.url}/login?next=${encodeURIComponent(new URL(page.url()).pathname)}#code=${code}`;
  }
  async function come(link: string): Promise<Page> {
    const comer = await phone.context.newPage();
    await comer.goto(link);
    await comer.getByRole('button', { name: 'Log in with this link' }).tap();
    return comer;
  }

  test('lets the phone in when it is confirmed, at the same place, and nobody else with the same code', async () => {
    await page.goto(`${toru.url}/runs`);
    const link = await show(() => page.getByRole('button', { name: 'On your phone' }).click());
    const mine = await come(link);
    await mine.getByText('Now confirm it on the device').waitFor();
    await page.getByText('came with this code').waitFor();
    const other = await come(link);
    await other.getByText('This link was used').waitFor();
    expect(await mine.getByText('Now confirm it on the device').isVisible()).toBe(true);
    await page.getByRole('button', { name: 'Let it in' }).click();
    await mine.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    await page.getByText('The other device is logged in.').waitFor();
    expect(await mine.evaluate(async () => (await (await fetch('/api/me')).json()).user.username)).toBe('admin');
    for (const tab of [mine, other]) await tab.close();
  });

  test('lets nobody in when it is refused', async () => {
    await phone.context.clearCookies();
    const link = await show(() => page.getByRole('button', { name: 'On your phone' }).click());
    const comer = await come(link);
    await page.getByRole('button', { name: 'Not mine' }).click();
    await comer.getByText('This link was used').waitFor();
    expect(await comer.evaluate(async () => (await fetch('/api/me')).status)).toBe(401);
  });

  test('an answer from before the confirmation, which comes after it, undoes nothing', async () => {
    await phone.context.clearCookies();
    const link = await show(() => page.getByRole('button', { name: 'On your phone' }).click());
    const comer = await come(link);
    await page.getByText('came with this code').waitFor();
    const confirmed = Promise.withResolvers<void>();
    const isIn = Promise.withResolvers<void>();
    const held = Promise.withResolvers<void>();
    await page.route('**/api/login-links/devices/*', async (route) => {
      if (route.request().method() !== 'GET') return route.fallback();
      const response = await route.fetch();
      const { state } = await response.json();
      held.resolve();
      await (state === 'asks' ? confirmed.promise : isIn.promise);
      return route.fulfill({ response });
    });
    await held.promise;
    await page.getByRole('button', { name: 'Let it in' }).click();
    await page.getByText('It is being logged in…').waitFor();
    confirmed.resolve();
    await comer.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    isIn.resolve();
    await page.getByText('The other device is logged in.').last().waitFor();
    await expect.poll(() => page.getByRole('dialog').count()).toBe(0);
  });
});
