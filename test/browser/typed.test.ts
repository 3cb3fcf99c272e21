import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';
import { PASSWORD, withToru } from './scene.ts';

/** What a person types on the page is what the script gets. */

describeInBrowser('typed on the page', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    scene.script('args.sh', 'printf "<%s>" "$@"; echo " ready"');
    scene.script(
      'asks.sh',
      'printf "Name: "; read -r name; echo "hello $name"\nprintf "Password: "; read -r pw; echo "length $(printf %s "$pw" | wc -c)"\nread -r last; echo "$last"',
    );
    scene.script('cat.sh', 'echo ready\ncat\necho done');
    const inputs = [
      { type: 'number', name: 'n', label: 'Number' },
      { type: 'text', name: 'who', label: 'Who', default: 'me' },
    ];
    await scene.action({ id: 'args', label: 'Arguments', script: 'args.sh', icon: '🇩🇪', inputs });
    await scene.action({ id: 'asks', label: 'Asks', script: 'asks.sh', icon: 'key', stdin: true });
    await scene.action({ id: 'cat', label: 'Cat', script: 'cat.sh', icon: '1️⃣', stdin: true });
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 800 } }));
  });

  const output = () => page.getByLabel('Output', { exact: true });

  test('a number keeps its digits, and a default that was cleared does not come back', async () => {
    await page.goto(`${toru.url}/`);
    await page.getByRole('button', { name: 'Arguments' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Number').fill('12x');
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await dialog.getByRole('alert').getByText('a number such as').waitFor();
    await dialog.getByLabel('Number').fill('12345678901234567890.50');
    await dialog.getByLabel('Who').fill('');
    await dialog.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('a.press-open').click();
    await output().getByText('<12345678901234567890.50> ready').waitFor();
  });

  test('a flag and a keycap are an action’s sign', async () => {
    await page.goto(`${toru.url}/`);
    for (const icon of ['🇩🇪', '1️⃣']) await page.locator('svg text', { hasText: icon }).waitFor();
  });

  test('a script that asks is said to wait, and what is typed stands where it was asked; a password stands nowhere', async () => {
    await page.goto(`${toru.url}/`);
    await page.getByRole('button', { name: 'Asks' }).click();
    await page.locator('.tile', { hasText: 'Asks' }).getByText('Waits for you', { exact: true }).waitFor();
    await page.reload();
    await page.locator('.tile', { hasText: 'Asks' }).getByText('Waits for you', { exact: true }).waitFor();
    await page.goto(`${toru.url}/runs`);
    await page.locator('.run-row', { hasText: 'Asks' }).getByText('Waits for your answer').click();
    await expect.poll(() => page.title()).toContain('Waits for your answer');
    const field = page.locator('.answer input');
    await field.fill('Ada');
    await field.press('Enter');
    await output().getByText('hello Ada').waitFor();
    const lines = () => output().locator('.log-line').allTextContents();
    await expect.poll(lines).toEqual(['Name: Ada', 'hello Ada', 'Password: ']);
    // The question says that it is a secret.
    await expect.poll(() => field.getAttribute('type')).toBe('password');
    await field.fill('hunter2 xyzzy');
    await page.getByRole('button', { name: 'Send the line' }).click();
    await output().getByText('length 13').waitFor();
    await expect.poll(lines).toEqual(['Name: Ada', 'hello Ada', 'Password: ••••••', 'length 13']);
    await expect.poll(() => field.getAttribute('type')).toBe('text');
    expect(await field.inputValue()).toBe('');
    // So does the person.
    await page.getByRole('button', { name: 'Hide what I type' }).click();
    expect(await field.getAttribute('type')).toBe('password');
    await page.getByRole('button', { name: 'Hide what I type' }).click();
    // It stands nowhere: not on the page, nor in what the browser keeps, nor in what the host has.
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.documentElement.outerHTML);
    expect(kept).not.toContain('xyzzy');
    const found = await admin.http('GET', '/api/search?q=xyzzy');
    expect(found.text).not.toContain('"type":"match"');
    // Elsewhere and back: the log still shows what was typed, at its place.
    await page.getByRole('link', { name: 'Runs' }).first().click();
    await page.locator('.run-row', { hasText: 'Asks' }).click();
    await expect.poll(lines).toEqual(['Name: Ada', 'hello Ada', 'Password: ••••••', 'length 13']);
    await field.fill('äöü');
    await field.press('Enter');
    await expect.poll(lines).toEqual(['Name: Ada', 'hello Ada', 'Password: ••••••', 'length 13', 'äöü', 'äöü']);
    await field.waitFor({ state: 'detached' });
  });

  test('the end of input is sent with what stands in the field', async () => {
    await page.goto(`${toru.url}/`);
    await page.getByRole('button', { name: 'Cat' }).click();
    await page.locator('a.press-open').click();
    await output().getByText('ready').waitFor();
    await page.getByLabel('Type into the run').fill('last words');
    await page.getByRole('button', { name: 'End input' }).click();
    await page.getByText('Its input has ended.').or(page.getByText('done')).first().waitFor();
    // As it was typed, and as the script printed it.
    await expect
      .poll(() => output().locator('.log-line').allTextContents())
      .toEqual(['ready', 'last words', '(end of input)', 'last words', 'done']);
  });

  test('on a phone the field stands above the keyboard, whether that makes the window smaller or covers it', async () => {
    const { task_id } = (await admin.http('POST', '/api/runs', { action: 'cat' })).json();
    await using phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const other = await logIn(phone, toru.url, 'admin', PASSWORD);
    await other.goto(`${toru.url}/runs/${task_id}`);
    const field = other.locator('.answer input');
    await field.tap();
    // As Chromium's keyboard does.
    await other.setViewportSize({ width: 390, height: 480 });
    const foot = (): Promise<number> => other.locator('.answer').evaluate((form) => Math.round(form.getBoundingClientRect().bottom));
    const log = (): Promise<number> => other.locator('.log-scroll').evaluate((scroller) => scroller.clientHeight);
    await expect.poll(foot).toBeLessThanOrEqual(480);
    await expect.poll(log).toBeGreaterThan(150);
    await expect
      .poll(() => other.getByRole('link', { name: 'Actions' }).isVisible(), { message: 'the page of the other is shown' })
      .toBe(false);
    await other.getByRole('button', { name: 'Cancel' }).waitFor();
    // As that of iOS does: the window stays as high as it was.
    await other.setViewportSize({ width: 390, height: 844 });
    await other.evaluate(() => {
      Object.defineProperty(visualViewport, 'height', { configurable: true, value: 500 });
      visualViewport?.dispatchEvent(new Event('resize'));
    });
    await expect.poll(foot).toBeLessThanOrEqual(500);
    await expect.poll(log).toBeGreaterThan(150);
    await field.fill('from the phone');
    await other.getByRole('button', { name: 'Send the line' }).tap();
    await other.locator('.log-line', { hasText: 'from the phone' }).nth(1).waitFor();
    // The keyboard stays for the next line.
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await admin.http('POST', `/api/runs/${task_id}/cancel`);
  });
});
