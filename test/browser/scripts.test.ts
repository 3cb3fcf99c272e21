import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** Scripts in the page: added, read, changed after a look at what changes, put back, and made into an action. */

const PASSWORD = 'correct horse battery';
const FIRST =
  '#!/bin/sh\n# Greets\n# toru label: Greet somebody\n# toru input: {"type": "text", "name": "who", "label": "Whom"}\necho "hello $1"\n';

describeInBrowser('a script in the page', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    admin = await Client.of(toru, 'admin', PASSWORD);
    browser = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    page = await logIn(browser, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    admin?.close();
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  const onDisk = (): string => readFileSync(join(toru.home, 'scripts', 'greet.sh'), 'utf8');
  const area = () => page.getByLabel('Text', { exact: true });
  async function save(): Promise<void> {
    await page.getByRole('button', { name: 'Save…' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).tap();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  }

  test('is added from a file, with the line breaks that a script needs', async () => {
    await page.goto(`${toru.url}/scripts`);
    await page.getByRole('button', { name: 'Add a script' }).tap();
    const file = { name: 'greet.sh', mimeType: 'text/plain', buffer: Buffer.from(FIRST.replaceAll('\n', '\r\n')) };
    await page.getByLabel('File').setInputFiles(file);
    await expect.poll(() => page.getByRole('dialog').getByLabel('Name').inputValue()).toBe('greet.sh');
    await page.getByRole('button', { name: 'Add', exact: true }).tap();
    await page.getByRole('heading', { name: 'greet.sh', level: 1 }).waitFor();
    await expect.poll(() => area().inputValue()).toBe(FIRST);
    expect(onDisk()).toBe(FIRST);
  });

  test('is changed after a look at what changes, and put back', async () => {
    await area().fill(FIRST.replace('hello', 'good day'));
    await page.getByRole('button', { name: 'Save…' }).tap();
    const diff = page.getByRole('region', { name: 'What changes' });
    await diff.getByText('− echo "hello $1"').waitFor();
    await diff.getByText('+ echo "good day $1"').waitFor();
    expect(onDisk()).toBe(FIRST);
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).tap();
    await expect.poll(onDisk).toContain('good day');
    await page.getByRole('button', { name: 'Look at it' }).tap();
    await expect.poll(() => area().inputValue()).toBe(FIRST);
    await save();
    await expect.poll(onDisk).toBe(FIRST);
  });

  test('is not written over when it was changed on the host meanwhile, and what was typed stays', async () => {
    await area().fill(`${FIRST}echo mine\n`);
    writeFileSync(join(toru.home, 'scripts', 'greet.sh'), `${FIRST}echo theirs\n`);
    await save();
    await page.getByText('The script was changed on the host since you opened it.').waitFor();
    expect(await area().inputValue()).toBe(`${FIRST}echo mine\n`);
    expect(onDisk()).toContain('theirs');
    await page.getByRole('button', { name: 'Discard' }).tap();
  });

  test('fills in a new action with what its comments say, and an action its copy', async () => {
    await page.goto(`${toru.url}/actions/new?script=greet.sh`);
    await expect.poll(() => page.getByLabel('Name', { exact: true }).first().inputValue()).toBe('Greet somebody');
    expect(await page.getByRole('textbox', { name: 'Question' }).inputValue()).toBe('Whom');
    await page.getByRole('button', { name: 'Save' }).tap();
    await page.getByRole('button', { name: /^Greet somebody/ }).waitFor();
    const [made] = (await admin.http('GET', '/api/actions'))
      .json()
      .items.filter(({ label }: { label: string }) => label === 'Greet somebody');
    await page.goto(`${toru.url}/actions/${made.id}/edit`);
    await page.getByRole('link', { name: 'Duplicate' }).tap();
    await expect.poll(() => page.getByLabel('Name', { exact: true }).first().inputValue()).toBe('Copy of Greet somebody');
    // Save stays in sight at the end of the form.
    await page.mouse.wheel(0, 50_000);
    await page.getByRole('button', { name: 'Save' }).tap();
    await page.getByRole('button', { name: /^Copy of Greet somebody/ }).waitFor();
  });
});
