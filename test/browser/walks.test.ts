import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { TestReceiver, TestSubscription } from '../../agent/notify/receiver-harness.ts';
import { FULL, QUICK } from '../../tools/test-pace.ts';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';
import { type View, Walker } from './walker.ts';

/**
 * What people come for, from the first press to the last, on each of the screens that they have, and by keyboard alone. At every step
 * the walker looks whether the control is in view, covered by nothing and large enough, and whether the focus is seen and never lost.
 */

const PASSWORD = 'correct horse battery';
/**
 * In short the narrowest, the lowest and the keyboard: larger screens have more room, and a mouse finds what a keyboard reaches. In the
 * quick part the narrowest alone, where the most is covered, cut or too small.
 */
const VIEWS: readonly View[] = [
  { name: 'the narrowest screen', viewport: { width: 320, height: 568 }, by: 'finger' },
  ...(QUICK
    ? []
    : ([
        { name: 'a phone on its side', viewport: { width: 844, height: 390 }, by: 'finger' },
        { name: 'a keyboard alone', viewport: { width: 1280, height: 800 }, by: 'keyboard' },
      ] satisfies View[])),
  ...(FULL
    ? ([
        { name: 'a phone', viewport: { width: 390, height: 844 }, by: 'finger' },
        { name: 'a desktop with a mouse', viewport: { width: 1280, height: 800 }, by: 'mouse' },
      ] satisfies View[])
    : []),
];
/** Fifty lines a second, some at a time: each line alone would cost a process and a drawing, for the same number of shifts that must not be. */
const STREAM = '#!/bin/sh\ni=0\nwhile [ $i -lt 3000 ]; do echo "line $i for $1"; i=$((i+1)); [ $((i % 5)) -ne 0 ] || sleep 0.1; done\n';

const FLOW = `
tasks:
  tidy:
    name: Tidy the house
    input: { room: { type: string, name: Room, options: [kitchen, attic], default: attic } }
    flow:
      sweep: { type: script, script: echo swept }
      ask: { type: approval, message: Throw it away?, depends_on: [sweep] }
      throw: { type: script, script: echo gone, depends_on: [ask] }
`;

