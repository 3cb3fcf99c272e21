import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Stage } from '../faults/stage.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { beginSession } from './log-in.ts';
import { placeOf, screenOf, showsScreen } from './terminal-screen.ts';

/** What one does with a terminal's page beside typing. */

const LINES = 1200;
/** More than a page keeps below what was there when it came. */
const MORE = 7000;

describeInBrowser('a terminal in use', () => {
  let stage: Stage;
  let client: Client;
  let browser: Browser;
  let page: Page;
  let id: string;

  const open = async (more: object = {}): Promise<string> => {
    const command = ['/bin/bash', '--norc', '--noprofile'];
    return (await client.http('POST', '/api/terminals', { command, cwd: stage.home, env: { PS1: '$ ' }, ...more })).json().id;
  };
  const look = async (terminal: string): Promise<void> => {
    await page.goto(`${stage.url}/terminals/${terminal}`);
    await showsScreen(page, /\$$/);
  };

  beforeAll(async () => {
    stage = await Stage.open();
    client = await stage.client();
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
    await beginSession(browser, stage.url, 'admin', 'the password of the stage');
    page = await browser.context.newPage();
    id = await open();
    await look(id);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await stage?.close();
  });

  const type = async (text: string): Promise<void> => {
    await page.locator('.terminal-box .xterm-screen').first().click();
    await page.keyboard.type(text);
  };

  test('who comes later scrolls up to what was printed before, page by page, and nothing jumps', async () => {
    await type(
      `clear; printf '\\033]8;;https://example.com/first\\007a link\\033]8;;\\007\\n'; for n in $(seq ${LINES}); do echo "line $n of all"; done\n`,
    );
    await showsScreen(page, new RegExp(`^line ${LINES} of all$`, 'm'));
    await page.reload();
    await showsScreen(page, new RegExp(`^line ${LINES} of all$`, 'm'));
    const numbers = async (): Promise<number[]> =>
      [...(await screenOf(page)).matchAll(/^line (\d+) of all$/gm)].map((match) => Number(match[1]));
    await page.locator('.terminal-box .xterm-screen').first().click();
    let least = (await numbers())[0] ?? 0;
    await eventually(
      'the first of all lines',
      async () => {
        await page.keyboard.press('Shift+PageUp');
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
        const seen = await numbers();
        // All lines of what is shown follow each other, and it never goes forward again.
        expect(seen).toEqual(seen.map((_, at) => (seen[0] ?? 0) + at));
        expect(seen[0] ?? least).toBeLessThanOrEqual(least);
        least = seen[0] ?? least;
        return least;
      },
      { holds: (first) => first === 1 },
    );
    // What is printed now changes nothing of what is looked at.
    const before = await screenOf(page);
    await client.http('POST', `/api/terminals/${id}/input`, { data: 'echo later\r' });
    await eventually('it was printed', async () => (await client.http('GET', `/api/terminals/${id}/scrollback?lines=3`)).text, {
      holds: (text) => /^later$/m.test(text),
    });
    expect(await screenOf(page)).toBe(before);
  });

  test('what a program hid behind a text can be opened in lines that came in pages, too', async () => {
    await page.keyboard.press('Shift+PageUp');
    await showsScreen(page, /^a link$/m);
    const { x, y, width, height } = await placeOf(page, 'a link');
    await page.mouse.move(x + width / 2 + 2, y + height / 2);
    await page.mouse.click(x + width / 2, y + height / 2);
    const link = page.getByRole('region', { name: 'Link' });
    await link.getByText('https://example.com/first').waitFor();
    await link.getByRole('button', { name: 'Close' }).click();
  });

  test('more is printed than the page keeps: what went comes back when one scrolls up to it', async () => {
    const to = LINES + MORE;
    await type(`for n in $(seq ${LINES + 1} ${to}); do echo "line $n of all"; done\n`);
    await showsScreen(page, new RegExp(`^line ${to} of all$`, 'm'));
    await page.locator('.terminal-box .xterm-screen').first().click();
    await eventually(
      'the first of all lines',
      async () => {
        for (let i = 0; i < 25; i += 1) await page.keyboard.press('Shift+PageUp');
        await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
        const numbers = [...(await screenOf(page)).matchAll(/^line (\d+) of all$/gm)].map((match) => Number(match[1]));
        expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
        return numbers[0];
      },
      { holds: (first) => first === 1, limitMs: 120_000 },
    );
    // Downwards from there nothing is missing, and nothing stands there twice.
    await page.getByRole('button', { name: 'Find', exact: true }).click();
    const field = page.getByRole('searchbox', { name: 'Find in the terminal' });
    for (const line of [LINES, LINES + 1, LINES + 1000, LINES + MORE - 5000, LINES + MORE - 4000]) {
      await field.fill(`line ${line} of all`);
      await showsScreen(page, new RegExp(`^line ${line} of all$`, 'm'));
      const numbers = [...(await screenOf(page)).matchAll(/^line (\d+) of all$/gm)].map((match) => Number(match[1]));
      expect(numbers).toEqual(numbers.map((_, at) => (numbers[0] ?? 0) + at));
    }
    await field.press('Escape');
  }, 300_000);

  test('emoji and wide characters have the width that programs count, before a reload and after', async () => {
    // A program that counts as wcwidth does puts the bar behind two of each.
    const text = '😀|漢|é|👍|⌛|a';
    await type(`clear; printf '%s\\n' '${text}'; printf '\\033[20G#\\n'\n`);
    await showsScreen(page, /😀\|漢\|é\|👍\|⌛\|a/);
    const bars = (): Promise<number[]> =>
      page.evaluate(() => {
        const cell = document.querySelector('.terminal-box .xterm-screen')?.getBoundingClientRect();
        const row = [...document.querySelectorAll('.terminal-box .xterm-rows > div')].find(
          (each) => each.textContent?.startsWith('😀|') === true,
        );
        if (row === undefined || cell === undefined) return [];
        const found: number[] = [];
        const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node !== null; node = walker.nextNode())
          for (let at = (node.textContent ?? '').indexOf('|'); at >= 0; at = (node.textContent ?? '').indexOf('|', at + 1)) {
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + 1);
            const { left, width } = range.getBoundingClientRect();
            found.push(Math.round((left - cell.left) / width));
          }
        return found;
      });
    const expected = [2, 5, 7, 10, 13];
    await expect.poll(bars).toEqual(expected);
    await page.reload();
    await showsScreen(page, /😀/);
    await expect.poll(bars).toEqual(expected);
  });

  test('Ctrl-F6 takes the keyboard out of the terminal, from where Tab goes on', async () => {
    await type('');
    const focus = (): Promise<string> => page.evaluate(() => document.activeElement?.className ?? '');
    expect(await focus()).toContain('xterm-helper-textarea');
    await page.keyboard.press('Tab');
    expect(await focus()).toContain('xterm-helper-textarea');
    await page.keyboard.press('Control+F6');
    await expect.poll(focus).toContain('terminal-foot');
    await page.keyboard.press('Shift+Tab');
    await expect.poll(focus).toContain('xterm-helper-textarea');
  });

  test('a bell is seen and said, and the terminal says elsewhere that it wants attention', async () => {
    // It is there for a moment only, which a look now and then may miss.
    await page.evaluate(() => {
      const seen = (): void => {
        if (document.querySelector('.terminal-bell') !== null) document.documentElement.dataset['rang'] = 'seen';
        const said = [...document.querySelectorAll('[aria-live], [role=status], [role=alert]')].map((each) => each.textContent);
        if (said.includes('Bell')) document.documentElement.dataset['bell'] = 'said';
      };
      new MutationObserver(seen).observe(document.body, { childList: true, subtree: true, characterData: true });
    });
    await type('clear; sleep 0.3; printf "\\a"\n');
    await eventually('the bell is seen and said', () => page.evaluate(() => ({ ...document.documentElement.dataset })), {
      holds: ({ rang, bell }) => rang === 'seen' && bell === 'said',
      limitMs: 20_000,
    });
    await page.goto(`${stage.url}/terminals`);
    await client.http('POST', `/api/terminals/${id}/input`, { data: 'sleep 0.2; printf "\\a"\r' });
    await eventually('it wants attention', async () => (await client.http('GET', `/api/terminals/${id}`)).json().attention, {
      holds: (attention) => attention === 'bell',
    });
    await page.getByText('Its bell rang').first().waitFor();
    await look(id);
  });

  test('a folder has colours of its own', async () => {
    const folder = (await client.http('POST', '/api/folders', { name: 'Dark', preferences: { theme: 'dark' } })).json().id;
    const dark = await open({ folder });
    await page.emulateMedia({ colorScheme: 'light' });
    const ground = (): Promise<string> =>
      page
        .locator('.terminal-box')
        .first()
        .evaluate((box) => getComputedStyle(box).backgroundColor);
    const light = await ground();
    await look(dark);
    await expect.poll(ground).toBe('rgb(20, 19, 18)');
    expect(light).toBe('rgb(253, 251, 247)');
    await client.http('DELETE', `/api/terminals/${dark}`);
  });

  test('two beside each other: each is typed into, and one goes', async () => {
    const other = await open();
    await look(id);
    await page.getByRole('button', { name: 'Another beside it' }).click();
    await page.getByRole('dialog').getByRole('button').filter({ hasText: 'bash' }).first().click();
    await expect.poll(() => page.locator('.terminal-box .xterm-screen').count()).toBe(2);
    const pane = page.locator('.terminal-page').nth(1);
    await pane.locator('.xterm-screen').click();
    await page.keyboard.type('echo in the second\n');
    await expect.poll(() => pane.locator('.xterm-rows').innerText()).toMatch(/\nin.the.second/);
    expect(await page.locator('.terminal-page').nth(0).locator('.xterm-rows').innerText()).not.toContain('second');
    await pane.getByRole('button', { name: 'Show the other alone' }).click();
    await expect.poll(() => page.locator('.terminal-box .xterm-screen').count()).toBe(1);
    expect(page.url()).toContain(id);
    await client.http('DELETE', `/api/terminals/${other}`);
  });

  test('a file that is dropped on it comes into its folder', async () => {
    await look(id);
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['dropped on the page'], 'dropped.txt', { type: 'text/plain' }));
      return transfer;
    });
    const frame = page.locator('.terminal-frame');
    await frame.dispatchEvent('dragover', { dataTransfer: data });
    await page.locator('.terminal-dropping').waitFor();
    await frame.dispatchEvent('drop', { dataTransfer: data });
    await page.getByText(/dropped.txt is in/).waitFor();
    expect(readFileSync(join(stage.home, 'dropped.txt'), 'utf8')).toBe('dropped on the page');
    expect(await page.locator('.terminal-dropping').count()).toBe(0);
  });
});
