import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { FULL } from '../../tools/test-pace.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { startToru, type Toru } from '../harness/toru.ts';

const PASSWORD = 'an owner of the tests';

/** What is a place and what is none is decided in worker/ui/navigation.ts, and tested there: here, that the page obeys. */
const inShort = (some: string[], more: string[]): string[] => (FULL ? [...some, ...more] : some);

/** Where a login leads. */
describeInBrowser('logging in', () => {
  let toru: Toru;
  let browser: Browser;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  /** Opens an address without a session, logs in, and says where that led. */
  async function landing(address: string): Promise<{ asked: string; landed: string }> {
    await browser.context.clearCookies();
    const page = browser.context.pages()[0] ?? (await browser.context.newPage());
    await page.goto(toru.url + address);
    await page.getByLabel('Username').fill(toru.username);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    const asked = page.url().slice(toru.url.length);
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('main h1').first().waitFor();
    await expect.poll(() => new URL(page.url()).pathname).not.toBe('/login');
    await expect.poll(() => page.locator('.login-form').count()).toBe(0);
    return { asked, landed: page.url().slice(toru.url.length) };
  }

  test.each(inShort(['/runs?status=exited', '/runs#newest'], ['/audit?event=user', '/settings', '/actions/new?script=hello.sh']))(
    'a link to %s without a session passes by /login?next= and lands where it pointed',
    async (address) => {
      expect(await landing(address)).toEqual({ asked: `/login?next=${encodeURIComponent(address)}`, landed: address });
    },
  );

  test('an empty field is named in the page’s words and takes the focus, and nothing is sent', async () => {
    await using german = await launchBrowser({ locale: 'de-AT' });
    const page = await german.context.newPage();
    const sent: string[] = [];
    page.on('request', (request) => request.method() === 'POST' && sent.push(request.url()));
    await page.goto(`${toru.url}/login`);
    const name = page.getByLabel('Benutzername');
    for (const typed of ['', '  ']) {
      await name.fill(typed);
      await page.getByLabel('Passwort').focus();
      await page.getByRole('button', { name: 'Anmelden' }).click();
      await page.getByText('Der Benutzername fehlt.').waitFor();
      expect(await name.evaluate((element) => element === document.activeElement)).toBe(true);
    }
    await name.fill(toru.username);
    await page.keyboard.press('Enter');
    await page.getByText('Das Passwort fehlt.').waitFor();
    expect(await page.getByText('Der Benutzername fehlt.').count()).toBe(0);
    await expect.poll(() => page.getByLabel('Passwort').evaluate((element) => element === document.activeElement)).toBe(true);
    expect(sent).toEqual([]);
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Aktionen', level: 1 }).waitFor();
  });

  test('a login link logs in by a press, leaves the address bar at once, and works once', async () => {
    await browser.context.clearCookies();
    const run = promisify(execFile);
    const env = { ...bareEnvironment(), TORU_HOME: toru.home };
    const { stdout } = await run(process.execPath, [join(root, 'dist/agent/cli.js'), 'login-link'], { env });
    const page = browser.context.pages()[0] ?? (await browser.context.newPage());
    for (const again of [false, true]) {
      await page.goto('about:blank');
      await page.goto(stdout.trim());
      await page.getByRole('button', { name: 'Log in with this link' }).waitFor();
      expect(page.url()).toBe(`${toru.url}/login`);
      await page.getByRole('button', { name: 'Log in with this link' }).click();
      if (again) await page.getByText('This link was used').waitFor();
      else await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
      if (!again) await browser.context.clearCookies();
    }
    await page.getByRole('button', { name: 'Use a password' }).click();
    await page.getByLabel('Username').waitFor();
  });

  test.each(
    inShort(['//elsewhere.example', '/login'], ['https://elsewhere.example/', '/\\elsewhere.example', '/\t/elsewhere.example', 'runs']),
  )('next=%j is no place of this page: the actions are', async (next) => {
    expect((await landing(`/login?next=${encodeURIComponent(next)}`)).landed).toBe('/');
  });
});