describeInBrowser('a walk', () => {
  let toru: Toru;
  let admin: Client;
  /** In place of a push service. */
  let receiver: TestReceiver;
  const home = mkdtempSync(join(tmpdir(), 'toru-home-'));

  beforeAll(async () => {
    receiver = await TestReceiver.listen();
    // What a developer's login shell does at its start (pyenv waits a minute for a lock) is no part of this.
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD, TORU_TEST_PUSH_ORIGIN: receiver.origin, HOME: home } });
    admin = await Client.of(toru, 'admin', PASSWORD);
    const script = (name: string, text: string): void => writeFileSync(join(toru.home, 'scripts', name), text, { mode: 0o755 });
    script('stream.sh', STREAM);
    script('ask.sh', '#!/bin/sh\necho "Go on?"\nread -r answer\necho "you said $answer"\n');
    script('lines.sh', '#!/bin/sh\ni=0\nwhile [ $i -lt 400 ]; do echo "line $i"; i=$((i+1)); done\n');
    script('fail.sh', '#!/bin/sh\nexit 3\n');
    script('size.sh', '#!/bin/sh\nwc -c <"$1"\n');
    script(
      'report.sh',
      `#!/bin/sh\necho '# Nightly' >"$TORU_ARTIFACTS/report.md"; printf 'host,free\\nnas,5\\n' >"$TORU_ARTIFACTS/disks.csv"\n`,
    );
    for (const { id } of (await admin.http('GET', '/api/actions')).json().items) await admin.http('DELETE', `/api/actions/${id}`);
    const who = { type: 'text', name: 'who', label: 'Who', required: true, pass: { by: 'argument' } };
    const file = { type: 'file', name: 'file', label: 'File', required: true, pass: { by: 'argument' } };
    for (const action of [
      { id: 'form', label: 'Form', script: 'stream.sh', inputs: [who] },
      { id: 'asks', label: 'Asks', script: 'ask.sh', stdin: true },
      { id: 'lines', label: 'Lines', script: 'lines.sh' },
      { id: 'fails', label: 'Fails', script: 'fail.sh' },
      { id: 'size', label: 'Size', script: 'size.sh', inputs: [file] },
      { id: 'report', label: 'Report', script: 'report.sh' },
    ]) {
      const made = await admin.http('POST', '/api/actions', action);
      expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    }
    for (const action of ['lines', 'fails', 'report']) await admin.http('POST', '/api/runs', { action });
    const flows = join(toru.home, 'flows');
    mkdirSync(join(flows, '.workflows'), { recursive: true });
    writeFileSync(join(flows, '.workflows', 'tidy.yaml'), FLOW);
    await admin.http('POST', '/api/workspaces', { type: 'folder', name: 'flows', path: flows });
    await eventually('all ended', async () => (await admin.http('GET', '/api/runs?status=queued,running')).json().items.length, {
      holds: (running) => running === 0,
    });
  });
  afterAll(async () => {
    admin?.close();
    await toru?.[Symbol.asyncDispose]();
    receiver?.close();
    rmSync(home, { recursive: true, force: true });
  });

  beforeEach(async () => {
    const answer = await admin.http('GET', '/api/runs?status=queued,running');
    expect(answer.status, answer.text).toBe(200);
    const { items } = answer.json();
    for (const { task_id } of items) await admin.http('POST', `/api/runs/${task_id}/cancel`);
    await eventually('nothing runs', async () => (await admin.http('GET', '/api/runs?status=queued,running')).json().items.length, {
      holds: (running) => running === 0,
    });
  });

  const states = async (action: string): Promise<string[]> =>
    (await admin.http('GET', `/api/runs?action=${action}`)).json().items.map(({ state }: { state: string }) => state);

  describe.each(VIEWS)('with $name', (view) => {
    let browser: Browser;
    let page: Page;
    let walker: Walker;

    beforeAll(async () => {
      browser = await launchBrowser({ viewport: view.viewport, hasTouch: view.by === 'finger' });
      await Walker.watchShifts(await browser.context.newPage());
      page = await logIn(browser, toru.url, 'admin', PASSWORD);
      walker = new Walker(page, view);
    });
    afterAll(() => browser?.[Symbol.asyncDispose]());

    const tile = (label: string) => page.locator('.tile').getByRole('button', { name: label, exact: true });
    const go = async (path: string): Promise<void> => {
      await page.goto(toru.url + path);
      await page.locator('main h1').waitFor();
    };
    const newest = (action: string, state: string) => expect.poll(async () => (await states(action))[0]).toBe(state);
    const ended = async (action: string, state: string): Promise<void> => {
      await newest(action, state);
      await page.getByRole('button', { name: 'Run again' }).waitFor();
    };
    /** The greatest number of a line that is in view. */
    const reached = () =>
      page
        .locator('.log-scroll')
        .evaluate((log) => Math.max(-1, ...[...log.textContent.matchAll(/line (\d+) for Ada/g)].map(([, number]) => Number(number))));

    test('a form, its run, a cancel, and again', async () => {
      await walker.press(tile('Form'));
      const sheet = page.getByRole('dialog', { name: 'Form' });
      await walker.write(sheet.getByLabel('Who'), 'Ada');
      await walker.press(sheet.getByRole('button', { name: 'Run', exact: true }));
      await sheet.waitFor({ state: 'detached' });
      await newest('form', 'running');
      // A press that follows at once counts as the second half of a double one.
      await page.waitForTimeout(1000);
      await walker.press(tile('Form'));
      await expect.poll(reached).toBeGreaterThan(20);
      // What a slow machine shows first may be all of that at once: the page is open when more has come to it.
      const first = await reached();
      await expect.poll(reached).toBeGreaterThan(first + 20);
      await walker.shifts();
      const open = await reached();
      await expect.poll(reached).toBeGreaterThan(open + 100);
      const { sum, from } = await walker.shifts();
      expect(sum, `moved while output came: ${from.join('; ')}`).toBeLessThanOrEqual(0.02);
      await walker.press(page.getByRole('button', { name: 'Cancel', exact: true }));
      await ended('form', 'cancelled');
      await walker.press(page.getByRole('button', { name: 'Run again' }));
      await newest('form', 'running');
      await expect.poll(reached).toBeGreaterThan(3);
      await walker.press(page.getByRole('button', { name: 'Cancel', exact: true }));
      await ended('form', 'cancelled');
    });

    test('a question of a script', async () => {
      await go('/');
      await walker.press(tile('Asks'));
      await newest('asks', 'running');
      await page.waitForTimeout(1000);
      await walker.press(tile('Asks'));
      await walker.write(page.getByLabel('Type into the run'), 'yes');
      await walker.press(page.getByRole('button', { name: 'Send the line' }));
      await page.getByText('you said yes').waitFor();
      await ended('asks', 'exited');
    });

    test('a line of a long output', async () => {
      await go('/');
      await walker.press(page.locator('.tile', { hasText: 'Lines' }).getByRole('link', { name: /Newest run of Lines/ }));
      await walker.press(page.getByRole('button', { name: 'Find in the output' }));
      await walker.write(page.getByRole('searchbox', { name: 'Find in the output' }), 'line 123');
      await page.getByText('line 123', { exact: true }).waitFor();
    });

    test('an action, changed', async () => {
      await go('/');
      await walker.press(page.locator('.tile', { hasText: 'Lines' }).getByRole('button', { name: 'Options' }));
      await walker.press(page.getByRole('dialog').getByRole('link', { name: 'Edit' }));
      const description = page.getByLabel('Description').first();
      await walker.write(description, `Seen with ${view.name}`);
      await walker.press(page.getByRole('button', { name: 'Save', exact: true }));
      await expect.poll(async () => (await admin.http('GET', '/api/actions/lines')).json().description).toBe(`Seen with ${view.name}`);
    });

    test('runs, by how they ended', async () => {
      await go('/runs');
      if ((await page.getByLabel('Result').isVisible()) === false) await walker.press(page.getByRole('button', { name: 'Filter' }));
      await walker.choose(page.getByLabel('Result'), 'Failed');
      await page.waitForURL('**/runs?result=failed');
      await expect.poll(() => page.locator('.run-line').count()).toBe(1);
    });

    test('a setting', async () => {
      await go('/settings');
      const kept = 2000 + VIEWS.indexOf(view);
      await walker.write(page.getByLabel('Keep at most'), String(kept));
      await walker.press(page.getByRole('button', { name: 'Save', exact: true }));
      await expect.poll(async () => (await admin.http('GET', '/api/settings')).json().keep_runs).toBe(kept);
    });

    test('a file', async () => {
      await go('/');
      await walker.press(tile('Size'));
      const asked = page.getByRole('dialog', { name: 'Size' });
      await walker.give(asked.getByLabel('File'), { name: 'some.txt', mimeType: 'text/plain', buffer: Buffer.from('12345') });
      await walker.press(asked.getByRole('button', { name: 'Run', exact: true }));
      await asked.waitFor({ state: 'detached' });
      await newest('size', 'exited');
      await walker.press(page.locator('.tile', { hasText: 'Size' }).getByRole('link', { name: /Newest run of Size/ }));
      await page.getByText('5', { exact: true }).first().waitFor();
    });

    test('a result of a run', async () => {
      await go('/');
      await walker.press(page.locator('.tile', { hasText: 'Report' }).getByRole('link', { name: /Newest run of Report/ }));
      await walker.press(page.getByRole('button', { name: /disks\.csv/ }));
      await expect.poll(() => page.getByRole('region', { name: 'disks.csv' }).getByRole('cell').allTextContents()).toEqual(['nas', '5']);
    });

    test('a task of a workflow, and what it asks', async () => {
      await go('/workflows');
      await walker.press(page.getByRole('link', { name: /Tidy the house/ }));
      await walker.choose(page.getByLabel('Room'), 'kitchen');
      await walker.press(page.getByRole('button', { name: 'Run', exact: true }));
      await page.waitForURL('**/jobs/*');
      await walker.press(page.getByRole('button', { name: 'Approve' }));
      await page.locator('.job-lead .mark-ok').waitFor();
    });

    test('a schedule', async () => {
      await go('/actions/lines/edit');
      await walker.press(page.getByRole('button', { name: 'Add a schedule' }));
      const sheet = page.getByRole('dialog');
      await walker.write(sheet.getByLabel('Time zone'), 'Europe/Berlin');
      await walker.press(sheet.getByRole('button', { name: 'Save' }));
      await sheet.waitFor({ state: 'detached' });
      const schedules = async () => (await admin.http('GET', '/api/schedules')).json().items;
      const [{ id, timezone }] = await schedules();
      expect(timezone).toBe('Europe/Berlin');
      await admin.http('DELETE', `/api/schedules/${id}`);
    });

    test('a terminal', async () => {
      await go('/terminals');
      await walker.press(page.getByRole('button', { name: 'New terminal' }).first());
      await page.waitForURL(/\/terminals\/[0-9a-f-]{36}$/);
      const screen = page.locator('.terminal .xterm-screen');
      if (view.by === 'finger') await screen.tap();
      else if (view.by === 'mouse') await screen.click();
      // A keyboard is in it at once.
      else await page.waitForFunction(() => document.activeElement?.closest('.terminal') !== null);
      await page.keyboard.type('echo $((40 + 2))here\n');
      await expect.poll(() => page.locator('.terminal .xterm-rows').innerText()).toContain('42here');
      await go('/terminals');
      await walker.press(page.getByRole('button', { name: /^Close / }));
      await walker.press(page.getByRole('button', { name: /^Remove / }));
      await page.getByText('No terminal is open').waitFor();
    });

    test('a host that is to be let in', async () => {
      await go('/hosts');
      await walker.press(page.getByRole('button', { name: 'Add a host' }));
      await walker.press(page.getByRole('dialog', { name: 'Add a host' }).getByRole('link', { name: 'Enter a code' }));
      await walker.write(page.getByRole('textbox', { name: 'Code' }), 'BCDF-GHJK');
      await walker.press(page.getByRole('button', { name: 'Go on' }));
      await page.getByText('No host waits under this code').waitFor();
    });

    test('what this device is told of', async () => {
      const { registration } = new TestSubscription(receiver.origin);
      const headers = { origin: toru.url, 'sec-fetch-site': 'same-origin' };
      const data = { ...registration, origin: toru.url, name: view.name };
      const made = await page.request.post(`${toru.url}/api/notify/devices`, { data, headers });
      expect([made.status(), await made.text()]).toEqual([201, expect.any(String)]);
      await go('/account');
      await walker.press(page.getByRole('switch', { name: /The host is away/ }));
      const devices = async () => (await (await page.request.get(`${toru.url}/api/notify`)).json()).items;
      await expect
        .poll(async () => (await devices()).find(({ current }: { current: boolean }) => current))
        .toMatchObject({ name: view.name, host: true });
    });
  });
});
