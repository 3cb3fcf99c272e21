import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import type { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { withToru } from './scene.ts';

/** What is typed into a form is not lost without a question, and what is wrong with it is said at its field. */

describeInBrowser('a form', () => {
  let toru: Toru;
  let admin: Client;
  let page: Page;

  withToru(async (scene) => {
    ({ toru, admin } = scene);
    const options = [{ value: 'staging' }, { value: 'production' }];
    const inputs = [{ type: 'choice', name: 'where', label: 'Where', required: true, options }];
    await scene.action({ id: 'deploy', label: 'Deploy', script: 'hello.sh', inputs });
    ({ page } = await scene.browse({ viewport: { width: 390, height: 700 } }));
  });

  const question = () => page.getByRole('dialog', { name: 'Leave without saving?' });
  const path = (): string => new URL(page.url()).pathname;
  async function stay(): Promise<void> {
    await question().getByRole('button', { name: 'Stay' }).click();
    await question().waitFor({ state: 'detached' });
  }

  test('that was changed asks before a link, the back button and a reload take it; one that was not does not', async () => {
    await page.goto(`${toru.url}/`);
    await page.getByRole('link', { name: 'Scripts', exact: true }).click();
    await page.getByRole('heading', { name: 'Scripts', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Make an action of hello.sh' }).click();
    const name = page.getByLabel('Name', { exact: true });
    await name.waitFor();
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    await page.goBack();
    await name.fill('Half done');

    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await stay();
    expect([path(), await name.inputValue()]).toEqual(['/actions/new', 'Half done']);
    for (let twice = 0; twice < 2; twice += 1) {
      await page.evaluate(() => history.back());
      await stay();
      expect([path(), await name.inputValue()]).toEqual(['/actions/new', 'Half done']);
    }
    // A `page.reload()` would wait half a minute for the load that the answer prevents.
    const asked = page.waitForEvent('dialog');
    await page.evaluate(() => void setTimeout(() => location.reload()));
    const dialog = await asked;
    expect(dialog.type()).toBe('beforeunload');
    await dialog.dismiss();
    await expect.poll(() => name.inputValue()).toBe('Half done');

    await page.evaluate(() => history.back());
    await question().getByRole('button', { name: 'Leave' }).click();
    await page.getByRole('heading', { name: 'Scripts', level: 1 }).waitFor();
    await page.goForward();
    await name.waitFor();
    await expect.poll(() => name.inputValue()).toBe('Hello');
  });

  test('that was saved lets go without a question', async () => {
    await page.goto(`${toru.url}/actions/new?script=hello.sh`);
    await page.getByLabel('Name', { exact: true }).fill('Done');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Done', exact: true }).waitFor();
    expect(await question().count()).toBe(0);
  });

  test('of settings, a user, a note or an answer asks as well', async () => {
    await page.goto(`${toru.url}/settings`);
    await page.getByLabel('Keep at most').fill('7');
    await page.getByRole('link', { name: 'Runs', exact: true }).click();
    await stay();
    await page.getByRole('button', { name: 'Discard' }).click();

    await page.goto(`${toru.url}/users`);
    await page.getByRole('button', { name: 'Add a user' }).click();
    await page.getByLabel('Username').fill('half');
    await page.keyboard.press('Escape');
    await stay();
    await expect.poll(() => page.getByLabel('Username').inputValue()).toBe('half');
    await page.mouse.click(5, 5);
    await question().getByRole('button', { name: 'Leave' }).click();
    await page.getByLabel('Username').waitFor({ state: 'detached' });

    await page.goto(toru.url);
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    // What was answered is kept, so nothing need be asked.
    await page.getByLabel('Where').selectOption('staging');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const { task_id } = (await admin.http('POST', '/api/runs', { script: 'hello.sh' })).json();
    await page.goto(`${toru.url}/runs/${task_id}`);
    await page.getByRole('button', { name: 'Add a note' }).click();
    await page.getByLabel('Note').fill('half a thought');
    await page.keyboard.press('Escape');
    await stay();
    await expect.poll(() => page.getByLabel('Note').inputValue()).toBe('half a thought');
  });

  /** Is the field with the focus in view, and marked as wrong? */
  const atFault = (): Promise<string | null> =>
    page.evaluate(() => {
      const field = document.activeElement;
      if (!(field instanceof HTMLElement) || field.getAttribute('aria-invalid') !== 'true') return null;
      const { top, bottom } = field.getBoundingClientRect();
      if (top < 0 || bottom > innerHeight) return `out of view at ${top}`;
      return document.querySelector(`label[for="${field.id}"]`)?.textContent ?? '';
    });

  test('that is wrong leads to the field', async () => {
    page.once('dialog', (dialog) => void dialog.accept());
    await page.goto(`${toru.url}/actions/new`);
    await page.getByLabel('Name', { exact: true }).fill('Wrong');
    await page.getByRole('button', { name: 'Add a question' }).click();
    await page.getByLabel('Question', { exact: true }).fill('Which one?');
    await page.getByRole('button', { name: 'Save' }).click();
    await eventually('the script that is missing has the focus', async () => await atFault(), { holds: (seen) => seen === 'Script' });
    // What only the host knows is said at its field, too.
    await page.getByLabel('Script', { exact: true }).fill('../outside.sh');
    await page.getByLabel('Default').focus();
    await page.keyboard.press('Enter');
    await eventually('the script outside of the folder has the focus', async () => await atFault(), { holds: (seen) => seen === 'Script' });
    await page.getByLabel('Script', { exact: true }).fill('hello.sh');
    // Folded away: it is unfolded.
    await page.getByText('More about this question').click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).last().fill('Not A Name');
    await page.getByText('More about this question').click();
    await page.getByLabel('Script', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await eventually('the name has the focus', async () => await atFault(), { holds: (seen) => seen === 'Name' });

    page.once('dialog', (dialog) => void dialog.accept());
    await page.goto(`${toru.url}/settings`);
    await page.getByLabel('Keep runs and their output for').fill('never');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await eventually('the number of days has the focus', async () => (await atFault())?.startsWith('Keep runs'), {
      holds: (seen) => seen === true,
    });
  });

  test('with a choice that must be made chooses nothing beforehand, and says what is missing', async () => {
    page.once('dialog', (dialog) => void dialog.accept());
    await page.goto(toru.url);
    await page.getByRole('button', { name: 'Deploy', exact: true }).click();
    // The answer of the test before is still there.
    await page.getByRole('button', { name: 'Start over' }).click();
    await expect.poll(() => page.getByLabel('Where').inputValue()).toBe('');
    await page.getByRole('dialog').getByRole('button', { name: 'Run' }).click();
    await eventually('the choice has the focus', async () => await atFault(), { holds: (seen) => seen === 'Where' });
    expect((await admin.http('GET', '/api/runs?action=deploy')).json().items).toEqual([]);
  });
});
