import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { startToru, type Toru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

const PASSWORD = 'an admin of the tests';

/** The admin's pages, and what a client sees of what an admin did there. */
describeInBrowser('users', () => {
  let toru: Toru;
  let admin: Browser;
  let client: Browser;
  let page: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    const setup = await Client.of(toru, toru.username, PASSWORD);
    // The first start's examples would stand among the tiles.
    for (const { id } of (await setup.http('GET', '/api/actions')).json().items) await setup.http('DELETE', `/api/actions/${id}`);
    for (const label of ['Allowed', 'Secret'])
      expect((await setup.http('POST', '/api/actions', { label, script: 'hello.sh' })).status).toBe(201);
    [admin, client] = await Promise.all([launchBrowser(), launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true })]);
    page = await logIn(admin, toru.url, toru.username, PASSWORD);
  });
  afterAll(async () => {
    await admin?.[Symbol.asyncDispose]();
    await client?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  test('an admin adds a client and allows one action: the client finds that one, and no page of the admin', async () => {
    await page.goto(`${toru.url}/users`);
    await page.getByRole('button', { name: 'Add a user' }).click();
    await page.getByLabel('Username').fill('anna');
    const password = await page.getByLabel('Password', { exact: true }).inputValue();
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name: 'anna can log in now' }).waitFor();
    await page.getByRole('button', { name: 'Choose their actions' }).click();
    const allowed = page.getByRole('switch', { name: 'Allowed' });
    const saved = page.waitForResponse((answer) => answer.request().method() === 'PATCH' && answer.url().includes('/api/actions/'));
    await allowed.click();
    expect((await saved).status()).toBe(200);
    await page.reload();
    await expect.poll(() => allowed.isChecked(), { message: 'the action is allowed' }).toBe(true);

    const theirs = await logIn(client, toru.url, 'anna', password);
    await theirs
      .getByRole('button', { name: /Allowed/ })
      .first()
      .waitFor();
    expect(await theirs.getByText('Secret').count()).toBe(0);
    expect(await theirs.getByRole('link', { name: 'Users' }).count()).toBe(0);
    await theirs.goto(`${toru.url}/users`);
    await theirs.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
  });

  test('disabling somebody takes them to the login at once', async () => {
    const [theirs] = client.context.pages();
    await page.getByRole('button', { name: 'Disable', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click();
    await page.getByText('Can’t log in').waitFor();
    await theirs?.getByRole('heading', { name: 'Log in to Toru' }).waitFor();
  });

  test('the last admin stays one, and is told why', async () => {
    await page.goto(`${toru.url}/users`);
    await page.getByRole('link', { name: toru.username }).click();
    await page.getByRole('button', { name: 'Make a client' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Make a client' }).click();
    await page.getByRole('alert').filter({ hasText: 'This is the last admin' }).waitFor();
  });

  test('one’s own new password works at once, here without another login', async () => {
    await page.goto(`${toru.url}/account`);
    await page.getByLabel('Current password').fill('not this one');
    await page.getByLabel('New password').fill('another of the tests');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your current password is another one.').waitFor();
    await page.getByLabel('Current password').fill(PASSWORD);
    await page.getByLabel('New password').fill('Sunshine1');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Choose another password. It is one of the commonest').waitFor();
    await page.getByLabel('New password').fill('another of the tests');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByText('Your password was changed.').waitFor();
    await page.goto(`${toru.url}/audit?event=user`);
    await page.getByText('changed their own password').waitFor();
    expect((await new Client(toru.url).login(toru.username, PASSWORD)).status).toBe(401);
  });
});
