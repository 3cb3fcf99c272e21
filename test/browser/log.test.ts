import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';
import { PASSWORD, withToru } from './scene.ts';

/** A long output is read, numbered, searched and linked to as one, though the page holds a small part of it. */

const LINES = 200_000;
/** Each line has its number; 12 MB in all, of which the page reads 128 KiB first. */
const LONG = `#!/bin/sh
awk 'BEGIN { for (i = 1; i <= ${LINES}; i++) printf "line %d of a long output, see https://example.com/%d.\\n", i, i }'
`;

describeInBrowser('a long output', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;
  let page: Page;
  let task: string;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    scene.script('long.sh', LONG);
    task = await scene.ran({ script: 'long.sh' });
    ({ browser, page } = await scene.browse({ viewport: { width: 1280, height: 800 } }));
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write']);
  });

  const output = () => page.getByRole('region', { name: 'Output' });
  /** The drawn line that begins with these words. */
  const line = (number: number): Locator => output().locator('.log-line', { hasText: new RegExp(`^line ${number} of`) });
  const numberOf = (of: Locator): Promise<string | null> => of.getAttribute('data-margin');
  const marked = (): Promise<string[]> => output().locator('.log-line-marked').allTextContents();

  test('opens at its end, numbered as the whole is', async () => {
    await page.goto(`${toru.url}/runs/${task}`);
    await expect.poll(() => numberOf(line(LINES))).toBe(String(LINES));
    await expect.poll(() => numberOf(line(LINES - 5))).toBe(String(LINES - 5));
  });

  test('reads on by itself as far as somebody scrolls', async () => {
    // Past what was read first: about 2,000 lines of 20 px.
    await eventually(
      'lines from before the first part',
      async () => {
        await output().hover();
        await page.mouse.wheel(0, -60_000);
        return Number(/^line (\d+)/.exec((await output().locator('.log-line').first().textContent()) ?? '')?.[1]);
      },
      { holds: (number) => number < LINES - 20_000 },
    );
    // Every line has its own number, wherever the reader has come.
    const drawn = () =>
      output().evaluate((log) =>
        [...log.querySelectorAll<HTMLElement>('.log-line')].map((row) => [row.textContent, row.dataset['margin']]),
      );
    const rows = await eventually('lines', drawn, {
      holds: (all) => all.length > 20 && all.every(([, number]) => number !== ''),
    });
    expect(rows.map(([text]) => /^line (\d+)/.exec(text ?? '')?.[1])).toEqual(rows.map(([, number]) => number));
  });

  test('goes to the beginning and back to the end at once', async () => {
    await output().press('Home');
    await expect.poll(() => numberOf(line(1))).toBe('1');
    await expect.poll(() => output().evaluate((scroller) => scroller.scrollTop)).toBeLessThan(40);
    await page.getByRole('button', { name: 'Jump to end' }).click();
    await line(LINES).waitFor();
  });

  test('finds text in all of it, with a count, by keyboard', async () => {
    await output().press('Control+f');
    await page.getByRole('searchbox', { name: 'Find in the output' }).fill('LINE 1234');
    // 1234, 12340 … 12349 and 123400 … 123499.
    await page.getByText('111 of 111').waitFor();
    await expect.poll(marked).toEqual([expect.stringMatching(/^line 123499 of/)]);
    await page.keyboard.press('Enter');
    await page.getByText('1 of 111').waitFor();
    await expect.poll(marked).toEqual([expect.stringMatching(/^line 1234 of/)]);
    await expect.poll(() => page.evaluate(() => CSS.highlights.get('log-match')?.size)).toBe(1);
    await page.getByRole('button', { name: 'Match case' }).click();
    await page.getByText('none').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Close the search' }).click();
  });

  test('finds a pattern, and says what is none', async () => {
    await output().press('Control+f');
    await page.getByRole('button', { name: 'Regular expression' }).click();
    const field = page.getByRole('searchbox', { name: 'Find in the output' });
    await field.fill('^line 1999(8|9)\\d of .*\\.$');
    await page.getByText(/^\d+ of 20$/).waitFor();
    await expect.poll(() => page.evaluate(() => CSS.highlights.get('log-match')?.size)).toBeGreaterThan(5);
    await field.fill('(line');
    await page.getByText('a “(” without its “)”').waitFor();
    await field.fill('line (\\d)\\1');
    await page.getByText('reference').waitFor();
    await page.keyboard.press('Escape');
  });

  test('links to lines: a press on a number, a range, and the address opened again', async () => {
    await page.goto(`${toru.url}/runs/${task}#L150000`);
    await expect.poll(marked).toEqual([expect.stringMatching(/^line 150000 of/)]);
    await line(150_003).click({ position: { x: 5, y: 5 }, modifiers: ['Shift'] });
    await expect.poll(marked).toHaveLength(4);
    expect(page.url()).toContain('#L150000-L150003');
    await page.getByRole('button', { name: 'Copy the link' }).click();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    const other = await browser.context.newPage();
    await other.goto(link);
    await expect.poll(() => other.locator('.log-line-marked').count()).toBe(4);
    await other.close();
    await page.getByRole('button', { name: 'Choose no line' }).click();
    await expect.poll(marked).toEqual([]);
    expect(page.url()).not.toContain('#');
  });

  test('goes to a line by its number, and to any place by the bar', async () => {
    await page.getByRole('button', { name: 'More tools' }).click();
    await page.getByRole('button', { name: 'Go to line' }).click();
    await page.getByRole('textbox', { name: 'Number of the line' }).fill('77,777');
    await page.keyboard.press('Enter');
    await expect.poll(marked).toEqual([expect.stringMatching(/^line 77777 of/)]);
    // Lines cover all of the view, above the one in its middle too.
    const uncovered = () =>
      output().evaluate((log) => {
        const view = log.getBoundingClientRect();
        const rows = [...log.querySelectorAll('.log-line')].map((row) => row.getBoundingClientRect());
        return [Math.max(0, (rows[0]?.top ?? view.bottom) - view.top), Math.max(0, view.bottom - (rows.at(-1)?.bottom ?? view.top))];
      });
    await expect.poll(uncovered).toEqual([0, 0]);
    await page.keyboard.press('Escape');
    await page.getByRole('slider', { name: 'Place in the output' }).fill('500');
    await eventually(
      'the middle of the output',
      async () => Number(/^line (\d+)/.exec((await output().locator('.log-line').first().textContent()) ?? '')?.[1]),
      { holds: (number) => number > 0.45 * LINES && number < 0.55 * LINES },
    );
  });

  test('says when each line was printed', async () => {
    await page.getByRole('button', { name: 'More tools' }).click();
    await page.getByRole('button', { name: 'Times' }).click();
    await expect.poll(() => numberOf(output().locator('.log-line').nth(3))).toMatch(/^\d\d:\d\d:\d\d\.\d \d+$/);
    await page.getByRole('button', { name: 'Times' }).click();
    await expect.poll(() => numberOf(output().locator('.log-line').nth(3))).toMatch(/^\d+$/);
  });

  test('makes addresses links that tell the other page nothing', async () => {
    const link = output().getByRole('link').nth(5);
    expect(await link.getAttribute('href')).toMatch(/^https:\/\/example\.com\/\d+$/);
    expect(await link.getAttribute('rel')).toBe('noopener noreferrer');
  });

  test('follows links with a text of their own, and shows how far the run says it is', async () => {
    const says = `#!/bin/sh
printf 'see \\033]8;;https://example.com/report\\033\\\\the report\\033]8;;\\033\\\\\\n\\033]9;4;1;40\\007'
read -r _
exit 0
`;
    writeFileSync(join(toru.home, 'scripts', 'progress.sh'), says, { mode: 0o755 });
    const action = (await admin.http('POST', '/api/actions', { label: 'Reports', script: 'progress.sh', stdin: true })).json();
    const { task_id } = (await admin.http('POST', '/api/runs', { action: action.id })).json();
    await page.goto(`${toru.url}/runs/${task_id}`);
    const link = output().getByRole('link', { name: 'the report' });
    await expect.poll(() => link.getAttribute('href')).toBe('https://example.com/report');
    await expect.poll(() => page.getByRole('progressbar', { name: 'Progress' }).getAttribute('value')).toBe('40');
    await expect.poll(() => page.title()).toContain('40 %');
    await page.getByRole('button', { name: 'End input' }).click();
    await page.getByText('Succeeded', { exact: true }).waitFor();
    await expect.poll(() => page.getByRole('progressbar', { name: 'Progress' }).count()).toBe(0);
    await page.goto(`${toru.url}/runs/${task}`);
  });

  test('fills the window, and gives it back', async () => {
    await page.getByRole('button', { name: 'Fill the window' }).click();
    await expect.poll(() => output().boundingBox()).toMatchObject({ x: 0, width: 1280 });
    await expect.poll(() => page.getByRole('heading', { level: 1 }).isVisible()).toBe(false);
    await output().press('Escape');
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  test('leaves most of a phone to the output, upright and on its side', async () => {
    await using phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const small = await logIn(phone, toru.url, 'admin', PASSWORD);
    await small.goto(`${toru.url}/runs/${task}`);
    const log = small.getByRole('region', { name: 'Output' });
    await log.locator('.log-line').first().waitFor();
    await expect.poll(async () => (await log.boundingBox())?.height).toBeGreaterThan(844 * 0.55);
    await small.setViewportSize({ width: 844, height: 390 });
    await expect.poll(async () => (await log.boundingBox())?.height).toBeGreaterThan(390 * 0.4);
    expect(await small.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(844);
  });
});
