import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { type Scene, withToru } from './scene.ts';

/** Terminals as people use them; each test goes on where the one before it stopped. */

describeInBrowser('terminals', () => {
  let scene: Scene;
  let page: Page;

  // What a developer's login shell does at its start (pyenv waits a minute for a lock) is no part of this.
  const home = mkdtempSync(join(tmpdir(), 'toru-home-'));
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  withToru(
    async (made) => {
      scene = made;
      ({ page } = await scene.browse({ viewport: { width: 1280, height: 900 } }));
    },
    { HOME: home },
  );

  /** The screen, as it is drawn. */
  const screen = (of: Page): Promise<string> => of.locator('.terminal .xterm-rows').innerText();

  test('a terminal is opened, and types', async () => {
    await page.goto(`${scene.toru.url}/terminals`);
    await page.getByRole('button', { name: 'New terminal' }).first().click();
    await page.waitForURL(/\/terminals\/[0-9a-f-]{36}$/);
    // At once, as people do: whether or not the shell is there already.
    await page.locator('.terminal .xterm-screen').click();
    await page.keyboard.type('PS1="$ "; echo $((40 + 2))$TORU_TERMINAL_ID\n');
    const id = page.url().slice(-36);
    await expect.poll(() => screen(page)).toContain(`42${id}`);
  });

  test('another tab sees the same, and a reload goes on', async () => {
    const { page: other } = await scene.browse({ viewport: { width: 1280, height: 900 } });
    await other.goto(page.url());
    await expect.poll(() => screen(other)).toContain('42');
    await page.locator('.terminal .xterm-screen').click();
    await page.keyboard.type('echo both\n');
    await expect.poll(() => screen(other)).toMatch(/\nboth/);
    await other.reload();
    await expect.poll(() => screen(other)).toMatch(/\nboth/);
    await other.close();
  });

  test('the list shows it, closes it, and removes it', async () => {
    await page.goto(`${scene.toru.url}/terminals`);
    await page.getByRole('button', { name: /^Close / }).click();
    await page.getByRole('button', { name: /^Remove / }).click();
    await expect.poll(() => page.getByText('No terminal is open').isVisible()).toBe(true);
  });
});
