import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { withToru } from './scene.ts';

/** The page of all runs: found, told apart, started again, taken away. */

describeInBrowser('runs', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;
  let run: (action: string, inputs?: object) => Promise<string>;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    run = (action, inputs = {}) => scene.ran({ action, inputs });
    scene.script('greet.sh', 'echo "hello $1"');
    scene.script('bad.sh', 'echo oh no; exit 3');
    scene.script('long.sh', 'trap "" TERM; echo begun; sleep 600');
    const options = [
      { value: 'lr', label: 'Living room' },
      { value: 'k', label: 'Kitchen' },
    ];
    const room = { name: 'room', label: 'Which room?', type: 'choice', options, pass: { by: 'argument' } };
    const key = { name: 'key', label: 'The key?', type: 'secret', required: true, pass: { by: 'environment', variable: 'KEY' } };
    await scene.action({ id: 'greet', label: 'Greet', script: 'greet.sh', inputs: [room] });
    await scene.action({ id: 'locked', label: 'Locked', script: 'greet.sh', inputs: [room, key] });
    await scene.action({ id: 'bad', label: 'Bad', script: 'bad.sh' });
    await scene.action({ id: 'long', label: 'Long', script: 'long.sh', max_concurrent: 1 });
    await run('greet', { room: 'k' });
    await run('bad');
    await run('locked', { room: 'lr', key: 'hush' });
    ({ page } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true }));
  });

  const row = (label: string) => page.locator('.run-line', { hasText: label });

  test('filters by result in the address; back undoes it', async () => {
    await page.goto(`${toru.url}/runs`);
    await page.getByRole('heading', { name: 'Today' }).waitFor();
    await row('Bad').waitFor();
    await page.getByRole('button', { name: 'Filter' }).click();
    await page.getByLabel('Result').selectOption({ label: 'Failed' });
    await page.waitForURL('**/runs?result=failed');
    await expect.poll(() => page.locator('.run-line').count()).toBe(1);
    await page.getByLabel('Days').selectOption({ label: 'Last 7 days' });
    await page.waitForURL(/result=failed&since=\d{4}-\d\d-\d\d$/);
    await row('Bad').waitFor();
    await page.goBack();
    await page.waitForURL('**/runs?result=failed');
    await page.goBack();
    await row('Greet').waitFor();
    expect(await page.getByLabel('Result').inputValue()).toBe('');
  });

  test.each(['nonsense', '00000000-0000-4000-8000-000000000000'])(
    'at the address of no run, says so and leads to those that are: %s',
    async (id) => {
      await page.goto(`${toru.url}/runs/${id}`);
      await page.getByText('There is no such run', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0);
      await page.getByRole('link', { name: 'Go to the runs' }).tap();
      await row('Bad').waitFor();
    },
  );

  test('tells failed from succeeded by more than colour', async () => {
    const look = (label: string) =>
      row(label)
        .first()
        .locator('.mark svg')
        .evaluate((sign) => [getComputedStyle(sign).backgroundColor !== 'rgba(0, 0, 0, 0)', sign.innerHTML]);
    const [filled, cross] = await look('Bad');
    const [bare, tick] = await look('Greet');
    expect([filled, bare]).toEqual([true, false]);
    expect(cross).not.toBe(tick);
  });

  test('says inputs by question and option', async () => {
    await row('Greet').first().getByText('Which room: Kitchen').waitFor();
  });

  test('starts a run again with the same inputs, and with others', async () => {
    await row('Greet').first().getByRole('button', { name: 'More on Greet' }).click();
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByText('hello k').waitFor();
    await page.goto(`${toru.url}/runs?action=greet`);
    await row('Greet').first().getByRole('button', { name: 'More on Greet' }).click();
    await page.getByRole('button', { name: 'Change the inputs' }).click();
    await page.getByLabel('Which room?').selectOption({ label: 'Living room' });
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('hello lr').waitFor();
  });

  test('asks for a secret again', async () => {
    await page.goto(`${toru.url}/runs?action=locked`);
    await row('Locked').first().getByRole('button', { name: 'More on Locked' }).click();
    // The menu comes under the finger: a press that follows at once would count as the second half of a double tap.
    await page.waitForTimeout(1000);
    await page.getByRole('button', { name: 'Run again' }).click();
    await expect.poll(() => page.locator('input[type=password]').inputValue()).toBe('');
    expect(await page.getByLabel('Which room?').inputValue()).toBe('lr');
    await page.keyboard.press('Escape');
  });

  test('shows how an action went', async () => {
    await page.goto(`${toru.url}/runs?action=bad`);
    await page.getByText('0 of the last 1').waitFor();
    await expect.poll(() => page.locator('.trend-bar').count()).toBe(1);
  });

  test('exports what the filters leave', async () => {
    await page.goto(`${toru.url}/runs?result=failed`);
    await page.getByRole('button', { name: 'Export' }).click();
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'A table (CSV)' }).click()]);
    const text = readFileSync(await download.path(), 'utf8');
    expect(text.split('\r\n').slice(1)).toEqual([expect.stringContaining(',Bad,'), '']);
  });

  test('deletes a run, and cleans up after it said how many', async () => {
    await page.goto(`${toru.url}/runs?action=bad`);
    await row('Bad').first().getByRole('button', { name: 'More on Bad' }).click();
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await expect.poll(async () => (await admin.http('GET', '/api/runs?action=bad')).json().items).toEqual([]);
    await expect.poll(() => page.locator('.run-line').count()).toBe(0);
    await page.goto(`${toru.url}/runs?action=greet`);
    const { length } = (await admin.http('GET', '/api/runs?action=greet')).json().items;
    await page.getByRole('button', { name: 'Clean up' }).click();
    await page.getByRole('button', { name: `Delete ${length} runs` }).click();
    await expect.poll(async () => (await admin.http('GET', '/api/runs?action=greet')).json().items, { timeout: 30_000 }).toEqual([]);
  });

  test('says its place in the queue, and that it is being stopped, also after a reload', async () => {
    const first = (await admin.http('POST', '/api/runs', { action: 'long' })).json().task_id;
    const second = (await admin.http('POST', '/api/runs', { action: 'long' })).json().task_id;
    const third = (await admin.http('POST', '/api/runs', { action: 'long' })).json().task_id;
    await page.goto(`${toru.url}/runs/${third}`);
    await page.getByText('It is number 2 in the queue.').waitFor();
    await admin.http('POST', `/api/runs/${second}/cancel`);
    await page.getByText('It is next in the queue.').waitFor();
    await admin.http('POST', `/api/runs/${third}/cancel`);
    await page.goto(`${toru.url}/runs/${first}`);
    await page.getByText('begun').waitFor();
    await admin.http('POST', `/api/runs/${first}/cancel`);
    await page.getByRole('button', { name: 'Stopping…' }).waitFor();
    await page.reload();
    await page.getByRole('button', { name: 'Stopping…' }).waitFor();
  });

  test('back on a run that was opened from elsewhere stays in Toru', async () => {
    const { task_id } = (await admin.http('GET', '/api/runs?limit=1')).json().items[0];
    await page.goto('about:blank');
    await page.goto(`${toru.url}/runs/${task_id}`);
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    await row('Long').first().locator('.run-row').click();
    await page.getByRole('link', { name: 'Back' }).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  });

  test('has one left edge on every page', async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    const edges: Record<string, number> = {};
    for (const path of ['/', '/runs', '/system', '/audit', '/settings', '/users', '/scripts', '/plugins', '/search', '/account']) {
      await page.goto(toru.url + path);
      await page.locator('main h1').waitFor();
      edges[path] = Math.round((await page.locator('main h1').boundingBox())?.x ?? -1);
    }
    expect(new Set(Object.values(edges)).size, JSON.stringify(edges)).toBe(1);
  });
});
