import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FULL } from '../../tools/test-pace.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** What is pressed twice in a hurry is pressed once, and presses nothing that came in its place. */

const PASSWORD = 'correct horse battery';
/** Milliseconds between the two; in short, a usual one. The borders are in worker/ui/parts/trails.test.ts, too. */
const PAUSES = FULL ? [80, 150, 250, 400, 600, 700] : [250];
const SETTLE_MS = 800;
/** Close enough to be judged as one. */
const isClose = (apart: number): boolean => apart < SETTLE_MS - 50;

describeInBrowser('pressed twice', () => {
  let toru: Toru;
  let admin: Client;
  let desk: Browser;
  let phone: Browser;
  let page: Page;
  let touch: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    for (const [name, text] of [
      ['quick.sh', '#!/bin/sh\necho toggled\n'],
      ['loop.sh', '#!/bin/sh\necho started\nexec sleep 600\n'],
    ] as const) {
      writeFileSync(join(toru.home, 'scripts', name), text);
      chmodSync(join(toru.home, 'scripts', name), 0o755);
    }
    admin = await Client.of(toru, 'admin', PASSWORD);
    for (const action of [
      { id: 'quick', label: 'Quick', script: 'quick.sh' },
      { id: 'asks', label: 'Asks', script: 'quick.sh', confirm: 'confirm' },
    ])
      expect((await admin.http('POST', '/api/actions', action)).status).toBe(201);
    // First, where no message comes over them.
    const ids = (await admin.http('GET', '/api/actions')).json().items.map(({ id }: { id: string }) => id);
    const order = ['quick', 'asks', ...ids.filter((id: string) => id !== 'quick' && id !== 'asks')];
    expect((await admin.http('PUT', '/api/actions/order', { ids: order })).status).toBeLessThan(300);
    desk = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    page = await logIn(desk, toru.url, 'admin', PASSWORD);
    touch = await logIn(phone, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    admin?.close();
    for (const browser of [desk, phone]) await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  const runs = async (): Promise<number> => (await admin.http('GET', '/api/runs?limit=200')).json().items.length;
  const quiet = async (): Promise<void> =>
    eventually('nothing runs', async () => (await admin.http('GET', '/api/runs?status=running,queued')).json().items.length, {
      holds: (seen) => seen === 0,
    });
  /** What was pressed has ended, the tile says so for long enough to be read, and nothing more came. */
  const rested = async (on: Page): Promise<void> => {
    await quiet();
    await on.locator('[data-acts=run]').filter({ hasText: 'Quick' }).waitFor();
    await on.waitForTimeout(1000);
  };
  /**
   * Presses twice. A busy machine makes the pause longer: what then is no double press any more is not judged.
   * @returns the milliseconds between the two.
   */
  const twice = async (on: Page, press: () => Promise<void>, pause: number): Promise<number> => {
    await on.evaluate(() => {
      const times: number[] = [];
      Object.assign(globalThis, { pressTimes: times });
      for (const type of ['pointerdown', 'keydown']) addEventListener(type, (event) => times.push(event.timeStamp), true);
    });
    await press();
    await on.waitForTimeout(pause);
    await press();
    const [first = 0, second = 0]: number[] = await on.evaluate(() => Reflect.get(globalThis, 'pressTimes'));
    return second - first;
  };
  /** @returns how many runs came of it; null when it is not judged. */
  const runsOf = async (on: Page, press: () => Promise<void>, pause: number): Promise<number | null> => {
    const before = await runs();
    const apart = await twice(on, press, pause);
    await eventually('the press ran', async () => await runs(), { holds: (seen) => seen > before });
    // It may be a press of its own, or one on a tile that changed just before it.
    if (!isClose(apart)) await on.waitForTimeout(5000);
    await rested(on);
    expect(new URL(on.url()).pathname).toBe('/');
    return isClose(apart) ? (await runs()) - before : null;
  };
  const middle = async (on: Page, name: string): Promise<{ x: number; y: number }> => {
    const box = await on.getByRole('button', { name, exact: true }).boundingBox();
    if (box === null) throw new Error(`no ${name}`);
    return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  };

  test('a double click on an action that ends quickly is one press; one that comes later is another', async () => {
    await page.goto(toru.url);
    const { x, y } = await middle(page, 'Quick');
    for (const pause of PAUSES) expect([1, null], String(pause)).toContain(await runsOf(page, () => page.mouse.click(x, y), pause));
  });

  test('so is a double tap', async () => {
    await touch.goto(toru.url);
    const { x, y } = await middle(touch, 'Quick');
    for (const pause of PAUSES) expect([1, null], String(pause)).toContain(await runsOf(touch, () => touch.touchscreen.tap(x, y), pause));
  });

  test('so is Enter, pressed twice or held', async () => {
    await page.goto(toru.url);
    await page.getByRole('button', { name: 'Quick', exact: true }).focus();
    for (const pause of PAUSES) expect([1, null], String(pause)).toContain(await runsOf(page, () => page.keyboard.press('Enter'), pause));
    const before = await runs();
    // A key that is pressed again without having been let go is one that the keyboard repeats.
    for (let i = 0; i < 20; i += 1) {
      await page.keyboard.down('Enter');
      await page.waitForTimeout(60);
    }
    await page.keyboard.up('Enter');
    await eventually('the press ran', async () => await runs(), { holds: (seen) => seen > before });
    await rested(page);
    expect(await runs()).toBe(before + 1);
  });

  test('what asks first is not answered by the second click, tap or key', async () => {
    await page.goto(toru.url);
    const before = await runs();
    const dialog = page.getByRole('dialog', { name: 'Asks' });
    const { x, y } = await middle(page, 'Asks');
    for (const pause of PAUSES) {
      const close = isClose(await twice(page, () => page.mouse.click(x, y), pause));
      await dialog.waitFor({ timeout: close ? 0 : 1000 }).catch(() => undefined);
      await page.waitForTimeout(200);
      if (close) expect(await dialog.isVisible(), `the dialog stays with ${pause} ms between`).toBe(true);
      else if (!(await dialog.isVisible())) continue;
      await page.keyboard.press('Escape');
      await dialog.waitFor({ state: 'detached' });
      await page.waitForTimeout(900);
    }
    await page.getByRole('button', { name: 'Asks', exact: true }).focus();
    if (isClose(await twice(page, () => page.keyboard.press('Enter'), 250))) {
      await dialog.waitFor();
      await page.waitForTimeout(300);
      expect([await dialog.isVisible(), await runs()]).toEqual([true, before]);
      // Read, and then pressed.
      await page.waitForTimeout(900);
      await page.keyboard.press('Enter');
    }
    await eventually('it ran', async () => await runs(), { holds: (seen) => seen === before + 1 });
  });

  for (const kind of ['mouse', 'touch', 'Enter'] as const) {
    test(`a second ${kind} on Cancel starts nothing`, async () => {
      const on = kind === 'touch' ? touch : page;
      for (const pause of PAUSES) {
        await quiet();
        const { task_id } = (await admin.http('POST', '/api/runs', { script: 'loop.sh' })).json();
        const before = await runs();
        await on.goto(`${toru.url}/runs/${task_id}`);
        await on.getByLabel('Output', { exact: true }).getByText('started').waitFor();
        const { x, y } = await middle(on, 'Cancel');
        const cancel = on.getByRole('button', { name: 'Cancel', exact: true });
        const again = on.getByRole('button', { name: 'Run another' });
        const slot = await again.boundingBox();
        await on.waitForTimeout(900);
        if (kind === 'Enter') await cancel.focus();
        const press = () =>
          kind === 'mouse' ? on.mouse.click(x, y) : kind === 'touch' ? on.touchscreen.tap(x, y) : on.keyboard.press('Enter');
        if (!isClose(await twice(on, press, pause))) continue;
        await on.getByText('Cancelled').first().waitFor();
        await press();
        await on.waitForTimeout(400);
        expect([pause, await runs(), new URL(on.url()).pathname]).toEqual([pause, before, `/runs/${task_id}`]);
        // What stands there has stayed where it was.
        const later = await on.getByRole('button', { name: 'Run again' }).boundingBox();
        expect(Math.round((later?.x ?? 0) + (later?.width ?? 0))).toBe(Math.round((slot?.x ?? 0) + (slot?.width ?? 0)));
      }
      await on.waitForTimeout(900);
      const before = await runs();
      await on.getByRole('button', { name: 'Run again' }).click();
      await eventually('a press on purpose runs it', async () => await runs(), { holds: (seen) => seen === before + 1 });
      for (const { task_id } of (await admin.http('GET', '/api/runs?status=running')).json().items)
        await admin.http('POST', `/api/runs/${task_id}/cancel`);
    });
  }
});
