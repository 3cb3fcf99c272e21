import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** What a person types on the page is what the script gets. */

const PASSWORD = 'correct horse battery';

describeInBrowser('typed on the page', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    for (const [name, text] of [
      ['args.sh', '#!/bin/sh\nprintf "<%s>" "$@"; echo " ready"\n'],
      ['cat.sh', '#!/bin/sh\necho ready\ncat\necho done\n'],
    ] as const) {
      writeFileSync(join(toru.home, 'scripts', name), text);
      chmodSync(join(toru.home, 'scripts', name), 0o755);
    }
    admin = await Client.of(toru, 'admin', PASSWORD);
    const inputs = [
      { type: 'number', name: 'n', label: 'Number' },
      { type: 'text', name: 'who', label: 'Who', default: 'me' },
    ];
    for (const action of [
      { id: 'args', label: 'Arguments', script: 'args.sh', icon: '🇩🇪', inputs },
      { id: 'cat', label: 'Cat', script: 'cat.sh', icon: '1️⃣', stdin: true },
    ])
      expect((await admin.http('POST', '/api/actions', action)).status).toBe(201);
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    page = await logIn(browser, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    admin?.close();
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
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

  test('the end of input is sent with what stands in the field', async () => {
    await page.goto(`${toru.url}/`);
    await page.getByRole('button', { name: 'Cat' }).click();
    await page.locator('a.press-open').click();
    await output().getByText('ready').waitFor();
    await page.getByLabel('Type into the run').fill('last words');
    await page.getByRole('button', { name: 'End input' }).click();
    await page.getByText('Its input has ended.').or(page.getByText('done')).first().waitFor();
    await output().getByText('last words').waitFor();
    await output().getByText('done').waitFor();
  });
});
