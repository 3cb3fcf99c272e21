import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { withToru } from './scene.ts';

/** A secret that the host keeps: stored on the page, named by an action, asked of nobody. */

describeInBrowser('a stored secret', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    const inputs = [{ type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } }];
    await scene.action({ id: 'deploy', label: 'Deploy', script: 'hello.sh', inputs });
    ({ page } = await scene.browse({ viewport: { width: 390, height: 780 }, hasTouch: true }));
  });

  const section = () => page.getByRole('region', { name: 'Secrets' });

  test('is stored under the settings, and its value is nowhere on the page', async () => {
    await page.goto(`${toru.url}/settings`);
    await section().getByText('None is stored.').waitFor();
    await section().getByRole('button', { name: 'Store a secret' }).tap();
    const sheet = page.getByRole('dialog', { name: 'Store a secret' });
    await sheet.getByLabel('Name').fill('deploy-token');
    await sheet.getByLabel('Secret', { exact: true }).fill('correct horse');
    await sheet.getByRole('button', { name: 'Store it' }).tap();
    await sheet.getByText('Letters, digits and underscores').waitFor();
    await sheet.getByLabel('Name').fill('DEPLOY_TOKEN');
    await sheet.getByRole('button', { name: 'Store it' }).tap();
    await section().getByText('DEPLOY_TOKEN').waitFor();
    expect(await page.content()).not.toContain('correct horse');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  });

  test('is chosen in an action, which then asks nobody', async () => {
    await page.goto(`${toru.url}/actions/deploy/edit`);
    await page.getByLabel('The secret is').selectOption('DEPLOY_TOKEN');
    await page.getByRole('button', { name: 'Save', exact: true }).tap();
    await page.waitForURL(`${toru.url}/`);
    const { items } = (await admin.http('GET', '/api/actions')).json();
    expect(items.find(({ id }: { id: string }) => id === 'deploy').inputs).toMatchObject([{ name: 'token', stored: 'DEPLOY_TOKEN' }]);
    await page.getByRole('button', { name: /^Deploy/ }).tap();
    await expect
      .poll(async () => (await admin.http('GET', '/api/runs')).json().items)
      .toMatchObject([{ action: 'deploy', inputs: { token: '••••••' }, state: 'exited' }]);
  });

  test('is removed after a question', async () => {
    await page.goto(`${toru.url}/settings`);
    await section().getByRole('button', { name: 'Remove DEPLOY_TOKEN' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove it' }).tap();
    await section().getByText('None is stored.').waitFor();
  });
});
