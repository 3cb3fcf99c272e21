import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { startToru, type Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

const PASSWORD = 'an owner of the tests';

/** What the page asks before something becomes code. */
describeInBrowser('before something becomes code', () => {
  let toru: Toru;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    browser = await launchBrowser();
    page = await logIn(browser, toru.url, toru.username, PASSWORD);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  /** The host's answer to the next such request, as it would be after a quarter of an hour. */
  async function refuseOnce(method: string, path: string): Promise<void> {
    let refused = false;
    await page.route(`**${path}`, async (route) => {
      if (refused || route.request().method() !== method) return route.fallback();
      refused = true;
      const error = { code: 'reauth_required', message: 'Type your password again: this change needs one from the last 15 minutes.' };
      return route.fulfill({ status: 403, contentType: 'application/json', body: JSON.stringify({ error }) });
    });
  }

  async function typePassword(): Promise<void> {
    await page.getByLabel(`Password of ${toru.username}`).fill(PASSWORD);
    await page.getByRole('button', { name: 'Go on' }).click();
  }

  test('a variable that is not called INPUT_… is asked about, then the password, and both are saved with one press', async () => {
    await page.goto(`${toru.url}/actions/new?script=hello.sh`);
    await page.getByRole('button', { name: 'Add a question' }).click();
    await page.getByLabel('Question', { exact: true }).fill('Which token?');
    await page.getByLabel('Reaches the script as').selectOption('environment');
    const variable = page.getByLabel('Variable', { exact: true });
    expect(await variable.inputValue()).toBe('INPUT_WHICH_TOKEN');
    await variable.fill('PYTHONSTARTUP');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page
      .getByText(/because Python obeys it/)
      .first()
      .waitFor();
    await variable.fill('WHICH_TOKEN');
    await refuseOnce('POST', '/api/actions');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'Use and save' }).click();
    await typePassword();
    await page.getByText('“Hello” was saved.').waitFor();
    const admin = await Client.of(toru, toru.username, PASSWORD);
    const { items } = (await admin.http('GET', '/api/actions')).json();
    expect(items.at(-1).inputs).toMatchObject([{ pass: { by: 'environment', variable: 'WHICH_TOKEN' } }]);
    // It was meant once: another change of the same action asks nothing.
    await page.goto(`${toru.url}/actions/${items.at(-1).id}/edit`);
    await page.getByLabel('Name', { exact: true }).first().fill('Hello again');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('“Hello again” was saved.').waitFor();
  });

  test('settings that decide what scripts see are saved after the password', async () => {
    await page.goto(`${toru.url}/settings`);
    await page.getByLabel('Name', { exact: true }).fill('attic');
    await refuseOnce('PUT', '/api/settings');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await typePassword();
    await page.getByText('Saved.').waitFor();
  });
});
