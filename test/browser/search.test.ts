import { appendFileSync, chmodSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeRecords } from '../../agent/logs/order.ts';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** From a word that somebody remembers to the line where it was printed. */

const PASSWORD = 'correct horse battery';

describeInBrowser('the search', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    const path = join(toru.home, 'scripts', 'long.sh');
    // 8 MB, with the word a third of the way: far from what the page reads of a run by itself.
    writeFileSync(
      path,
      '#!/bin/sh\nawk \'BEGIN { for (i = 1; i <= 200000; i++) print (i == 66666 ? "here is the <b>QUARRY</b>" : "line number " i " of very many") }\'\n',
    );
    chmodSync(path, 0o755);
    admin = await Client.of(toru, 'admin', PASSWORD);
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'long.sh' })).json();
    await eventually('the run has ended', async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state, {
      holds: (seen) => seen === 'exited',
    });
    browser = await launchBrowser({ viewport: { width: 1280, height: 800 } });
  });

  afterAll(async () => {
    admin?.close();
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  test('finds a word in the output, marks it as text, and leads to its line', async () => {
    const complaints: string[] = [];
    browser.context.on('weberror', (error) => complaints.push(error.error().message));
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    await page.getByRole('link', { name: 'Search' }).click();
    await page.getByLabel('Text to find in all runs').fill('the <b>quarry');
    const place = page.locator('.found-place');
    await place.waitFor();
    expect(await place.locator('mark').textContent()).toBe('the <b>QUARRY');
    expect(await place.textContent()).toContain('line number 66665 of very many');
    await page.getByText('Looked through 1 run').waitFor();
    expect(page.url()).toContain('/search?q=the+%3Cb%3Equarry');

    await place.click();
    const line = page.locator('.log-line-marked');
    await line.waitFor();
    expect(await line.textContent()).toBe('here is the <b>QUARRY</b>');
    await expect.poll(() => isInView(line), { timeout: 20_000, message: 'the line is in view' }).toBe(true);
    // Where nothing can be seen yet, it is gone to when something can.
    await using late = await browser.context.newPage();
    await late.addInitScript(() => {
      const hidden = new CSSStyleSheet();
      hidden.replaceSync('.log-scroll { display: none }');
      document.adoptedStyleSheets = [hidden];
    });
    await late.goto(page.url());
    await late.getByLabel('Place in the output').waitFor();
    await late.evaluate(() => {
      document.adoptedStyleSheets = [];
    });
    await expect
      .poll(() => isInView(late.locator('.log-line-marked')), { timeout: 20_000, message: 'the marked line is in view' })
      .toBe(true);
    await page.getByRole('button', { name: 'Jump to end' }).click();
    await page.getByText('line number 200000 of very many').waitFor();

    await page.goto(`${toru.url}/search?q=long.sh&in=history`);
    await page.locator('.found-run mark').getByText('long.sh').waitFor();
    await page.goto(`${toru.url}/search?q=nowhere`);
    await page.getByRole('heading', { name: 'Nothing found' }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('a note is written on a run, seen in a second tab and in the history, found, changed and taken away', async () => {
    const { items } = (await admin.http('GET', '/api/runs')).json();
    const [{ task_id }] = items;
    const [one, two, list] = await Promise.all([0, 1, 2].map(() => browser.context.newPage()));
    if (one === undefined || two === undefined || list === undefined) throw new Error('no page');
    await Promise.all([one.goto(`${toru.url}/runs/${task_id}`), two.goto(`${toru.url}/runs/${task_id}`), list.goto(`${toru.url}/runs`)]);
    await list.getByText('long.sh').waitFor();
    await two.getByRole('button', { name: 'Add a note' }).waitFor();
    await one.getByRole('button', { name: 'Add a note' }).click();
    await one.locator('textarea:focus').fill('Disk <b>full</b> again');
    await one.keyboard.press('Control+Enter');
    const text = 'Disk <b>full</b> again';
    for (const page of [one, two, list]) await page.getByText(text).waitFor();
    await one.getByRole('button', { name: 'Edit note' }).press('Enter');
    // Somebody else is faster: what they wrote is not overwritten unseen.
    await admin.http('PATCH', `/api/runs/${task_id}`, { note: 'It was the other disk' });
    await one.getByText('Somebody else changed it meanwhile.').waitFor();
    await one.keyboard.press('Escape');
    for (const page of [one, two, list]) await page.getByText('It was the other disk').waitFor();
    await list.goto(`${toru.url}/search?q=other+disk&in=history`);
    await list.getByText('Note', { exact: true }).waitFor();
    expect(await list.locator('.found-fields mark').textContent()).toBe('other disk');
    await two.getByRole('button', { name: 'Edit note' }).click();
    await two.getByLabel('Note').fill('');
    await two.getByRole('button', { name: 'Save note' }).click();
    await one.getByRole('button', { name: 'Add a note' }).waitFor();
    for (const page of [one, two, list]) await page.close();
  });

  test('through the edge, a reader who leaves ends the search on the host', async () => {
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'long.sh' })).json();
    await eventually('the run has ended', async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state, {
      holds: (seen) => seen === 'exited',
    });
    // 20 GB that take no room: a search through them takes longer than this test waits.
    const run = join(toru.home, 'runs', task_id);
    const size = 20 * 1024 ** 3;
    truncateSync(join(run, 'out'), size);
    appendFileSync(join(run, 'order'), encodeRecords([{ mergedEnd: size, outEnd: size, time: Date.now() }]));
    const search = (signal: AbortSignal): Promise<Response> =>
      fetch(`${toru.url}/api/search?q=absent&in=output`, { headers: { cookie: admin.cookieHeader(), origin: toru.url }, signal });
    const leave = new AbortController();
    // All that one user may have at once.
    const answers = await Promise.all(Array.from({ length: 4 }, () => search(leave.signal)));
    expect(answers.map((answer) => answer.headers.get('content-type'))).toEqual(Array(4).fill('application/x-ndjson; charset=utf-8'));
    expect((await search(leave.signal)).status).toBe(429);
    leave.abort();
    const again = async (): Promise<number> => {
      const looking = new AbortController();
      const { status } = await search(looking.signal);
      looking.abort();
      return status;
    };
    await eventually('the searches have ended', again, { holds: (status) => status === 200 });
  });
});

/** Does the whole line stand within the part of the output that can be seen? */
async function isInView(line: Locator): Promise<boolean> {
  if ((await line.count()) === 0) return false;
  return line.evaluate((element) => {
    const [place, view] = [element, element.closest('.log-scroll')].map((one) => one?.getBoundingClientRect());
    return place !== undefined && view !== undefined && place.height > 0 && place.top >= view.top && place.bottom <= view.bottom;
  });
}
