import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import type { Job } from '../../shared/workflows.ts';
import { describeInBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { type Scene, withToru } from './scene.ts';

/** Workflows as people see them: added, started, watched, answered, run again; each test goes on where the one before it stopped. */

/** @param gate a folder in which a file lets a step go on. */
const RELEASE = (gate: string, needs = 'sign-off'): string => `
tasks:
  release:
    name: Release the site
    description: Builds it, asks, ships it.
    folder: web/site
    input:
      version: { type: string, name: Version, required: true }
      target: { type: string, name: Where to, options: [staging, production], default: staging }
    flow:
      build:
        type: script
        script: |
          echo "building $VERSION for $TARGET"
          while [ ! -e '${gate}/built' ]; do sleep 0.05; done
          echo "built $VERSION"
        env: { VERSION: "{{ input.version }}", TARGET: "{{ input.target }}" }
      lint:
        type: script
        script: echo clean
      sign-off:
        type: approval
        message: Ship it?
        depends_on: [build, lint]
      ship:
        depends_on: [${needs}]
        type: script
        script: |
          test -e '${gate}/dock' || { echo "there is no dock" >&2; exit 3; }
          echo shipped
`;

describeInBrowser('workflows', () => {
  let scene: Scene;
  let page: Page;
  let phone: Page;
  let folder: string;
  let job = '';

  withToru(async (made) => {
    scene = made;
    folder = join(scene.toru.home, 'Site Flows');
    mkdirSync(join(folder, '.workflows'), { recursive: true });
    writeFileSync(join(folder, '.workflows', 'release.yaml'), RELEASE(folder));
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 900 } }));
    ({ page: phone } = await scene.browse({ viewport: { width: 390, height: 844 }, hasTouch: true }));
  });

  const step = (name: string, tone: string): Locator => page.locator(`.graph-step[data-step="${name}"][data-tone="${tone}"]`);
  const jobNow = async (id: string): Promise<Job> => (await scene.admin.http('GET', `/api/jobs/${id}`)).json();
  const stateIs = (id: string, wanted: string): Promise<unknown> =>
    eventually(`the job is ${wanted}`, async () => (await jobNow(id)).state, { holds: (state) => state === wanted });
  const letGo = (name: string): void => writeFileSync(join(folder, name), '');
  const jobIn = (address: string): string => /\/jobs\/([0-9a-f-]{36})/.exec(address)?.[1] ?? '';

  async function start(version: string): Promise<string> {
    await page.goto(`${scene.toru.url}/workflows/site-flows/release`);
    await page.getByLabel('Version').fill(version);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL('**/jobs/*');
    return jobIn(page.url());
  }

  test('a folder is added on the page, and its tasks stand there by folder', async () => {
    await page.goto(`${scene.toru.url}/workflows`);
    await page.getByText('There are no workflows yet').waitFor();
    await page.getByRole('button', { name: 'Add a workspace' }).click();
    const sheet = page.getByRole('dialog', { name: 'Add a workspace' });
    await sheet.getByLabel('Path or address').fill(join(folder, 'nowhere'));
    await sheet.getByRole('button', { name: 'Add', exact: true }).click();
    await sheet.locator('.field-error, .problem').first().waitFor();
    await sheet.getByLabel('Path or address').fill(folder);
    await sheet.getByText(`toru workspace add site-flows ${folder}`).waitFor();
    await sheet.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('heading', { name: 'web / site' }).waitFor();
    await page.getByRole('link', { name: /Release the site/ }).click();
    await page.getByRole('heading', { name: 'Release the site', level: 1 }).waitFor();
    expect(await page.locator('.graph-step').evaluateAll((all) => all.map((one) => one.getAttribute('data-step')))).toEqual([
      'build',
      'lint',
      'sign-off',
      'ship',
    ]);
  });

  test('what is required is asked for, and the form starts a job', async () => {
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.getByText('“Version” is required.').waitFor();
    expect(await page.getByLabel('Version').evaluate((field) => field === document.activeElement)).toBe(true);
    await page.getByLabel('Version').fill(`1.0'; touch ${folder}/canary #`);
    await page.getByLabel('Where to').selectOption('production');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    await page.waitForURL('**/jobs/*');
    job = jobIn(page.url());
  });

  test('its steps are watched in the graph, with the output of the one that runs', async () => {
    await step('build', 'live').waitFor();
    await step('lint', 'ok').waitFor();
    // Chosen, it stays: by itself the page goes on to what begins next.
    await step('build', 'live').click();
    await page.getByText(`building 1.0'; touch ${folder}/canary # for production`).waitFor();
    letGo('built');
    await page.getByText(`built 1.0'; touch ${folder}/canary #`).waitFor();
    await step('build', 'ok').waitFor();
    await step('sign-off', 'wait').waitFor();
    expect(existsSync(join(folder, 'canary'))).toBe(false);
  });

  test('arrow keys go along the edges, Enter opens a step', async () => {
    await step('build', 'ok').focus();
    for (const key of ['ArrowRight', 'ArrowRight', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
    const first = await page.evaluate(() => document.activeElement?.getAttribute('data-step'));
    expect(['build', 'lint']).toContain(first);
    await step('lint', 'ok').focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'lint', level: 2 }).waitFor();
    await page.getByText('clean', { exact: true }).waitFor();
    await page.waitForURL(/\?step=lint$/);
  });

  test('it is approved on a phone, by touch', async () => {
    await phone.goto(`${scene.toru.url}/jobs`);
    await phone.getByRole('link', { name: /release/ }).tap();
    await phone.getByText('Ship it?').waitFor();
    const button = phone.getByRole('button', { name: 'Approve' });
    const box = await button.boundingBox();
    expect(box?.height).toBeGreaterThanOrEqual(48);
    await button.tap();
    await button.waitFor({ state: 'detached' });
    await stateIs(job, 'failed');
    await phone.locator('.job-lead .mark-bad').waitFor();
  });

  test('what failed is opened by itself, and the timeline shows when each ran', async () => {
    await page.goto(`${scene.toru.url}/jobs/${job}`);
    await page.getByRole('heading', { name: 'ship', level: 2 }).waitFor();
    await page.getByText('there is no dock').first().waitFor();
    await page.getByRole('button', { name: 'Timeline' }).click();
    await expect.poll(() => page.locator('.timeline-row .timeline-bar').count()).toBe(4);
    await expect
      .poll(() => page.locator('.timeline-row', { hasText: 'ship' }).locator('.timeline-bar').getAttribute('data-tone'))
      .toBe('bad');
  });

  test('it is run again from the step that failed, and what had succeeded is kept', async () => {
    const before = await jobNow(job);
    letGo('dock');
    await page.getByRole('button', { name: 'Re-run from here' }).click();
    await page.locator('.job-lead .mark-ok').waitFor();
    await stateIs(job, 'completed');
    const after = await jobNow(job);
    const runOf = (of: Job, name: string): unknown => of.steps.find((one) => one.name === name)?.task_id;
    expect(runOf(after, 'build')).toBe(runOf(before, 'build'));
    expect(runOf(after, 'ship')).not.toBe(runOf(before, 'ship'));
  });

  test('a rejection says why, and what has changed since the last success is told', async () => {
    job = await start('2.0');
    await page.getByRole('button', { name: 'Reject…' }).click();
    await page.getByLabel('Why').fill('Not on a Friday');
    await page.getByRole('dialog').getByRole('button', { name: 'Reject', exact: true }).click();
    await stateIs(job, 'failed');
    await page
      .getByText(/Not on a Friday/)
      .first()
      .waitFor();
    const changes = page.getByRole('list', { name: 'What changed' });
    await changes.getByText('version').waitFor();
    await changes.getByText('2.0').waitFor();
  });

  test('a broken file shows its error where it is, and the old revision goes on', async () => {
    const broken = RELEASE(folder, 'sing-off');
    const line = broken.split('\n').findIndex((one) => one.includes('sing-off')) + 1;
    writeFileSync(join(folder, '.workflows', 'release.yaml'), broken);
    await page.goto(`${scene.toru.url}/workflows`);
    await page.getByRole('button', { name: 'Look at site-flows again' }).click();
    const errors = page.getByRole('list', { name: 'Errors' });
    await errors.getByText(new RegExp(`release\\.yaml:${line}:\\d+$`)).waitFor();
    await errors.getByText(/sing-off/).waitFor();
    await page.getByText(/goes on meanwhile/).waitFor();
    job = await start('3.0');
    await step('sign-off', 'wait').waitFor();
    writeFileSync(join(folder, '.workflows', 'release.yaml'), RELEASE(folder));
    await page.goto(`${scene.toru.url}/workflows`);
    await page.getByRole('button', { name: 'Look at site-flows again' }).click();
    await errors.waitFor({ state: 'detached' });
  });

  test('jobs are filtered in the address, and one is cancelled', async () => {
    await page.goto(`${scene.toru.url}/jobs`);
    await expect.poll(() => page.locator('.run-line').count()).toBe(3);
    await page.getByLabel('Result').selectOption({ label: 'Waits for an answer' });
    await page.waitForURL('**/jobs?status=suspended');
    await expect.poll(() => page.locator('.run-line').count()).toBe(1);
    await page.getByRole('link', { name: /release/ }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await stateIs(job, 'cancelled');
    await page.locator('.job-lead').getByText('Cancelled').waitFor();
  });

  test('a repository is added by its address, at a branch', async () => {
    const origin = join(scene.toru.home, 'origin');
    mkdirSync(join(origin, '.workflows'), { recursive: true });
    writeFileSync(join(origin, '.workflows/task.yaml'), 'tasks:\n  tidy:\n    name: Tidy up\n    flow: { tidy: { type: noop } }\n');
    const git = (...args: string[]) =>
      execFileSync('git', ['-C', origin, '-c', 'user.name=Ada', '-c', 'user.email=a@example.org', ...args]);
    git('init', '--quiet', '--initial-branch=trunk');
    git('add', '-A');
    git('commit', '--quiet', '-m', 'first');
    await page.goto(`${scene.toru.url}/workflows`);
    await page.getByRole('button', { name: 'Add a workspace' }).click();
    const sheet = page.getByRole('dialog', { name: 'Add a workspace' });
    await sheet.getByLabel('Path or address').fill(`file://${origin}`);
    await sheet.getByLabel('Branch, tag or commit').fill('trunk');
    await sheet.getByText(`toru workspace add origin file://${origin} --ref trunk`).waitFor();
    await sheet.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByRole('link', { name: /Tidy up/ }).waitFor();
  });

  test('a library is added, which other workspaces use and which has no tasks to run', async () => {
    const common = join(scene.toru.home, 'common');
    mkdirSync(join(common, '.workflows'), { recursive: true });
    writeFileSync(join(common, '.workflows/actions.yaml'), 'actions:\n  greet: { type: noop }\n');
    await page.goto(`${scene.toru.url}/workflows`);
    await page.getByRole('button', { name: 'Add a workspace' }).click();
    const sheet = page.getByRole('dialog', { name: 'Add a workspace' });
    await sheet.getByLabel('Path or address').fill(common);
    await sheet.getByRole('switch', { name: 'A library for other workspaces' }).click();
    await sheet.getByText(`toru workspace add common ${common} --library`).waitFor();
    await sheet.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByText('A library: workspaces use what it defines as').waitFor();
  });
});
