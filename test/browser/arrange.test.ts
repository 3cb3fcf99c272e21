import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** The home as an admin arranges it for everyone: by mouse, by finger, and by keyboard alone. */

const PASSWORD = 'correct horse battery';
const PHONE = { width: 390, height: 844 };

describeInBrowser('arranging the home', () => {
  let toru: Toru;
  let admin: Client;
  let desk: Browser;
  let phone: Browser;
  let page: Page;
  let touch: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    writeFileSync(join(toru.home, 'scripts', 'say.sh'), '#!/bin/sh\necho said\n', { mode: 0o755 });
    admin = await Client.of(toru, 'admin', PASSWORD);
    for (const { id } of (await admin.http('GET', '/api/actions')).json().items) await admin.http('DELETE', `/api/actions/${id}`);
    for (const label of ['One', 'Two', 'Three', 'Four', 'Five'])
      expect((await admin.http('POST', '/api/actions', { id: label.toLowerCase(), label, script: 'say.sh' })).status).toBe(201);
    desk = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    phone = await launchBrowser({ viewport: PHONE, hasTouch: true });
    page = await logIn(desk, toru.url, 'admin', PASSWORD);
    touch = await logIn(phone, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    admin?.close();
    for (const browser of [desk, phone]) await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  const onHost = async (): Promise<string[]> =>
    (await admin.http('GET', '/api/actions'))
      .json()
      .items.map(({ id, size }: { id: string; size: string }) => (size === 'normal' ? id : `${id}:${size}`));
  const grip = (on: Page, label: string) => on.getByRole('button', { name: new RegExp(`^Move ${label}; place`) });
  const middle = async (on: Page, label: string): Promise<{ x: number; y: number }> => {
    const box = await grip(on, label).boundingBox();
    if (box === null) throw new Error(`no ${label}`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };
  const focused = (on: Page): Promise<string> => on.evaluate(() => document.activeElement?.getAttribute('aria-label') ?? '');

  test('a tile is dragged by a mouse', async () => {
    await page.getByRole('button', { name: 'Arrange' }).click();
    const from = await middle(page, 'One');
    const to = await middle(page, 'Three');
    await page.mouse.move(from.x, from.y);
    await page.mouse.down();
    await page.mouse.move((from.x + to.x) / 2, from.y, { steps: 6 });
    await page.mouse.move(to.x, to.y, { steps: 6 });
    await page.mouse.up();
    await expect.poll(onHost).toEqual(['two', 'three', 'one', 'four', 'five']);
  });

  test('by keyboard alone it goes earlier and later, is sized, and keeps the focus', async () => {
    await grip(page, 'One').focus();
    await page.keyboard.press('ArrowRight');
    await expect.poll(onHost).toEqual(['two', 'three', 'four', 'one', 'five']);
    await expect.poll(() => focused(page)).toBe('Move One; place 4 of 5');
    await page.keyboard.press('Tab');
    await expect.poll(() => focused(page)).toBe('Move One earlier');
    for (const place of [3, 2, 1]) {
      await page.keyboard.press('Enter');
      await expect.poll(async () => (await onHost()).indexOf('one')).toBe(place - 1);
      if (place > 1) await expect.poll(() => focused(page)).toBe('Move One earlier');
    }
    // It can go no further: the focus is at the grip, and not nowhere.
    await expect.poll(() => focused(page)).toBe('Move One; place 1 of 5');
    for (let presses = 0; presses < 4 && (await focused(page)) !== 'Size of One'; presses += 1) await page.keyboard.press('Tab');
    await expect.poll(() => focused(page)).toBe('Size of One');
    await page.keyboard.press('w');
    await expect.poll(onHost).toEqual(['one:wide', 'two', 'three', 'four', 'five']);
    await expect.poll(() => focused(page)).toBe('Size of One');
  });

  test('a finger drags it, and the page does not scroll instead', async () => {
    await touch.getByRole('button', { name: 'Arrange' }).tap();
    // As the desktop left it.
    await expect.poll(() => touch.getByLabel('Size of One').inputValue()).toBe('wide');
    const devtools = await phone.context.newCDPSession(touch);
    const from = await middle(touch, 'Two');
    const to = await middle(touch, 'One');
    const finger = (type: 'touchStart' | 'touchMove' | 'touchEnd', x: number, y: number) =>
      devtools.send('Input.dispatchTouchEvent', { type, touchPoints: type === 'touchEnd' ? [] : [{ x, y }] });
    await finger('touchStart', from.x, from.y);
    for (let step = 1; step <= 8; step += 1)
      await finger('touchMove', from.x + ((to.x - from.x) * step) / 8, from.y + ((to.y - from.y) * step) / 8);
    await finger('touchEnd', 0, 0);
    await expect.poll(onHost).toEqual(['two', 'one:wide', 'three', 'four', 'five']);
    expect(await touch.evaluate(() => scrollY)).toBe(0);
    await touch.getByLabel('Size of Three').selectOption('Large');
    await expect.poll(onHost).toEqual(['two', 'one:wide', 'three:large', 'four', 'five']);
  });

  test('everybody sees it so, on a desktop, a phone and the narrowest screen, and a list has lines of one size', async () => {
    await admin.http('POST', '/api/users', { username: 'ada', password: PASSWORD, role: 'client' });
    await admin.http('PATCH', '/api/actions/three', { allow: 'everyone' });
    for (const width of [1280, 390, 320, 240]) {
      await touch.setViewportSize({ width, height: 800 });
      await touch.goto(toru.url);
      const width_of = async (label: string): Promise<number> =>
        (await touch.locator('.tile', { hasText: label }).boundingBox())?.width ?? 0;
      await touch.getByRole('button', { name: 'Two', exact: true }).waitFor();
      const ratio = (await width_of('One')) / (await width_of('Two'));
      expect([width, ratio > 1.9]).toEqual([width, width > 300]);
      expect(await touch.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      await touch.getByRole('button', { name: 'List', exact: true }).click();
      expect(Math.round((await width_of('One')) / (await width_of('Two')))).toBe(1);
      await touch.getByRole('button', { name: 'Large tiles' }).click();
    }
    const client = await Client.of(toru, 'ada', PASSWORD);
    expect((await client.http('GET', '/api/actions')).json().items).toMatchObject([{ id: 'three', size: 'large' }]);
    client.close();
  });

  test('an action that came while one arranges stands at the end, and stays when the next is moved', async () => {
    expect((await admin.http('POST', '/api/actions', { id: 'six', label: 'Six', script: 'say.sh' })).status).toBe(201);
    await admin.http('DELETE', '/api/actions/five');
    // The page hears of it with the next run.
    await admin.http('POST', '/api/runs', { action: 'two' });
    await grip(page, 'Six').waitFor();
    await grip(page, 'Six').focus();
    await page.keyboard.press('ArrowLeft');
    await expect.poll(onHost).toEqual(['two', 'one:wide', 'three:large', 'six', 'four']);
  });
});
