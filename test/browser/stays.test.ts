import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from '../faults/stage.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { beginSession } from './log-in.ts';
import { key, showsScreen } from './terminal-screen.ts';

/** What somebody is using stays the element that it is, with its text and the focus, whatever arrives meanwhile. */

describeInBrowser('what somebody is using when news arrive', () => {
  let stage: Stage;
  let client: Client;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    stage = await Stage.open();
    client = await stage.client();
    const path = join(stage.home, 'scripts', 'reads.sh');
    writeFileSync(path, '#!/bin/sh\necho hello there\nread -r answer\n');
    chmodSync(path, 0o755);
    for (const { id } of (await client.http('GET', '/api/actions')).json().items) await client.http('DELETE', `/api/actions/${id}`);
    for (const id of ['first', 'second', 'third'])
      await client.http('POST', '/api/actions', { id, label: id, script: 'reads.sh', tty: true });
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    await beginSession(browser, stage.url, 'admin', 'the password of the stage');
    page = await browser.context.newPage();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await stage?.close();
  });

  /** Keeps the element in the page. @returns what became of it. */
  const hold = async (control: Locator): Promise<() => Promise<string>> => {
    const held = await control.elementHandle();
    return () =>
      control.page().evaluate((element) => {
        if (element?.isConnected !== true) return 'another one took its place';
        return document.activeElement === element
          ? 'the same, with the focus'
          : `the focus is at ${document.activeElement?.tagName ?? 'nothing'}`;
      }, held);
  };
  const SAME = 'the same, with the focus';

  test('the filter of the history, while the host goes and comes back', async () => {
    await page.goto(`${stage.url}/runs`);
    const field = page.getByRole('searchbox', { name: 'Find in name, script and inputs' });
    await field.click();
    const held = await hold(field);
    await stage.stopAgent();
    try {
      await page.getByText('Host offline since').waitFor();
      expect(await held()).toBe(SAME);
      await page.keyboard.type('hel');
    } finally {
      await stage.startAgent();
      await stage.linked();
    }
    await page.getByText('Host offline since').waitFor({ state: 'detached' });
    await page.keyboard.type('lo');
    expect(await held()).toBe(SAME);
    expect(await field.inputValue()).toBe('hello');
    await expect.poll(() => page.url()).toContain('q=hello');
  });

  test('a choice of the search, after it is changed', async () => {
    await page.goto(`${stage.url}/search`);
    await page.getByRole('searchbox', { name: 'Text to find in all runs' }).fill('hello');
    const where = page.getByRole('combobox', { name: 'Where' });
    await where.focus();
    const held = await hold(where);
    await where.selectOption('output');
    await expect.poll(() => page.url()).toContain('q=hello&in=output');
    expect(await held()).toBe(SAME);
  });

  test('a tile, while one before it goes', async () => {
    await page.goto(stage.url);
    const tile = page.getByRole('button', { name: 'third', exact: true });
    await tile.focus();
    const held = await hold(tile);
    await client.http('DELETE', '/api/actions/first');
    // It hears of it when it is connected again.
    stage.browserNetwork.cut();
    await page.getByRole('button', { name: 'first', exact: true }).waitFor({ state: 'detached' });
    expect(await held()).toBe(SAME);
  });

  test('what is chosen in the palette, while runs come late', async () => {
    const late = Promise.withResolvers<void>();
    const runs = '**/api/runs?limit=*';
    await client.http('POST', '/api/runs', { action: 'second' });
    await page.goto(`${stage.url}/account`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.route(runs, (route) => late.promise.then(() => route.continue()));
    await page.keyboard.press('Control+k');
    await page.getByRole('searchbox', { name: 'An action, a page or a run' }).fill('se');
    const found = page.getByRole('listbox', { name: 'Found' });
    const chosen = (): Promise<string> => found.getByRole('option', { selected: true }).innerText();
    await page.keyboard.press('ArrowUp');
    const before = await chosen();
    const count = await found.getByRole('option').count();
    late.resolve();
    await expect.poll(() => found.getByRole('option').count()).toBeGreaterThan(count);
    expect(await chosen()).toBe(before);
    await page.keyboard.press('Escape');
    await page.unroute(runs);
  });

  test('the search in the log of a terminal’s run, while the run ends', async () => {
    const { task_id } = (await client.http('POST', '/api/runs', { action: 'second' })).json();
    await page.goto(`${stage.url}/runs/${task_id}`);
    await page.getByRole('button', { name: 'Log', exact: true }).click();
    await page.getByRole('button', { name: 'Find in the output' }).click();
    const field = page
      .getByRole('searchbox')
      .or(page.getByRole('textbox', { name: /find/i }))
      .first();
    await field.fill('hel');
    const held = await hold(field);
    await client.http('POST', `/api/runs/${task_id}/cancel`);
    await page.getByText('Cancelled').first().waitFor();
    await page.getByRole('button', { name: 'Terminal', exact: true }).waitFor({ state: 'detached' });
    expect(await held()).toBe(SAME);
    await page.keyboard.type('lo');
    expect(await field.inputValue()).toBe('hello');
  });

  test('what is typed while the code of a field is on its way', async () => {
    const { task_id } = (await client.http('POST', '/api/runs', { script: 'reads.sh' })).json();
    const open = [
      { file: '**/assets/finder-*.js', key: 'Control+f', field: page.locator('.log-find input') },
      { file: '**/assets/palette-*.js', key: 'Control+k', field: page.locator('dialog input') },
    ];
    for (const { file, key, field } of open) {
      const { promise: held, resolve: release } = Promise.withResolvers<void>();
      await page.route(file, async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(`${stage.url}/runs/${task_id}`);
      await page.getByText('hello there').waitFor();
      await page.locator('.log-scroll').focus();
      const requested = page.waitForRequest(file);
      await page.keyboard.press(key);
      await requested;
      await page.keyboard.type('hello');
      release();
      await field.waitFor();
      await page.keyboard.type(' there');
      expect(await field.inputValue()).toBe('hello there');
      await page.unroute(file);
    }
    await client.http('POST', `/api/runs/${task_id}/cancel`);
  });

  test('a field that opens has the focus before anything else is done', async () => {
    const { task_id } = (await client.http('POST', '/api/runs', { script: 'reads.sh' })).json();
    await page.goto(`${stage.url}/runs/${task_id}`);
    await page.getByText('hello there').waitFor();
    const find = page.getByRole('button', { name: 'Find in the output' });
    // Its code is there from now on.
    await find.click();
    await page
      .getByRole('searchbox')
      .or(page.getByRole('textbox', { name: /find/i }))
      .first()
      .press('Escape');
    await find.waitFor();
    const first = await find.evaluate((button: HTMLElement) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      new MutationObserver((_, observer) => {
        if (document.querySelector('.log-find input') === null) return;
        observer.disconnect();
        resolve(document.activeElement?.tagName ?? '');
      }).observe(document.body, { childList: true, subtree: true });
      button.click();
      return promise;
    });
    expect(first).toBe('INPUT');
    await client.http('POST', `/api/runs/${task_id}/cancel`);
  });

  test('what is composed for a terminal, while another one comes beside it', async () => {
    const open = async (name: string): Promise<string> =>
      (await client.http('POST', '/api/terminals', { name, command: ['/bin/bash', '--norc', '--noprofile'], env: { PS1: '$ ' } })).json()
        .id;
    const [id, other] = [await open('one'), await open('other')];
    await using phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await beginSession(phone, stage.url, 'admin', 'the password of the stage');
    const touched = await phone.context.newPage();
    await touched.goto(`${stage.url}/terminals/${id}`);
    await showsScreen(touched, /\$$/);
    await key(touched, 'Write a text').tap();
    const field = touched.getByRole('textbox', { name: 'Text for the terminal' });
    await field.fill('half a');
    await touched.getByRole('button', { name: 'More tools' }).tap();
    const beside = touched.getByRole('dialog').getByRole('button', { name: 'Another beside it' });
    // With its words, which the head of a page has no room for.
    expect((await beside.boundingBox())?.width).toBeGreaterThan(100);
    await beside.tap();
    await touched.getByRole('dialog').getByRole('button', { name: 'other' }).tap();
    await eventually('both are shown', () => touched.locator('.terminal-page').count(), { holds: (count) => count === 2 });
    expect(await field.inputValue()).toBe('half a');
    for (const each of [id, other]) await client.http('DELETE', `/api/terminals/${each}`);
  });
});
