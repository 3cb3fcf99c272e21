import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { QUICK } from '../../tools/test-pace.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { appears } from './appears.ts';
import { logIn } from './log-in.ts';

/** The page as a person uses it, in Chromium, against the whole of Toru. */

const PASSWORD = 'correct horse battery';
const CLIENT_PASSWORD = 'client of the house';

/** Where a reader’s place is, and another tab: the quick part has the press, its output, its end and what everybody may see. */
const thorough = test.skipIf(QUICK);

describeInBrowser('in a browser', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;
  const complaints: string[] = [];

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    for (const [name, text] of [
      [
        'lines.sh',
        `#!/bin/bash
printf "\\033[32mgreen\\033[0m <b>not bold</b>\\n"
for ((i = 1; i <= 400; i++)); do echo "line $i"; ((i % 4)) || sleep 0.04; until ((i < 200)) || [ -e "${join(toru.home, 'gate')}" ]; do sleep 0.1; done; done
`,
      ],
      ['loop.sh', '#!/bin/sh\necho started\nwhile :; do sleep 1; done\n'],
      ['say.sh', '#!/bin/sh\necho "said $1"\n'],
      [
        'wide.sh',
        '#!/bin/bash\nfor ((i = 1; i <= 200; i++)); do echo "line $i goes on for longer than a phone is wide, and then some"; done\n',
      ],
    ] as const) {
      writeFileSync(join(toru.home, 'scripts', name), text);
      chmodSync(join(toru.home, 'scripts', name), 0o755);
    }
    admin = await Client.of(toru, 'admin', PASSWORD);
    const made = await admin.http('POST', '/api/users', { username: 'carla', password: CLIENT_PASSWORD, role: 'client' });
    for (const action of [
      { id: 'lines', label: 'Lines', script: 'lines.sh' },
      { id: 'loop', label: 'Loop', script: 'loop.sh' },
      {
        id: 'hers',
        label: 'Hers',
        script: 'say.sh',
        allow: [made.json().id],
        inputs: [{ type: 'text', name: 'what', label: 'What', required: true }],
      },
    ]) {
      expect((await admin.http('POST', '/api/actions', action)).status).toBe(201);
    }
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
  });

  afterAll(async () => {
    admin?.close();
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  /** A new tab, with every error of the page kept: one that breaks the policy of its own headers would show here. */
  async function tab(path = '/'): Promise<Page> {
    const page = await browser.context.newPage();
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('401')) complaints.push(message.text());
    });
    await page.goto(toru.url + path);
    return page;
  }

  /** Half of what “Lines” prints comes at once; it goes on when the test lets it, however slow the machine is. */
  const hold = (): void => rmSync(join(toru.home, 'gate'), { force: true });
  const letGo = (): void => writeFileSync(join(toru.home, 'gate'), '');

  const output = (page: Page) => page.getByLabel('Output', { exact: true });

  test('a wrong password is told, the right one opens the actions', async () => {
    const page = await tab();
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByText('Username or password is wrong.').waitFor();
    await page.getByLabel('Password').fill(PASSWORD);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Actions' }).waitFor();
    await page.getByRole('button', { name: 'Say hello' }).waitFor();
    await page.close();
  });

  test('a press asks, runs, and its answer comes to where it was pressed', async () => {
    const page = await tab();
    // Here what runs moves, too: in all tests it would take as much of a processor as the rest of them.
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await page.getByRole('button', { name: 'Say hello' }).click();
    await page.getByRole('dialog').getByLabel(/name/i).fill('Ada');
    await page.keyboard.press('Enter');
    await page.locator('a.press-open').click();
    await page.getByRole('heading', { name: 'Say hello' }).waitFor();
    await output(page).getByText('Ada').first().waitFor();
    await page.getByText('Done', { exact: false }).first().waitFor();
    await page.close();
  });

  test('what happens after the first reading and before the page hears of it is shown, in every list', async () => {
    expect((await admin.http('POST', '/api/actions', { id: 'unseen', label: 'Unseen', script: 'say.sh' })).status).toBe(201);
    let letThrough = (): void => undefined;
    const opened = new Promise<void>((resolve) => {
      letThrough = resolve;
    });
    const open = async (path: string): Promise<Page> => {
      const page = await browser.context.newPage();
      await page.routeWebSocket(/\/api\/ws/, async (socket) => {
        await opened;
        socket.connectToServer();
      });
      await page.goto(toru.url + path);
      return page;
    };
    const [tiles, list] = [await open('/'), await open('/runs')];
    const tile = tiles.getByRole('listitem').filter({ has: tiles.getByRole('button', { name: 'Unseen' }) });
    const rows = list.getByRole('list', { name: 'Runs' });
    await tile.getByText('Never run').waitFor();
    await rows.or(list.getByText('Nothing has run yet')).first().waitFor();
    const { task_id } = (await admin.http('POST', '/api/runs', { action: 'unseen' })).json();
    await eventually('the run has ended', async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state, {
      holds: (seen) => seen === 'exited',
    });
    expect(await rows.getByText('Unseen').count()).toBe(0);
    letThrough();
    await tile.getByText('Newest run of Unseen').waitFor();
    await rows.getByText('Unseen').waitFor();
    for (const page of [tiles, list]) await page.close();
  });

  test('output arrives while the script runs; a reload in mid-run goes on; colours are nodes, markup is text', async () => {
    hold();
    const page = await tab();
    await page.getByRole('button', { name: 'Lines' }).click();
    await page.locator('a.press-open').click();
    await output(page)
      .getByText(/^line \d+$/)
      .first()
      .waitFor();
    await page.getByRole('button', { name: 'Cancel' }).waitFor();
    await page.reload();
    await output(page)
      .getByText(/^line \d+$/)
      .first()
      .waitFor();
    letGo();
    await output(page).getByText('line 400', { exact: true }).waitFor();
    const task = new URL(page.url()).pathname.split('/').at(-1) ?? '';
    const whole = (await admin.http('GET', `/api/runs/${task}/output`)).text;
    expect(whole.split('\n').slice(1, -1)).toEqual(Array.from({ length: 400 }, (_, at) => `line ${at + 1}`));
    await page.goto(`${toru.url}/runs/${task}?at=0`);
    await output(page).getByText('<b>not bold</b>').waitFor();
    expect(await output(page).locator('b').count()).toBe(0);
    await page.close();
  });

  thorough('following the end never fights the reader', async () => {
    hold();
    const page = await tab();
    await page.getByRole('button', { name: 'Lines' }).click();
    await page.locator('a.press-open').click();
    await output(page)
      .getByText(/^line (?:[6-9]\d|\d{3})$/)
      .first()
      .waitFor();
    await output(page).hover();
    await page.mouse.wheel(0, -5000);
    const pill = page.getByRole('button', { name: /jump to end/i });
    await pill.waitFor();
    const before = await output(page).evaluate((element) => element.scrollTop);
    letGo();
    await page.getByRole('button', { name: /[1-9]\d* new lines · jump to end/ }).waitFor();
    expect(await output(page).evaluate((element) => element.scrollTop)).toBe(before);
    await pill.click();
    await output(page).getByText('line 400', { exact: true }).waitFor();
    await page.close();
  });

  thorough('on a phone, where long lines are wrapped, a run that has ended opens at its end and stays there', async () => {
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'wide.sh' })).json();
    await eventually('the run has ended', async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state, {
      holds: (seen) => seen === 'exited',
    });
    const page = await tab();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${toru.url}/runs/${task_id}`);
    const last = output(page).getByText('line 200 goes on', { exact: false });
    await last.waitFor();
    // Each line is measured when it is drawn, and what is measured moves what is below it: until nothing moves any more.
    const place = () => output(page).evaluate(({ scrollTop, scrollHeight, clientHeight }) => [scrollTop, scrollHeight - clientHeight]);
    let before: number[] = [];
    await eventually('the lines rest', async () => {
      const now = await place();
      const rests = now.join() === before.join();
      before = now;
      return rests;
    });
    expect(Math.abs((before[0] ?? 0) - (before[1] ?? 1000))).toBeLessThan(2);
    expect(await page.getByRole('button', { name: /jump to end/i }).count()).toBe(0);
    await page.close();
  });

  test('cancel stops it, and the history shows how it ended', async () => {
    const page = await tab();
    await page.getByRole('button', { name: 'Loop' }).click();
    await page.locator('a.press-open').click();
    await output(page).getByText('started').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled').first().waitFor();
    await page.goto(`${toru.url}/runs?status=cancelled`);
    await page.getByRole('link', { name: /Loop/ }).first().waitFor();
    expect(await page.getByRole('link', { name: /Say hello/ }).count()).toBe(0);
    await page.close();
  });

  thorough('a second tab sees the run of the first', async () => {
    const [one, two] = [await tab(), await tab()];
    await one.getByRole('button', { name: 'Loop' }).click();
    await two
      .getByText(/Running/)
      .first()
      .waitFor();
    const task = (await admin.http('GET', '/api/runs?status=running')).json().items[0].task_id;
    await admin.http('POST', `/api/runs/${task}/cancel`);
    await two
      .getByText(/Cancelled/)
      .first()
      .waitFor();
    await one.close();
    await two.close();
  });

  test('when the agent dies the page says so, and goes on by itself when it is back', async () => {
    hold();
    const page = await tab();
    await page.getByRole('button', { name: 'Lines' }).click();
    await page.locator('a.press-open').click();
    await output(page)
      .getByText(/^line \d+$/)
      .first()
      .waitFor();
    // It is back within a second.
    const told = appears(page, 'Host offline since');
    process.kill(toru.agentPid(), 'SIGKILL');
    await told;
    letGo();
    await output(page).getByText('line 400', { exact: true }).waitFor();
    await page.close();
  });

  test('a client sees their own tiles and nothing else', async () => {
    await using phone = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const page = await logIn(phone, toru.url, 'carla', CLIENT_PASSWORD);
    await page.getByRole('button', { name: 'Hers' }).waitFor();
    expect(await page.getByRole('button', { name: 'Loop' }).count()).toBe(0);
    expect(await page.getByRole('link', { name: /Scripts|Users|Settings|Audit|System/ }).count()).toBe(0);
    await page.getByRole('button', { name: 'Hers' }).tap();
    await page.getByRole('dialog').getByRole('button', { name: 'Run' }).tap();
    await page
      .getByRole('dialog')
      .getByText(/required/i)
      .first()
      .waitFor();
    await page.getByRole('dialog').getByLabel(/What/).fill('hello');
    await page.getByRole('dialog').getByRole('button', { name: 'Run' }).tap();
    await page.locator('a.press-open').getByText('said hello').waitFor();
    for (const path of ['/scripts', '/users', '/settings', '/audit', '/system', '/actions/new']) {
      await page.goto(toru.url + path);
      await page.waitForLoadState('networkidle');
      expect([path, await page.getByText(/say\.sh|carla@|Admins/).count()]).toEqual([path, 0]);
    }
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 'pixels too wide').toBeLessThanOrEqual(0);
  });

  test('an ended session goes to the login, from any tab', async () => {
    const page = await tab('/runs');
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    await page.evaluate(() => fetch('/api/logout', { method: 'POST' }));
    await page.getByRole('button', { name: 'Log in' }).waitFor();
    await page.close();
  });

  test('nothing complained meanwhile: no error of the page, none of its own security policy', () => {
    expect(complaints.filter((text) => !/503|Failed to load resource|WebSocket/.test(text))).toEqual([]);
  });
});
