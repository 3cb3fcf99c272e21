import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { expectAccessible, expectToFit } from './look.ts';
import { type Scene, withToru } from './scene.ts';

/**
 * Schedules, triggers and actions that follow one another, as people make and see them on a phone and on a desktop. With
 * SCREENSHOTS=FOLDER pictures are kept there.
 */

const FLOWS = `
tasks:
  tidy: { name: Tidy up, flow: { sweep: { type: script, script: echo swept } } }
triggers:
  nightly: { type: scheduler, task: tidy, cron: "30 2 * * 1-5", timezone: Europe/Berlin }
  pushed: { type: webhook, name: pushed, task: tidy, signature: github, secret: "{{ secret.HOOK }}" }
`;

describeInBrowser('schedules', () => {
  let scene: Scene;
  let page: Page;
  let phone: Page;

  withToru(async (made) => {
    scene = made;
    await scene.noActions();
    scene.script('backup.sh', 'echo "kept $1"');
    scene.script('tell.sh', 'echo told');
    const inputs = [
      { type: 'text', name: 'place', label: 'Place', required: true },
      { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
    ];
    await scene.action({ id: 'backup', label: 'Back up', script: 'backup.sh', inputs, color: 'teal' });
    await scene.action({ id: 'tell', label: 'Tell me', script: 'tell.sh' });
    await scene.admin.http('PUT', '/api/secrets/HOOK', { value: 'a long secret' });
    const path = join(scene.toru.home, 'flows');
    mkdirSync(join(path, '.workflows'), { recursive: true });
    writeFileSync(join(path, '.workflows', 'tidy.yaml'), FLOWS);
    await scene.admin.http('POST', '/api/workspaces', { type: 'folder', name: 'flows', path });
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }));
    ({ page: phone } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true, colorScheme: 'light' }));
  });

  async function look(at: Page, name: string): Promise<void> {
    await expectAccessible(at, `${name}-${at.viewportSize()?.width ?? 0}`);
    await expectToFit(at);
  }

  test('on a phone, an action is given a time of every day, with its answers and a stored secret', async () => {
    await phone.goto(`${scene.toru.url}/actions/backup/edit`);
    await phone.getByRole('button', { name: 'Add a schedule' }).tap();
    const sheet = phone.getByRole('dialog', { name: 'When “Back up” runs by itself' });
    await sheet.getByLabel('At', { exact: true }).fill('03:30');
    await sheet.getByLabel('Time zone').fill('Europe/Berlin');
    await expect.poll(() => sheet.locator('.schedule-next').innerText()).toMatch(/3:30[\s\S]*3:30[\s\S]*3:30/);
    await sheet.getByRole('button', { name: 'Save' }).tap();
    // What the action requires is asked for here.
    await sheet.getByText('“Place” is required.').waitFor();
    await sheet.getByLabel('Place').fill('nas');
    await sheet.getByLabel('Token').selectOption('HOOK');
    await look(phone, 'schedule-sheet');
    await sheet.getByRole('button', { name: 'Save' }).tap();
    await sheet.waitFor({ state: 'detached' });
    await phone.getByText('Every day at 03:30').waitFor();
    await phone.getByText('as admin').waitFor();
    await look(phone, 'schedules');
    const { items } = (await scene.admin.http('GET', '/api/schedules')).json();
    expect(items).toMatchObject([
      { action: 'backup', cron: '30 3 * * *', timezone: 'Europe/Berlin', inputs: { place: 'nas' }, secrets: { token: 'HOOK' } },
    ]);
  });

  test('the tile says when it is next', async () => {
    await page.goto(`${scene.toru.url}/`);
    await page
      .locator('.tile', { hasText: 'Back up' })
      .getByText(/^next /)
      .waitFor();
    await look(page, 'home');
  });

  test('a schedule is started by hand: an ordinary run, which says that a schedule did it', async () => {
    await page.goto(`${scene.toru.url}/actions/backup/edit`);
    await page.getByRole('button', { name: 'Start now: backup' }).click();
    const run = await eventually(
      'the run has ended',
      async () => (await scene.admin.http('GET', '/api/runs?action=backup')).json().items[0],
      { holds: (now) => now?.state === 'exited' },
    );
    expect(run).toMatchObject({ source: 'schedule', inputs: { place: 'nas' } });
    await page.locator('.listing').getByText('Succeeded').first().waitFor();
    await look(page, 'schedules');
    await page.goto(`${scene.toru.url}/runs/${run.task_id}`);
    await page.getByText('you, a schedule').first().waitFor();
  });

  test('“then run”: two presses make a task of two steps, which stands among the workflows and runs', async () => {
    await page.goto(`${scene.toru.url}/actions/backup/edit`);
    await page.getByRole('radio', { name: 'in any case' }).check();
    await page.getByLabel('Then', { exact: true }).selectOption({ label: 'Tell me' });
    await page.waitForURL('**/workflows/quick-actions/backup-then-tell');
    await page.getByRole('heading', { name: 'Back up, then in any case Tell me', level: 1 }).waitFor();
    await page.getByLabel('Back up: Place').fill('disk');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.locator('.job-lead .mark-ok').waitFor();
    await look(page, 'chain-job');
  });

  test('two actions, one after the other, are given a time on the page of their task', async () => {
    await page.goto(`${scene.toru.url}/workflows/quick-actions/backup-then-tell`);
    await page.getByRole('button', { name: 'Add a schedule' }).click();
    const sheet = page.getByRole('dialog', { name: 'When “Back up, then in any case Tell me” runs by itself' });
    await sheet.getByLabel('At', { exact: true }).fill('04:00');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await sheet.getByText('“Back up: Place” is required.').waitFor();
    await sheet.getByLabel('Back up: Place').fill('disk');
    await sheet.getByText('“Back up: Place” is required.').waitFor({ state: 'detached' });
    await sheet.getByLabel('Back up: Token').selectOption('HOOK');
    await look(page, 'chain-schedule-sheet');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await sheet.waitFor({ state: 'detached' });
    await page.getByText('Every day at 04:00').waitFor();
    await look(page, 'chain-task');
    const { items } = (await scene.admin.http('GET', '/api/schedules?chain=backup-then-tell')).json();
    expect(items).toMatchObject([{ cron: '0 4 * * *', inputs: { place: 'disk' }, secrets: { token: 'HOOK' }, problem: null }]);
  });

  test('“then run” stands on the page of a run, too', async () => {
    const { items } = (await scene.admin.http('GET', '/api/runs?action=backup')).json();
    await phone.goto(`${scene.toru.url}/runs/${items[0].task_id}`);
    await phone.getByRole('button', { name: 'Then run' }).tap();
    const sheet = phone.getByRole('dialog', { name: 'After “Back up”, run' });
    await sheet.getByRole('link', { name: 'Back up, then in any case Tell me' }).waitFor();
    await look(phone, 'then-run-sheet');
    await sheet.getByLabel('Then', { exact: true }).selectOption({ label: 'Tell me' });
    await phone.waitForURL('**/workflows/quick-actions/backup-then-tell-2');
    await phone.getByRole('heading', { name: 'Back up, then Tell me', level: 1 }).waitFor();
    await scene.admin.http('DELETE', '/api/chains/backup-then-tell-2');
  });

  test('a repository’s key is made, shown and copied on the page', async () => {
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const site = { type: 'git', name: 'site', url: 'ssh://git@127.0.0.1:1/site.git' };
    await scene.admin.http('POST', '/api/workspaces', site);
    await page.goto(`${scene.toru.url}/workflows`);
    await page.getByRole('button', { name: 'The key of site' }).click();
    const sheet = page.getByRole('dialog', { name: 'The key of site' });
    await sheet.getByRole('button', { name: 'Make a key' }).click();
    await sheet.getByText(/^ssh-ed25519 \S+ toru-site$/).waitFor();
    await look(page, 'deploy-key');
    const { key } = (await scene.admin.http('GET', '/api/workspaces/site/key')).json();
    await sheet.getByRole('button', { name: 'Copy the key' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toBe(key.public_key);
    // Nothing listens there.
    await sheet.getByRole('button', { name: 'Look at the server’s keys' }).click();
    await sheet.getByText(/shows no key of ssh on port 1/).waitFor();
    await sheet.getByRole('button', { name: 'Remove the key' }).click();
    await sheet.getByRole('button', { name: 'Make a key' }).waitFor();
    await page.keyboard.press('Escape');
    await scene.admin.http('DELETE', '/api/workspaces/site');
  });

  test.each([
    ['phone', () => phone],
    ['desktop', () => page],
  ] as const)('triggers stand on the workflows’ page, with their times, their address and their switch: %s', async (_name, of) => {
    const at = of();
    await at.goto(`${scene.toru.url}/workflows`);
    const list = at.getByRole('list', { name: 'Triggers of flows' });
    await list.getByText('Monday to Friday at 02:30').waitFor();
    await list.getByText('30 2 * * 1-5').waitFor();
    await list.getByText(/^Next: .*·.*·/).waitFor();
    await list.getByText(`${new URL(scene.toru.url).origin}/hooks/pushed`).waitFor();
    await list.getByText('X-Hub-Signature-256').waitFor();
    await at.getByRole('list', { name: 'Triggers of quick-actions' }).getByText('Every day at 03:30').waitFor();
    await look(at, 'workflows');
  });

  test('one is switched off, and on again, where its task stands', async () => {
    await page.goto(`${scene.toru.url}/workflows/flows/tidy`);
    const list = page.getByRole('list', { name: 'Triggers of tidy' });
    const line = list.locator('li', { hasText: 'nightly' });
    await line.getByText('On', { exact: true }).click();
    await line.getByText('Switched off: it starts nothing.').waitFor();
    await look(page, 'task');
    await line.getByText('On', { exact: true }).click();
    await line.getByText(/^Next: /).waitFor();
  });

  test('what does not start says why: its action was removed', async () => {
    await scene.admin.http('DELETE', '/api/actions/tell');
    await scene.admin.http('DELETE', '/api/actions/backup');
    await phone.goto(`${scene.toru.url}/workflows`);
    const { items } = (await scene.admin.http('GET', '/api/schedules')).json();
    expect(items).toMatchObject([
      { name: 'backup', problem: expect.stringContaining('is gone') },
      { name: 'backup-then-tell', problem: expect.stringContaining('is gone') },
    ]);
  });
});
