import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { withToru } from './scene.ts';

/**
 * A colour for each character. What a frame draws is counted, not timed: each colour is an element, and a frame
 * that made all that are in view would hold up the page, the frames and the reading of what comes.
 */

/** 2.2 MB, or 0.7: ten times what fills a view, and more than comes at once. */
const LINES = scaled(1500, 500);
/** More than a frame may make in any case: the rows, and what the log view draws at once. */
const MOST_ELEMENTS = 1000;
/** Prints when the file is there: `lines` lines of `width` characters in colours of their own, and END. */
const PAINT = `
const { existsSync } = require('node:fs');
const [go, lines, width] = process.argv.slice(2);
const timer = setInterval(() => {
  if (!existsSync(go)) return;
  clearInterval(timer);
  for (let i = 0; i < Number(lines); i += 1) {
    let line = '';
    for (let j = 0; j < Number(width); j += 1) line += '\\x1b[38;2;' + (i % 256) + ';' + ((j * 2) % 256) + ';' + ((i + j) % 256) + 'm' + String.fromCharCode(97 + (j % 26));
    process.stdout.write(line + '\\x1b[0m\\n');
  }
  process.stdout.write('END\\n');
}, 20);
`;

/** Counts the elements that each turn of the page puts into the log, and keeps the most in `data-most`. */
function countElements(): void {
  new MutationObserver((records) => {
    const made = new Set<Element>();
    for (const { addedNodes, target } of records) {
      if (!(target instanceof Element) || target.closest('.log-sheet') === null) continue;
      for (const node of addedNodes) {
        if (!(node instanceof Element)) continue;
        made.add(node);
        for (const each of node.querySelectorAll('*')) made.add(each);
      }
    }
    const root = document.documentElement;
    if (made.size > Number(root.dataset['most'] ?? 0)) root.dataset['most'] = String(made.size);
  }).observe(document, { childList: true, subtree: true });
}

const most = (page: Page): Promise<number> => page.evaluate(() => Number(document.documentElement.dataset['most'] ?? 0));

describeInBrowser('a colour for each character', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    scene.script('paint', `#!${process.execPath}\n${PAINT}`);
    browser = await scene.signIn({ viewport: { width: 1280, height: 800 } });
    await browser.context.addInitScript(countElements);
  });

  async function painted(how: 'live' | 'over', lines: number, width: number): Promise<Page> {
    const go = join(toru.home, `go-${how}-${lines}`);
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'paint', args: [go, String(lines), String(width)] })).json();
    const begin = (): void => {
      if (!existsSync(go)) writeFileSync(go, '');
    };
    if (how === 'over') {
      begin();
      await expect.poll(async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state, { timeout: 60_000 }).toBe('exited');
    }
    const page = await browser.context.newPage();
    await page.goto(`${toru.url}/runs/${task_id}`);
    if (how === 'live') await page.getByText('No output yet.').waitFor();
    begin();
    await page.locator('.log-line', { hasText: /^END$/ }).waitFor({ timeout: 60_000 });
    return page;
  }

  test.each(['live', 'over'] as const)('is drawn in frames that stay short, and whole in the end: %s', async (how) => {
    const page = await painted(how, LINES, 80);
    const rows = page.locator('.log-line').filter({ hasText: 'abcdefghij' });
    // Its colours may come after the text; no character stays without its own.
    await expect
      .poll(() => rows.evaluateAll((all) => all.map((row) => row.querySelectorAll('span').length).filter((count) => count !== 80)), {
        timeout: 30_000,
      })
      .toEqual([]);
    const last = rows.last().locator('span');
    expect(await last.nth(10).evaluate((span) => [span.textContent, getComputedStyle(span).color])).toEqual([
      'k',
      `rgb(${(LINES - 1) % 256}, 20, ${(LINES + 9) % 256})`,
    ]);
    expect(await last.allTextContents()).toEqual(Array.from({ length: 80 }, (_, j) => String.fromCharCode(97 + (j % 26))));
    const made = await most(page);
    expect(made).toBeGreaterThan(80);
    expect(made).toBeLessThan(MOST_ELEMENTS);
    await page.close();
  });

  test('is drawn so in lines of 16,000 characters, too', async () => {
    const page = await painted('live', 7, 16_000);
    const count = () => page.evaluate(() => document.querySelectorAll('.log-line span').length);
    await expect.poll(count, { timeout: 60_000 }).toBeGreaterThanOrEqual(4000);
    expect(await most(page)).toBeLessThan(MOST_ELEMENTS);
    // More than can be seen is not coloured.
    expect(await count()).toBeLessThan(20_000);
    await page.close();
  });
});
