import { chmodSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { expectAccessible, expectToFit } from './look.ts';
import { withToru } from './scene.ts';

/** The questions of an action, answered by a thumb: every kind of answer reaches the script, and what was typed stays. */

const INPUTS = [
  {
    type: 'choice',
    name: 'mode',
    label: 'Mode',
    required: true,
    pass: { by: 'argument', flag: '--mode' },
    options: [{ value: 'all' }, { value: 'some', label: 'Some of them' }],
  },
  {
    type: 'choice',
    name: 'parts',
    label: 'Parts',
    required: true,
    multiple: true,
    pass: { by: 'argument', flag: '--part' },
    show_if: { input: 'mode', is: ['some'] },
    options: [{ value: 'a b', label: 'First' }, { value: 'c' }, { value: 'd' }],
  },
  { type: 'time', name: 'at', label: 'At', min: '06:00', pass: { by: 'argument', flag: '--at' } },
  { type: 'datetime', name: 'on', label: 'On', pass: { by: 'argument', flag: '--on' } },
  { type: 'number', name: 'level', label: 'Level', min: 0, max: 10, step: 5, slider: true, pass: { by: 'argument', flag: '--level' } },
  { type: 'text', name: 'who', label: 'Who', remember: true, pass: { by: 'argument', flag: '--who' } },
  { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
];

describeInBrowser('the questions of an action', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    scene.script('say.sh', 'printf "<%s>\\n" "$@"');
    await scene.action({ id: 'say', label: 'Say', script: 'say.sh', inputs: INPUTS });
    const towns = Array.from({ length: 40 }, (_, n) => ({ value: `t${n}`, label: `Town ${n}` }));
    const town = { type: 'choice', name: 'town', label: 'Town', options: towns, pass: { by: 'argument' } };
    const name = { type: 'text', name: 'name', label: 'Name', pass: { by: 'argument' } };
    await scene.action({ id: 'earlier', label: 'Earlier', script: 'say.sh', inputs: [name, town] });
    for (const inputs of [
      { name: 'Ada', town: 't7' },
      { name: 'Grace', town: 't12' },
      { name: 'Ada', town: 't7' },
    ])
      await scene.ran({ action: 'earlier', inputs });
    ({ page } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true }));
  });

  const sheet = () => page.getByRole('dialog', { name: 'Say' });
  const run = () => sheet().getByRole('button', { name: 'Run', exact: true });
  const runs = async (): Promise<{ args: string[] }[]> => (await admin.http('GET', '/api/runs?action=say')).json().items;
  const open = async (path = '/a/say'): Promise<void> => {
    await page.goto(toru.url + path);
    if (path === '/a/say') await page.getByRole('button', { name: 'Run…' }).tap();
    await sheet().waitFor();
  };

  test('a link fills in what is asked, never a secret, and runs nothing', async () => {
    await open('/a/say?mode=some&parts=c&parts=a%20b&parts=gone&who=Ada&token=leaked&script=x');
    await expect.poll(() => sheet().getByLabel('Mode').inputValue()).toBe('some');
    await expect.poll(() => sheet().getByLabel('First').isChecked()).toBe(true);
    expect(await sheet().getByLabel('d', { exact: true }).isChecked()).toBe(false);
    await expect.poll(() => sheet().getByLabel('Who').inputValue()).toBe('Ada');
    expect(await sheet().getByLabel('Token').inputValue()).toBe('');
    await sheet().getByText('The link also holds an answer for “token”, “script”').waitFor();
    await page.keyboard.press('Escape');
    await sheet().waitFor({ state: 'detached' });
    await expect.poll(() => page.url()).toBe(`${toru.url}/a/say`);
    expect(await runs()).toEqual([]);
  });

  test('every kind of answer is checked at its field, and reaches the script as it was given', async () => {
    await open();
    await run().tap();
    await sheet().getByText('“Mode” is required.').waitFor();
    expect(await sheet().getByText('First').count()).toBe(0);
    await sheet().getByLabel('Mode').selectOption('some');
    await run().tap();
    await sheet().getByText('“Parts” is required.').waitFor();
    await sheet().getByText('d', { exact: true }).tap();
    await sheet().getByText('First').tap();
    await sheet().getByLabel('At optional').fill('05:59');
    await run().tap();
    await sheet().getByText('“At”: not before 06:00.').waitFor();
    await sheet().getByLabel('At optional').fill('06:30');
    await sheet().getByLabel('On optional').fill('2026-11-21T17:30');
    await sheet().getByRole('slider', { name: 'Level' }).press('ArrowRight');
    await sheet().getByLabel('Who').fill('Ada');
    const sizes = await sheet()
      .locator('input:not([type=checkbox], [type=range]), select')
      .evaluateAll((all) => all.map((one) => getComputedStyle(one).fontSize));
    expect(sizes.filter((size) => Number.parseFloat(size) < 16)).toEqual([]);
    await run().tap();
    await sheet().waitFor({ state: 'detached' });
    await expect
      .poll(async () => (await runs()).map(({ args }) => args))
      .toEqual([['--mode=some', '--part=a b', '--part=d', '--at=06:30', '--on=2026-11-21T17:30', '--level=5', '--who=Ada']]);
  });

  test('earlier answers are filled in by a press, and proposed while one types', async () => {
    await page.goto(`${toru.url}/a/earlier`);
    await page.getByRole('button', { name: 'Run…' }).tap();
    const asked = page.getByRole('dialog', { name: 'Earlier' });
    await asked.getByRole('button', { name: 'Earlier answers' }).tap();
    const sets = asked.getByRole('list', { name: 'Earlier answers' }).getByRole('button');
    await expect
      .poll(() => sets.allInnerTexts())
      .toEqual([/^Name: Ada · Town: Town 7/, /^Name: Grace · Town: Town 12/].map((text) => expect.stringMatching(text)));
    await expectAccessible(page, 'earlier-answers');
    await expectToFit(page);
    await sets.nth(1).tap();
    await expect.poll(() => asked.getByLabel('Name').inputValue()).toBe('Grace');
    expect(await asked.getByRole('combobox', { name: 'Town' }).inputValue()).toBe('t12');
    const proposed = () => asked.locator('datalist option').evaluateAll((all) => all.map((one) => one.getAttribute('value')));
    expect(await proposed()).toEqual(['Ada', 'Grace']);
  });

  test('earlier answers that come while somebody types leave the field, its text and the focus alone', async () => {
    const held = Promise.withResolvers<void>();
    const earlier = '**/api/runs?action=earlier*';
    await page.route(earlier, (route) => held.promise.then(() => route.continue()));
    await page.goto(`${toru.url}/a/earlier`);
    await page.getByRole('button', { name: 'Run…' }).tap();
    const asked = page.getByRole('dialog', { name: 'Earlier' });
    const field = asked.getByLabel('Name');
    await field.fill('');
    await page.keyboard.type('Hed');
    held.resolve();
    await asked.locator('datalist option').first().waitFor({ state: 'attached' });
    await page.keyboard.type('y');
    expect(await field.inputValue()).toBe('Hedy');
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.unroute(earlier);
    await field.fill('Grace');
  });

  test('a long choice is searched: what is typed leaves the options that have it, and Enter takes the first', async () => {
    const asked = page.getByRole('dialog', { name: 'Earlier' });
    const choice = asked.getByRole('combobox', { name: 'Town' });
    const options = () => choice.locator('option').allTextContents();
    await asked.getByRole('searchbox', { name: 'Search in “Town”' }).fill('town 3');
    await expect.poll(options).toEqual(['—', 'Town 3', 'Town 12', ...Array.from({ length: 10 }, (_, n) => `Town ${30 + n}`)]);
    await asked.getByText('11 of 40').waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => choice.inputValue()).toBe('t3');
    // The sheet is still there: Enter in a search starts nothing.
    expect((await admin.http('GET', '/api/runs?action=earlier')).json().items).toHaveLength(3);
    await page.keyboard.press('Escape');
  });

  test('what was typed stays when the sheet closes and over a reload, but no secret; the last answers come back until they are forgotten', async () => {
    await open();
    await sheet().getByText('Filled in with your last answers.').waitFor();
    await expect.poll(() => sheet().getByLabel('Who').inputValue()).toBe('Ada');
    await sheet().getByLabel('Who').fill('half a na');
    await page.keyboard.press('Escape');
    await sheet().waitFor({ state: 'detached' });
    await page.reload();
    await page.getByRole('button', { name: 'Run…' }).tap();
    await sheet().getByText('What you typed before is still here.').waitFor();
    await expect.poll(() => sheet().getByLabel('Who').inputValue()).toBe('half a na');
    await sheet().getByLabel('Token').fill('very secret');
    expect(await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }]))).not.toContain('very secret');
    await sheet().getByRole('button', { name: 'Start over' }).tap();
    await expect.poll(() => sheet().getByLabel('Who').inputValue()).toBe('Ada');
    await page.goto(`${toru.url}/a/say`);
    await page.getByRole('button', { name: 'Run…' }).tap();
    await sheet().getByRole('button', { name: 'Forget them' }).tap();
    await expect.poll(() => sheet().getByLabel('Who').inputValue()).toBe('');
    await expect.poll(async () => (await admin.http('GET', '/api/actions/say')).json().remembered).toEqual({});
  });

  test('what the host refuses is said at its field, with everything else still there', async () => {
    await page.goto(`${toru.url}/a/say`);
    await page.getByRole('button', { name: 'Run…' }).tap();
    await sheet().getByLabel('Mode').selectOption('all');
    await sheet().getByLabel('Who').fill('Grace');
    const inputs = INPUTS.map((input) =>
      input.name === 'who' ? { ...input, pattern: '[a-z]+', pattern_message: 'small letters.' } : input,
    );
    // The page learns of it with its next look at the list: until then the host alone knows.
    await admin.http('PATCH', '/api/actions/say', { inputs });
    await run().tap();
    await sheet().getByText('small letters.').waitFor();
    await expect.poll(() => sheet().getByLabel('Who').inputValue()).toBe('Grace');
    await expect.poll(() => sheet().getByLabel('Who').getAttribute('aria-invalid')).toBe('true');
    await sheet().getByLabel('Who').fill('grace');
    await run().tap();
    await sheet().waitFor({ state: 'detached' });
    await expect.poll(async () => (await runs())[0]?.args.at(-1)).toBe('--who=grace');
  });

  test('a file is looked at before it is sent, and is there for the script while it runs', async () => {
    const count = join(toru.home, 'scripts', 'count.sh');
    writeFileSync(count, '#!/bin/sh\nwc -c < "$INPUT_REPORT" | tr -d " "\nbasename "$INPUT_REPORT"\n');
    chmodSync(count, 0o755);
    const report = {
      type: 'file',
      name: 'report',
      label: 'Report',
      required: true,
      accept: ['.csv'],
      max_bytes: 3_000_000,
      pass: { by: 'environment', variable: 'INPUT_REPORT' },
    };
    const action = { id: 'count', label: 'Count', script: 'count.sh', inputs: [report] };
    expect((await admin.http('POST', '/api/actions', action)).status).toBe(201);
    await page.goto(`${toru.url}/a/count`);
    await page.getByRole('button', { name: 'Run…' }).tap();
    const dialog = page.getByRole('dialog', { name: 'Count' });
    const file = dialog.getByLabel('Report');
    const press = (): Promise<void> => dialog.getByRole('button', { name: 'Run', exact: true }).tap();
    await press();
    await dialog.getByText('“Report” is required.').waitFor();
    await file.setInputFiles({ name: 'a.exe', mimeType: 'text/csv', buffer: Buffer.from('x') });
    await press();
    await dialog.getByText('the name of the file has to end with .csv').waitFor();
    await file.setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.alloc(3_000_001) });
    await press();
    await dialog.getByText('the file is larger than 3 MB').waitFor();
    await file.setInputFiles({ name: 'März.csv', mimeType: 'text/csv', buffer: Buffer.alloc(2_999_999) });
    await press();
    await dialog.waitFor({ state: 'detached' });
    const ended = async () => (await admin.http('GET', '/api/runs?action=count')).json().items[0];
    await expect.poll(async () => (await ended())?.exit_code).toBe(0);
    const run = await ended();
    expect(run.inputs).toEqual({ report: 'März.csv' });
    expect((await admin.http('GET', `/api/runs/${run.task_id}/output`)).text).toBe('2999999\nMärz.csv\n');
    await expect.poll(() => readdirSync(join(toru.home, 'uploads'))).toEqual([]);
  });

  test('a choice has the options that a script says for the answers before it, and says what went wrong', async () => {
    const list = join(toru.home, 'scripts', 'list.sh');
    writeFileSync(
      list,
      '#!/bin/sh\n[ "$INPUT_SITE" = bad ] && { echo "no such site" >&2; exit 1; }\nprintf "%s-1\\tFirst of %s\\n%s-2\\n" "$INPUT_SITE" "$INPUT_SITE" "$INPUT_SITE"\n',
    );
    chmodSync(list, 0o755);
    const site = {
      type: 'choice',
      name: 'site',
      label: 'Site',
      required: true,
      options: ['nas', 'bad', 'cloud'].map((value) => ({ value })),
    };
    const backup = { type: 'choice', name: 'backup', label: 'Backup', required: true, options_from: { script: 'list.sh', uses: ['site'] } };
    const action = { id: 'restore', label: 'Restore', script: 'say.sh', inputs: [site, backup] };
    expect((await admin.http('POST', '/api/actions', action)).status).toBe(201);
    await page.goto(`${toru.url}/a/restore`);
    await page.getByRole('button', { name: 'Run…' }).tap();
    const dialog = page.getByRole('dialog', { name: 'Restore' });
    const options = () => dialog.getByLabel('Backup').locator('option').allTextContents();
    await dialog.getByLabel('Site').selectOption('nas');
    await expect.poll(options).toEqual(['Choose…', 'First of nas', 'nas-2']);
    await dialog.getByLabel('Backup').selectOption('nas-1');
    await dialog.getByLabel('Site').selectOption('bad');
    await dialog.getByText('no such site').waitFor();
    await dialog.getByRole('button', { name: 'Try again' }).waitFor();
    await dialog.getByLabel('Site').selectOption('cloud');
    await expect.poll(options).toEqual(['Choose…', 'First of cloud', 'cloud-2']);
    expect(await dialog.getByLabel('Backup').inputValue()).toBe('');
    await dialog.getByLabel('Backup').selectOption('cloud-2');
    await dialog.getByRole('button', { name: 'Run', exact: true }).tap();
    await dialog.waitFor({ state: 'detached' });
    await expect
      .poll(async () => (await admin.http('GET', '/api/runs?action=restore')).json().items[0]?.args)
      .toEqual(['cloud', 'cloud-2']);
  });

  test('what a run leaves as its results is shown on its page, and nothing in it is obeyed', async () => {
    const results = join(toru.home, 'scripts', 'results.sh');
    const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
    const markdown =
      '# Nightly\n\nAll **good**, see [the site](https://example.org/x) and [this](javascript:alert(1)).\n\n<img src=x onerror=alert(1)>\n\n- one\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |\n';
    writeFileSync(join(toru.home, 'scripts', 'report.txt'), markdown);
    writeFileSync(
      results,
      `#!/bin/sh\ncp report.txt "$TORU_ARTIFACTS/a report.md"\necho ${pixel} | base64 -d > "$TORU_ARTIFACTS/dot.png"\nprintf 'host,free\\nnas,"1,5"\\n' > "$TORU_ARTIFACTS/disks.csv"\nprintf x > "$TORU_ARTIFACTS/all.bin"\n`,
    );
    chmodSync(results, 0o755);
    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'results.sh' })).json();
    await expect.poll(async () => (await admin.http('GET', `/api/runs/${task_id}`)).json().state).toBe('exited');
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(`${toru.url}/runs/${task_id}`);
    const shown = page.getByRole('region', { name: 'a report.md' });
    await shown.getByRole('heading', { name: 'Nightly' }).waitFor();
    expect(await shown.locator('img').count()).toBe(0);
    expect(await shown.getByRole('link').evaluateAll((all) => all.map((one) => one.getAttribute('href')))).toEqual([
      'https://example.org/x',
    ]);
    await shown.getByText('<img src=x onerror=alert(1)>').waitFor();
    expect(await shown.getByRole('cell').allTextContents()).toEqual(['1', '2']);
    await page.getByRole('button', { name: 'disks.csv' }).tap();
    await expect.poll(() => page.getByRole('region', { name: 'disks.csv' }).getByRole('cell').allTextContents()).toEqual(['nas', '1,5']);
    await page.getByRole('button', { name: 'dot.png' }).tap();
    const image = page.getByRole('img', { name: 'dot.png' });
    await expect.poll(() => image.evaluate((one) => (one instanceof HTMLImageElement ? one.naturalWidth : 0))).toBe(1);
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'Download all.bin' }).tap();
    expect((await download).suggestedFilename()).toBe('all.bin');
    expect(asked).toEqual([]);
  });
});
