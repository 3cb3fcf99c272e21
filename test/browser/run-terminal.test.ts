import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { type Scene, withToru } from './scene.ts';
import { key, screenOf, showsScreen } from './terminal-screen.ts';

/** A run that has a terminal, on its page: used as one by whoever looks at it. */

describeInBrowser('the page of a run in a terminal', () => {
  let scene: Scene;

  withToru(async (made) => {
    scene = made;
    scene.script(
      'asks.sh',
      `#!/bin/bash\nread -r -p "Name: " name\nread -r -s -p "Secret: " secret\nprintf "\\nhello %s, %s\\n" "$name" "\${#secret}"\nread -r rest\n`,
    );
    scene.script('less.sh', '#!/bin/sh\nseq -f "line %g of the file" 1 500 | TERM=xterm-256color less\n');
    scene.script(
      'where.sh',
      `#!/bin/bash\nread -r -s -p ready\nIFS=R read -r -s -d R -p $'\\e[6n' place\nprintf "<%s>\\n" "\${place#*[}"\nread -r rest\n`,
    );
    // More than a page reads of it, after modes that hold until it ends.
    scene.script(
      'long.sh',
      `#!/bin/bash\nstty -echo -icanon\nprintf 'before\\n\\033[?1049h\\033[?2004h\\033[?1002h\\033[?1006h'\nseq -f 'line %g of what was drawn long ago' 60000\nprintf 'at the end\\n'\nIFS= read -r -d Q rest\nprintf '\\033[?1049l<%q>\\n' "$rest"\n`,
    );
    for (const id of ['asks', 'less', 'where', 'long']) await scene.action({ id, label: id, script: `${id}.sh`, tty: true });
  });

  const start = async (action: string): Promise<string> => (await scene.admin.http('POST', '/api/runs', { action })).json().task_id;
  const open = async (page: Page, task: string): Promise<void> => {
    await page.goto(`${scene.toru.url}/runs/${task}`);
    await page.locator('.run-terminal .xterm-screen').waitFor();
  };
  const over = (task: string): Promise<string> =>
    eventually('the run has ended', async () => (await scene.admin.http('GET', `/api/runs/${task}`)).json().state, {
      holds: (state) => state === 'exited',
    });
  const log = (page: Page) => page.getByLabel('Output', { exact: true });

  test('it asks, hides a secret, is read as a log, and is one when it has ended', async () => {
    const { page } = await scene.browse({ viewport: { width: 1280, height: 900 } });
    const task = await start('asks');
    await open(page, task);
    await showsScreen(page, /^Name:/m);
    await page.keyboard.type('Ada\n');
    await showsScreen(page, /Secret:/);
    await page.keyboard.type('hunter2\n');
    await showsScreen(page, /^hello Ada, 7$/m);
    expect(await screenOf(page)).not.toContain('hunter2');
    await page.getByRole('button', { name: 'Log', exact: true }).click();
    await log(page).getByText('hello Ada, 7').waitFor();
    await page.getByRole('button', { name: 'Terminal', exact: true }).click();
    await showsScreen(page, /^hello Ada, 7$/m);
    await page.keyboard.type('\n');
    await over(task);
    await log(page).getByText('hello Ada, 7').waitFor();
    expect(await page.locator('.run-terminal').count()).toBe(0);
    expect(await log(page).innerText()).not.toMatch(/5379|size;/);
    await page.close();
  });

  test('a program has the whole of it: its size, its keys, and the same screen after a reload', async () => {
    const { page } = await scene.browse({ viewport: { width: 1280, height: 900 } });
    const task = await start('less');
    await open(page, task);
    await showsScreen(page, /^line 30 of the file/m);
    await page.keyboard.press('PageDown');
    await eventually('it is further down', () => screenOf(page), {
      holds: (text) => !/^line 1 of/m.test(text) && /^line 45 of/m.test(text),
    });
    const before = await screenOf(page);
    await page.reload();
    await eventually('the same is shown', () => screenOf(page), { holds: (text) => text === before });
    // Somebody else who only looks changes nothing.
    const { page: phone } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await open(phone, task);
    await eventually('the phone shows the same', () => screenOf(phone), { holds: (text) => text === before });
    await phone.getByRole('button', { name: 'Fit to this window' }).waitFor();
    expect(await screenOf(page)).toBe(before);
    await phone.close();
    await page.keyboard.type('q');
    await over(task);
    await page.close();
  });

  test('what its program set before the part that is read holds: its screen, its mouse, pastes in brackets', async () => {
    const { page } = await scene.browse({ viewport: { width: 1280, height: 900 } });
    const task = await start('long');
    await eventually('it has printed more than is read', async () => (await scene.admin.http('GET', `/api/runs/${task}`)).json(), {
      holds: ({ output_bytes }) => output_bytes > 1_500_000,
    });
    await open(page, task);
    await showsScreen(page, /^at the end$/m);
    // The emulator takes the mouse for its program, which is on a screen without lines above it.
    await page.locator('.run-terminal .xterm.enable-mouse-events').waitFor();
    await page.locator('.run-terminal .xterm-screen').hover();
    await page.mouse.wheel(0, -2000);
    await showsScreen(page, /^at the end$/m);
    await page.evaluate(() => {
      const data = new DataTransfer();
      data.setData('text/plain', 'pasted');
      document.querySelector('.run-terminal textarea')?.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true }));
    });
    await page.keyboard.type('Q');
    await over(task);
    expect((await scene.admin.http('GET', `/api/runs/${task}/output?tail=500`)).text).toContain('[200~pasted');
    await page.close();
  });

  test('what it asks of its terminal is answered by one of those who look, once, and by no replay', async () => {
    const { page } = await scene.browse({ viewport: { width: 1280, height: 900 } });
    const { page: other } = await scene.browse({ viewport: { width: 1280, height: 900 } });
    const task = await start('where');
    await open(page, task);
    await open(other, task);
    for (const each of [page, other]) await showsScreen(each, /^ready/);
    await page.keyboard.type('\n');
    await showsScreen(page, /<\d+;\d+>/);
    await other.reload();
    await showsScreen(other, /<\d+;\d+>/);
    // Nothing more was typed: a second answer would stand on the screen.
    expect((await screenOf(other)).replace(/<\d+;\d+>/, '').trim()).toBe('ready');
    await other.close();
    await page.close();
    await scene.admin.http('POST', `/api/runs/${task}/cancel`);
  });

  test('on a phone it has the keys, and the line that is typed is above the keyboard', async () => {
    const { page } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const task = await start('less');
    await open(page, task);
    await page.locator('.run-terminal .xterm-screen').tap();
    await showsScreen(page, /^line 5 of the file/m);
    await page.setViewportSize({ width: 390, height: 480 });
    await eventually('what is shown fits', async () => (await screenOf(page)).split('\n').length, {
      holds: (lines) => lines > 5 && lines < 22,
    });
    await key(page, 'Down').tap();
    await eventually('one line down', () => screenOf(page), { holds: (text) => text.startsWith('line 2 of') });
    const keys = await page.getByRole('toolbar', { name: 'Keys' }).boundingBox();
    expect((keys?.y ?? 0) + (keys?.height ?? 0)).toBeLessThanOrEqual(480);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.keyboard.type('q');
    await over(task);
    await log(page).waitFor();
    await page.close();
  });
});
