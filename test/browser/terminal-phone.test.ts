import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { scaled } from '../../tools/test-pace.ts';
import { Stage } from '../faults/stage.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { beginSession } from './log-in.ts';
import { fingers, key, placeOf, screenOf, showsScreen } from './terminal-screen.ts';

/** A terminal on a phone: each test goes on where the one before it stopped. */

const UPRIGHT = { width: 390, height: 844 };
/** Five a second are printed: at full size, for a minute. */
const TICKS = scaled(300, 40);
/** Shows each byte that it reads, in hex. */
const BYTES = 'stty raw -echo; while :; do dd bs=1 count=1 2>/dev/null | od -An -tx1 | tr -d " \\n"; printf " "; done';

describeInBrowser('a terminal on a phone', () => {
  let stage: Stage;
  let client: Client;
  let browser: Browser;
  let page: Page;
  let id: string;

  const open = async (command: string[]): Promise<string> => (await client.http('POST', '/api/terminals', { command, cwd: '/' })).json().id;
  const close = (terminal: string) => client.http('DELETE', `/api/terminals/${terminal}`);
  const sizeOf = async (terminal: string): Promise<{ cols: number; rows: number }> => {
    const { cols, rows } = (await client.http('GET', `/api/terminals/${terminal}`)).json();
    return { cols, rows };
  };

  beforeAll(async () => {
    stage = await Stage.open();
    client = await stage.client();
    browser = await launchBrowser({ viewport: UPRIGHT, hasTouch: true });
    await browser.context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: stage.url });
    await beginSession(browser, stage.url, 'admin', 'the password of the stage');
    page = await browser.context.newPage();
    id = await open(['/bin/bash', '--norc', '--noprofile']);
    await page.goto(`${stage.url}/terminals/${id}`);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await client?.http('DELETE', `/api/terminals/${id}`);
    await stage?.close();
  });

  test('it has the room of the phone, and types', async () => {
    await showsScreen(page, /[$#]$/);
    await page.locator('.terminal .xterm-screen').tap();
    await page.keyboard.type('PS1="$ "; echo $((40 + 2)) seen\n');
    await showsScreen(page, /\n42 seen/);
    const { cols } = await sizeOf(id);
    expect(cols).toBeGreaterThan(35);
    expect(cols).toBeLessThan(60);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(UPRIGHT.width);
  });

  test('the keys of the bar are those of a keyboard, and modifiers hold for one key, or until they are let go', async () => {
    const bytes = await open(['/bin/sh', '-c', `${BYTES} # ready`]);
    await page.goto(`${stage.url}/terminals/${bytes}`);
    await key(page, 'Escape').waitFor();
    const shown = async (): Promise<string> => (await screenOf(page)).replace(/\s+/g, ' ').trim();
    const gives = async (what: string, expected: string): Promise<void> => {
      await eventually(what, shown, { holds: (text) => text.endsWith(expected) });
    };
    for (const [name, hex] of [
      ['Escape', '1b'],
      ['Tab', '09'],
      ['Vertical bar', '7c'],
      ['Slash', '2f'],
      ['Hyphen', '2d'],
      ['Tilde', '7e'],
      ['Up', '1b 5b 41'],
      ['Left', '1b 5b 44'],
    ] as const) {
      await key(page, name).tap();
      await gives(name, hex);
    }
    await page.locator('.terminal .xterm-screen').tap();
    await key(page, 'Ctrl').tap();
    await page.keyboard.type('c');
    await gives('Ctrl and c', '1b 5b 44 03');
    await page.keyboard.type('c');
    await gives('c alone', '03 63');
    await key(page, 'Alt').tap();
    await key(page, 'Right').tap();
    await gives('Alt and right', '1b 5b 31 3b 33 43');
    // Two taps as a finger makes them: a test that looks at the page in between is too slow on a busy machine.
    const at = await key(page, 'Ctrl').boundingBox();
    const tap = () => page.touchscreen.tap((at?.x ?? 0) + 9, (at?.y ?? 0) + 9);
    await Promise.all([tap(), tap()]);
    await key(page, 'Ctrl, locked').waitFor();
    await page.keyboard.type('aa');
    await gives('Ctrl held', '43 01 01');
    await key(page, 'Ctrl, locked').tap();
    await page.keyboard.type('a');
    await gives('let go', '01 01 61');
    // The keyboard stays open.
    expect(await page.evaluate(() => document.activeElement?.className)).toContain('xterm-helper-textarea');
    await close(bytes);
  });

  test('what is composed goes as one paste, which runs nothing before Enter', async () => {
    await page.goto(`${stage.url}/terminals/${id}`);
    await showsScreen(page, /42 seen/);
    await key(page, 'Write a text').tap();
    const field = page.getByRole('textbox', { name: 'Text for the terminal' });
    await field.fill('echo one\necho two');
    await page.getByRole('button', { name: 'Insert', exact: true }).tap();
    const shown = await showsScreen(page, /echo two/);
    expect(shown, 'nothing of it ran before Enter').not.toMatch(/^one$/m);
    expect(shown, 'it is one paste: both lines wait at the prompt').toMatch(/echo one\n.*echo two/);
    await page.getByRole('button', { name: 'Send', exact: true }).tap();
    await showsScreen(page, /\none\ntwo\n/);
    await key(page, 'Write a text').tap();
  });

  test('2,000 characters are pasted', async () => {
    const text = Array.from({ length: 400 }, (_, n) => String(n % 10_000).padStart(4, '0'))
      .join(' ')
      .padEnd(2000, 'x');
    await page.evaluate((wanted) => navigator.clipboard.writeText(wanted), text);
    await page.locator('.terminal .xterm-screen').tap();
    await page.keyboard.type('clear; echo ready; read -r -d "#" pasted\n');
    await showsScreen(page, /^ready$/m);
    await key(page, 'Paste').tap();
    await showsScreen(page, /0399x/);
    await page.keyboard.type('#');
    await page.keyboard.type('clear; printf %s "$pasted" | md5sum; printf %s "$pasted" | wc -m\n');
    await showsScreen(page, /^2000$/m);
    expect(await screenOf(page)).toContain(createHash('md5').update(text).digest('hex'));
  });

  test('a finger that rests selects a word, is moved on, and what is selected is copied', async () => {
    await page.keyboard.type('clear; echo pears-and apples\n');
    await showsScreen(page, /^pears-and apples/m);
    const word = await placeOf(page, 'pears-and');
    const middle = word.y + word.height / 2;
    await fingers(page, [[[word.x + 10, middle]]], 700);
    const selection = page.getByRole('toolbar', { name: 'Selection' });
    await eventually('a finger that rests has selected', () => selection.count(), { holds: (count) => count === 1, limitMs: 20_000 });
    await selection.getByRole('button', { name: 'Copy' }).tap();
    const copied = () => page.evaluate(() => navigator.clipboard.readText());
    await expect.poll(copied).toBe('pears-and');
    await expect.poll(() => page.locator('.selection-end').count()).toBe(0);
    await page.locator('.toast').waitFor({ state: 'hidden' });
    const other = await placeOf(page, 'apples');
    await fingers(page, [[[word.x + 10, middle]], [[other.x + other.width - 2, middle]]], 700);
    await eventually('a finger that was moved on has selected', () => selection.count(), {
      holds: (count) => count === 1,
      limitMs: 20_000,
    });
    await selection.getByRole('button', { name: 'Copy' }).tap();
    await expect.poll(copied, { message: 'the selection goes to where the finger was moved' }).toBe('pears-and apples');
  });

  test('two fingers change the size of the letters, which is remembered, and the page does not zoom', async () => {
    const { cols } = await sizeOf(id);
    await fingers(page, [
      [
        [150, 300],
        [240, 300],
      ],
      [
        [120, 300],
        [270, 300],
      ],
      [
        [100, 300],
        [290, 300],
      ],
    ]);
    await eventually('the terminal is narrower', () => sizeOf(id), { holds: (now) => now.cols < cols * 0.7 });
    expect(await page.evaluate(() => visualViewport?.scale)).toBe(1);
    const narrow = await sizeOf(id);
    await page.reload();
    await showsScreen(page, /apples/);
    await eventually('it is as narrow', () => sizeOf(id), { holds: (now) => now.cols === narrow.cols });
    await fingers(page, [
      [
        [100, 300],
        [290, 300],
      ],
      [
        [150, 300],
        [240, 300],
      ],
    ]);
    await eventually('and as wide again', () => sizeOf(id), { holds: (now) => Math.abs(now.cols - cols) <= 4 });
  });

  test('on its side it keeps its place', async () => {
    await page.locator('.terminal .xterm-screen').tap();
    await page.keyboard.type('clear; seq -f "line %g of the list" 1 300\n');
    await showsScreen(page, /line 300 of the list/);
    // A finger moves the lines.
    await fingers(page, [[[195, 200]], [[195, 330]], [[195, 460]], [[195, 590]]]);
    const top = async (): Promise<string> => (await screenOf(page)).split('\n')[0]?.trim() ?? '';
    await eventually('it is scrolled', top, { holds: (line) => /^line 2[0-7]\d of/.test(line) });
    const before = await top();
    await page.setViewportSize({ width: 844, height: 390 });
    await eventually('the terminal is wider', () => sizeOf(id), { holds: ({ cols }) => cols > 80 });
    await eventually('the same line is on top', top, { holds: (line) => line === before });
    await page.setViewportSize(UPRIGHT);
    await eventually('and is again', () => sizeOf(id), { holds: ({ cols }) => cols < 60 });
    await eventually('the same line', top, { holds: (line) => line === before });
  });

  /** Where the foot of the last line is, far below while it is not drawn, and where the keys are. */
  const lastLine = async (): Promise<{ line: number; keys: number; foot: number }> => {
    const line = await placeOf(page, 'the last line').catch(() => null);
    const keys = await page.getByRole('toolbar', { name: 'Keys' }).boundingBox();
    const foot = (keys?.y ?? 0) + (keys?.height ?? 0);
    return { line: line === null ? Number.POSITIVE_INFINITY : line.y + line.height, keys: keys?.y ?? 0, foot };
  };

  test('above the keyboard the line that is typed is in view', async () => {
    await page.locator('.terminal .xterm-screen').tap();
    await page.keyboard.type('clear; seq 100; printf "the last line"; read -r\n');
    await showsScreen(page, /the last line/);
    // Chromium makes the window smaller by the keyboard.
    await page.setViewportSize({ width: 390, height: 480 });
    await eventually('the last line is above the keys', lastLine, { holds: ({ line, keys, foot }) => line <= keys && foot <= 480 });
    // iOS says so of a part of the window only.
    await page.setViewportSize(UPRIGHT);
    await page.evaluate(() => {
      const viewport = window.visualViewport;
      if (viewport === null) throw new Error('no visual viewport');
      Object.defineProperty(viewport, 'height', { configurable: true, get: () => 500 });
      viewport.dispatchEvent(new Event('resize'));
    });
    await eventually('the last line is above the keys', lastLine, { holds: ({ line, keys, foot }) => line <= keys && foot <= 500 });
    await page.reload();
    await showsScreen(page, /the last line/);
    await page.locator('.terminal .xterm-screen').tap();
    await page.keyboard.type('\n');
  });

  test('the network is lost for a while: it comes back where it was, with what was printed meanwhile', async () => {
    await page.locator('.terminal .xterm-screen').tap();
    const done = join(stage.home, 'printed');
    await page.keyboard.type(`clear; for n in $(seq ${TICKS}); do echo "tick $n"; sleep 0.2; done; touch ${done}\n`);
    await showsScreen(page, /^tick 3$/m);
    stage.browserNetwork.refuse(true);
    stage.browserNetwork.cut();
    await eventually('the host has printed all', () => existsSync(done), 120_000);
    stage.browserNetwork.refuse(false);
    await showsScreen(page, new RegExp(`^tick ${TICKS}$`, 'm'));
    const ticks = (await screenOf(page)).match(/^tick \d+$/gm) ?? [];
    expect(ticks).toEqual(Array.from({ length: ticks.length }, (_, n) => `tick ${TICKS + 1 - ticks.length + n}`));
    await page.locator('.terminal .xterm-screen').tap();
    await page.keyboard.type('echo back again\n');
    await showsScreen(page, /^back again$/m);
  });
});
