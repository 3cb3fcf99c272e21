import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { lookAllOver } from './look.ts';
import { type Scene, withToru } from './scene.ts';

/** Orchestrators as people make and use them; each test goes on where the one before it stopped. With SCREENSHOTS=FOLDER pictures are kept there. */

/** Stands for an agent program: it takes a paste, and shows each line that it gets. */
const PROMPT = `echo 'What shall I do next?'; while IFS= read -e -r -p '> ' line; do echo "got <$line>"; done`;

describeInBrowser('orchestrators', () => {
  let scene: Scene;
  let page: Page;
  let asks: string;
  let waits: string;

  withToru(async (made) => {
    scene = made;
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 900 } }));
    const open = async (name: string, script: string): Promise<string> =>
      (await scene.admin.http('POST', '/api/terminals', { name, kind: 'agent', cwd: '/', command: ['bash', '-c', script] })).json().id;
    asks = await open(
      'refactor the parser',
      `printf 'Edit src/parser.ts (j)\\n'; printf '\\033]9;Claude needs your permission\\007'; sleep 600`,
    );
    waits = await open('write the tests', `${`printf '\\033]9;Claude is waiting for your input\\007'`}; ${PROMPT}`);
  });

  test('there is none at first, and one is made', async () => {
    await page.goto(`${scene.toru.url}/terminals`);
    await page.getByRole('link', { name: 'Orchestrators' }).click();
    await page.getByText('Nobody watches the terminals yet').waitFor();
    await lookAllOver(page, 'orchestrators-empty');
    await page.getByRole('button', { name: 'New orchestrator' }).first().click();
    const sheet = page.getByRole('dialog', { name: 'New orchestrator' });
    await sheet.getByLabel('Name').fill('Night watch');
    await sheet.getByLabel('Stalled after, in minutes').fill('0.5');
    await sheet.getByRole('switch', { name: /^Type by itself/ }).click();
    await lookAllOver(page, 'orchestrator-sheet');
    await sheet.getByRole('switch', { name: /^Type by itself/ }).click();
    await sheet.getByRole('button', { name: 'Save' }).click();
    await sheet.waitFor({ state: 'detached' });
    await page.getByText('Night watch').waitFor();
  });

  test('what it finds comes by itself, with what the terminal showed', async () => {
    const card = page.getByRole('listitem').filter({ hasText: 'refactor the parser' });
    await card.getByText('Asks for your permission').waitFor({ timeout: 60_000 });
    expect(await card.locator('.insight-lines').innerText()).toContain('Edit src/parser.ts (j)');
    // Nothing is typed into a question, so nothing is offered.
    expect(await card.getByRole('button', { name: /^Type into/ }).count()).toBe(0);
    await page
      .getByRole('listitem')
      .filter({ hasText: 'write the tests' })
      .filter({ hasText: 'Does not go on' })
      .waitFor({ timeout: 120_000 });
    await lookAllOver(page, 'orchestrators');
  }, 200_000);

  test('a text is typed in two steps, which one sees', async () => {
    const card = page.getByRole('listitem').filter({ hasText: 'write the tests' }).filter({ hasText: 'Does not go on' });
    await card.getByRole('button', { name: 'Type into write the tests' }).click();
    const sheet = page.getByRole('dialog', { name: 'Type into write the tests' });
    await sheet.getByText('What shall I do next?').waitFor();
    await sheet.getByLabel('Text').fill('add a test for tabs');
    await sheet.getByRole('button', { name: 'Type it' }).click();
    await sheet.getByText('was not entered yet').waitFor();
    await expect.poll(() => sheet.locator('.insight-lines').innerText()).toContain('> add a test for tabs');
    await lookAllOver(page, 'orchestrator-inject');
    await sheet.getByRole('button', { name: 'Press Enter' }).click();
    await sheet.waitFor({ state: 'detached' });
    await card.waitFor({ state: 'detached' });
    const output = async (): Promise<string> => (await scene.admin.http('GET', `/api/terminals/${waits}/output`)).text;
    await eventually('the program got it', output, { holds: (text) => text.includes('got <') && text.includes('add a test for tabs') });
  });

  test('what is typed for a terminal stays where its insight goes meanwhile', async () => {
    const find = async (): Promise<{ id: string; orchestrator: string } | undefined> => {
      const [watch] = (await scene.admin.http('GET', '/api/orchestrators')).json().items;
      const { items } = (await scene.admin.http('GET', `/api/orchestrators/${watch.id}/insights`)).json();
      return items.find(
        (one: { terminal: string; kind: string; state: string }) =>
          one.terminal === waits && one.kind === 'stalled' && one.state === 'open',
      );
    };
    await scene.admin.http('POST', `/api/terminals/${waits}/input`, { data: 'x\r' });
    const insight = await eventually('it does not go on again', find, { holds: (found) => found !== undefined, limitMs: 120_000 });
    const card = page.getByRole('listitem').filter({ hasText: 'write the tests' }).filter({ hasText: 'Does not go on' });
    await card.getByRole('button', { name: 'Type into write the tests' }).click();
    const sheet = page.getByRole('dialog', { name: 'Type into write the tests' });
    await sheet.getByLabel('Text').fill('half a');
    await scene.admin.http('PATCH', `/api/orchestrators/${insight?.orchestrator}/insights/${insight?.id}`, { state: 'dismissed' });
    await card.waitFor({ state: 'detached' });
    expect(await sheet.getByLabel('Text').inputValue()).toBe('half a');
    await sheet.getByRole('button', { name: 'Cancel' }).click();
  }, 200_000);

  test('an insight is dismissed, here and in another tab', async () => {
    const { page: other } = await scene.browse({ viewport: { width: 390, height: 844 } });
    await other.goto(`${scene.toru.url}/terminals/orchestrators`);
    const card = (of: Page) =>
      of.getByRole('listitem').filter({ hasText: 'refactor the parser' }).filter({ hasText: 'Asks for your permission' });
    await card(other).waitFor();
    await card(page).getByRole('button', { name: 'Dismiss: refactor the parser' }).click();
    await card(page).waitFor({ state: 'detached' });
    await card(other).waitFor({ state: 'detached' });
    await other.close();
    expect(asks).not.toBe('');
  });
});
