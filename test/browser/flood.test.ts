import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { startToru, type Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

const PASSWORD = 'correct horse battery';

/** Prints coloured lines, all of the same kinds of pieces, so many a second, until it is ended. */
const FLOOD = `
const rate = Number(process.argv[2]);
let line = 0;
const begin = Date.now();
setInterval(() => {
  let text = '';
  for (const due = ((Date.now() - begin) / 1000) * rate; line < due; line += 1)
    text += '\\x1b[3' + (line % 8) + 'mline\\x1b[0m ' + line + ' \\x1b[1;32mok\\x1b[0m in \\x1b[38;5;' + (line % 256) + 'm' + (line % 997) + ' ms\\x1b[0m\\n';
  process.stdout.write(text);
}, 10);
`;

/** What the page did in some frames in which all lines in view were others than in the frame before. */
interface Rushed {
  frames: number;
  /** Elements of lines, and their pieces, that were made. */
  made: number;
  rows: number;
}

function rush(page: Page, frames: number): Promise<Rushed> {
  return page.evaluate(async (count) => {
    const sheet = document.querySelector('.log-sheet');
    if (sheet === null) throw new Error('no log');
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const numberOf = (row: Element | null): number => Number(/\d+/.exec(row?.textContent ?? '')?.[0] ?? 0);
    let made = 0;
    const watcher = new MutationObserver((changes) => {
      for (const { addedNodes } of changes) made += addedNodes.length;
    });
    watcher.observe(sheet, { childList: true, subtree: true });
    const seen = { frames: 0, made: 0, rows: 0 };
    let last = numberOf(sheet.lastElementChild);
    for (await frame(); seen.frames < count; await frame()) {
      const first = numberOf(sheet.firstElementChild);
      const madeBefore = made;
      made = 0;
      // The frames in which some lines stay are drawn otherwise.
      if (first > last) {
        seen.frames += 1;
        seen.made += madeBefore;
        seen.rows += sheet.childElementCount;
      }
      last = numberOf(sheet.lastElementChild);
    }
    watcher.disconnect();
    return seen;
  }, frames);
}

describeInBrowser('a flood of coloured lines', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    const path = join(toru.home, 'scripts', 'flood');
    writeFileSync(path, `#!${process.execPath}\n${FLOOD}`);
    chmodSync(path, 0o755);
    admin = await Client.of(toru, 'admin', PASSWORD);
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  test('is written over what stood there: hardly any element is made for lines that are gone with the next frame', async () => {
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'flood', args: ['20000'] })).json();
    try {
      await page.goto(`${toru.url}/runs/${task_id}`);
      await page.locator('.log-line').first().waitFor();
      const { made, rows, frames } = await rush(page, 20);
      expect(frames).toBe(20);
      expect(made / rows).toBeLessThan(1);
    } finally {
      await admin.http('POST', `/api/runs/${task_id}/cancel`);
      await page.close();
    }
  });
});
