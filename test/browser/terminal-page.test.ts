import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { Stage } from '../faults/stage.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { beginSession } from './log-in.ts';
import { screenOf, showsScreen } from './terminal-screen.ts';

/** A terminal's page on a desk: each test goes on where the one before it stopped. */

const found = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })) }));

describeInBrowser('the page of a terminal', () => {
  let stage: Stage;
  let client: Client;
  let browser: Browser;
  let page: Page;
  let id: string;

  beforeAll(async () => {
    stage = await Stage.open();
    client = await stage.client();
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stage.url });
    await beginSession(browser, stage.url, 'admin', 'the password of the stage');
    page = await browser.context.newPage();
    const command = ['/bin/bash', '--norc', '--noprofile'];
    id = (await client.http('POST', '/api/terminals', { command, cwd: stage.home })).json().id;
    await page.goto(`${stage.url}/terminals/${id}`);
    await showsScreen(page, /[$#]$/);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await client?.http('DELETE', `/api/terminals/${id}`);
    await stage?.close();
  });

  const type = async (text: string): Promise<void> => {
    await page.locator('.terminal-box .xterm-screen').click();
    await page.keyboard.type(text);
  };

  test('a phone that only looks does not make it narrower; one that types does, and the desk sees it so', async () => {
    await type('PS1="$ "; clear; echo wide\n');
    await showsScreen(page, /^wide$/m);
    const cols = async (): Promise<number> => (await client.http('GET', `/api/terminals/${id}`)).json().cols;
    const wide = await cols();
    expect(wide).toBeGreaterThan(90);
    const phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await beginSession(phone, stage.url, 'admin', 'the password of the stage');
    const small = await phone.context.newPage();
    await small.goto(`${stage.url}/terminals/${id}`);
    await showsScreen(small, /^wide$/m);
    await small.setViewportSize({ width: 844, height: 390 });
    await small.setViewportSize({ width: 390, height: 844 });
    await small.getByRole('button', { name: 'Fit to this window' }).waitFor();
    expect(await cols()).toBe(wide);
    // All of it can be reached: smaller or scrolled, and not broken into lines.
    const seen = await small.evaluate(() => {
      const [box, screen] = [document.querySelector('.terminal-box'), document.querySelector('.terminal-box .xterm-screen')];
      return { all: screen?.getBoundingClientRect().width ?? 0, reached: box?.scrollWidth ?? 0 };
    });
    expect(seen.reached).toBeGreaterThanOrEqual(Math.floor(seen.all));
    expect(seen.all).toBeGreaterThan(wide * 3);
    await small.locator('.terminal-box .xterm-screen').tap();
    await small.keyboard.type('echo narrow\n');
    await eventually('it is as wide as the phone', cols, { holds: (now) => now < 70 });
    await showsScreen(page, /^narrow$/m);
    await page.getByRole('button', { name: 'Fit to this window' }).click();
    await eventually('it is as wide as the desk', cols, { holds: (now) => now === wide });
    await phone[Symbol.asyncDispose]();
  });

  test('a program copies with permission only, which is asked for once, and is never told what was copied', async () => {
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await page.evaluate(() => navigator.clipboard.writeText('mine'));
    await type('clear; printf "\\033]52;c;%s\\007" "$(printf first | base64)"; echo sent\n');
    const question = page.getByRole('alertdialog', { name: 'A program wants to copy a text' });
    await question.waitFor();
    expect(await copied()).toBe('mine');
    await question.getByRole('button', { name: 'Allow' }).click();
    await expect.poll(copied).toBe('first');
    await type('printf "\\033]52;c;%s\\007" "$(printf second | base64)"; echo again\n');
    await expect.poll(copied).toBe('second');
    expect(await question.isVisible()).toBe(false);
    await type('clear; printf "\\033]52;c;?\\007"; read -r -t 1 answer; echo "<$answer>"\n');
    await showsScreen(page, /^<>$/m);
  });

  test('an address that hides behind a text is shown first, and only one of the web', async () => {
    await type(
      'clear; printf "\\033]8;;https://example.com/there\\007press me\\033]8;;\\007 \\033]8;;javascript:alert(1)\\007not me\\033]8;;\\007\\n"\n',
    );
    await showsScreen(page, /^press me not me$/m);
    const rows = await page.locator('.terminal-box .xterm-screen').boundingBox();
    const y = (rows?.y ?? 0) + 8;
    await page.mouse.move((rows?.x ?? 0) + 90, y);
    await page.mouse.click((rows?.x ?? 0) + 90, y);
    await page.mouse.move((rows?.x ?? 0) + 12, y);
    await page.mouse.click((rows?.x ?? 0) + 12, y);
    const link = page.getByRole('region', { name: 'Link' });
    await link.getByText('https://example.com/there').waitFor();
    await link.getByRole('button', { name: 'Close' }).click();
  });

  test('a text is found on the screen and above it, and in the full log', async () => {
    await type('clear; seq -f "item %g" 1 200; printf "\\033]0;my title\\007"\n');
    await showsScreen(page, /^item 200$/m);
    await expect.poll(() => page.title()).toContain('my title');
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    const field = page.getByRole('searchbox', { name: 'Find in the terminal' });
    await field.fill('item 17');
    await page
      .getByRole('status')
      .getByText(/of 11$/)
      .waitFor();
    await field.press('Enter');
    await page.getByRole('button', { name: 'In the full log' }).click();
    const sheet = page.getByRole('dialog');
    await expect.poll(() => sheet.getByRole('listitem').count()).toBe(11);
    await sheet.getByRole('button', { name: 'Close' }).click();
    await field.press('Escape');
  });

  test('new lines are read to a screen reader', async () => {
    await page.getByRole('button', { name: 'Read new lines to a screen reader' }).click();
    await type('clear; echo "for the ear"\n');
    await expect.poll(() => page.locator('.terminal-box .live-region').innerText()).toContain('for the ear');
    await page.getByRole('button', { name: 'Read new lines to a screen reader' }).click();
  });

  test('on a slow line what is typed is shown before its echo, but no password', async () => {
    await type('clear; read -r -s -p "secret: " x; echo\n');
    await showsScreen(page, /secret:$/);
    stage.browserNetwork.delay('down', 1500);
    try {
      await page.keyboard.type('hunter');
      await page.waitForTimeout(500);
      expect(await page.locator('.predicted').count()).toBe(0);
      await page.keyboard.press('Enter');
      await eventually('the prompt is back', () => screenOf(page), { holds: (text) => /\n?\$$/.test(text) });
      // The first one is waited for: it says how long the line is, and that the program echoes.
      await page.waitForTimeout(500);
      await page.keyboard.type('a');
      await eventually('it is echoed', () => screenOf(page), { holds: (text) => /\$ a$/.test(text) });
      await page.keyboard.type('bc');
      await expect.poll(() => page.locator('.predicted.predicted-slow').allTextContents()).toEqual(['b', 'c']);
      expect(await screenOf(page)).not.toContain('abc');
      await eventually('the echo took its place', () => screenOf(page), { holds: (text) => /\$ abc$/.test(text) });
      await expect.poll(() => page.locator('.predicted').count()).toBe(0);
    } finally {
      stage.browserNetwork.heal();
    }
    await page.keyboard.press('Control+u');
  });

  test('a file is sent into its folder, and another one taken out', async () => {
    const source = join(stage.home, 'to-send.txt');
    writeFileSync(source, 'sent by the page');
    mkdirSync(join(stage.home, 'inbox'));
    await type('cd inbox; clear; pwd\n');
    await showsScreen(page, /inbox$/m);
    await page.locator('input[type=file]').setInputFiles(source);
    await eventually('the page says where the file is', () => page.locator('.toast').allInnerTexts(), {
      holds: (toasts) => toasts.some((text) => /to-send.txt is in .*inbox/.test(text)),
      limitMs: 20_000,
    });
    expect(readFileSync(join(stage.home, 'inbox', 'to-send.txt'), 'utf8')).toBe('sent by the page');
    await page.getByRole('button', { name: 'Download a file' }).click();
    const path = page.getByRole('textbox', { name: 'Path' });
    await path.fill('nothing-here');
    await page.getByRole('button', { name: 'Download', exact: true }).click();
    await page.getByRole('dialog').getByRole('alert').waitFor();
    await path.fill('to-send.txt');
    const coming = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download', exact: true }).click();
    expect((await coming).suggestedFilename()).toBe('to-send.txt');
  });

  test('it is shared with a user, to look or to type, and no longer', async () => {
    const made = await client.http('POST', '/api/users', { username: 'cleo', password: 'the password of cleo', role: 'client' });
    const shares = async (): Promise<unknown> => (await client.http('GET', `/api/terminals/${id}/shares`)).json().items;
    await page.getByRole('button', { name: 'Share', exact: true }).click();
    const sheet = page.getByRole('dialog', { name: 'Share' });
    const cleo = sheet.getByRole('group', { name: 'cleo' });
    await expect.poll(() => cleo.getByRole('radio', { name: 'No access' }).isChecked()).toBe(true);
    for (const [choice, right] of [
      ['Looks', 'look'],
      ['Types', 'type'],
    ] as const) {
      await cleo.getByRole('radio', { name: choice }).click();
      await expect.poll(shares).toEqual([{ user_id: made.json().id, username: 'cleo', right }]);
    }
    await cleo.getByRole('radio', { name: 'No access' }).click();
    await expect.poll(shares).toEqual([]);
    await sheet.getByRole('button', { name: 'Close' }).click();
  });

  test('folders are made in each other, and a worktree is made and removed', async () => {
    const site = join(stage.home, 'code', 'site');
    mkdirSync(site, { recursive: true });
    const git = (...args: string[]) => execFileSync('git', ['-c', 'user.email=a@example.com', '-c', 'user.name=a', ...args], { cwd: site });
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'first');
    await page.goto(`${stage.url}/terminals/folders`);
    await page.getByRole('button', { name: 'New folder' }).first().click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Site');
    await page.getByRole('textbox', { name: 'Working folder' }).fill(site);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'New folder in Site' }).click();
    await page.getByText(`From above: ${site}`).waitFor();
    await page.getByRole('textbox', { name: 'Name' }).fill('Tests');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'New terminal in Tests' }).click();
    await page.waitForURL(/\/terminals\/[0-9a-f-]{36}$/);
    const opened = page.url().slice(-36);
    expect((await client.http('GET', `/api/terminals/${opened}`)).json().cwd).toBe(site);
    await client.http('DELETE', `/api/terminals/${opened}`);

    await page.goto(`${stage.url}/terminals/worktrees`);
    await page.getByRole('button', { name: 'Folders with repositories' }).click();
    await page.getByRole('textbox', { name: 'Folders' }).fill(join(stage.home, 'code'));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'New worktree' }).click();
    await page.getByRole('textbox', { name: 'Branch', exact: true }).fill('fix');
    await page.getByRole('button', { name: 'Make it' }).click();
    await page.getByRole('button', { name: /^Remove .*site-fix$/ }).waitFor();
    writeFileSync(join(stage.home, 'code', 'site-fix', 'new.txt'), 'unsaved');
    await page.getByRole('button', { name: /^Remove .*site-fix$/ }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByRole('button', { name: 'Remove' }).click();
    await sheet.getByText(/1 uncommitted file/).waitFor();
    await sheet.getByRole('switch', { name: 'Remove it all the same' }).check();
    await sheet.getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('button', { name: /^Restore .*site-fix$/ }).waitFor();
  });

  test.each([
    ['light', 390],
    ['dark', 1280],
  ] as const)('axe objects to nothing, %s, %i px', async (colorScheme, width) => {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme });
    for (const path of ['', '/folders', '/worktrees', `/${id}`, `/${id}?beside=${id.replace(/^./, '0')}`]) {
      await page.goto(`${stage.url}/terminals${path}`);
      await page.locator('h1').first().waitFor();
      await expect.poll(() => page.locator('.loading').count()).toBe(0);
      await page.evaluate(axe.source);
      const violations = found.parse(await page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)"));
      const objections = violations.flatMap(({ id: rule, nodes }) =>
        nodes.map(({ html, failureSummary }) => `${path} ${rule}: ${html.slice(0, 200)} ${failureSummary ?? ''}`),
      );
      expect(objections).toEqual([]);
      await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth), { message: `px wide: ${path}` }).toBe(width);
    }
  });
});
