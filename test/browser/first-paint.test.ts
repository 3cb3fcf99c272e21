import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { lookCookie } from '../../shared/page-look.ts';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import { type PageStage, stagePages } from '../harness/page-stage.ts';
import { beginSession } from './log-in.ts';

/** What a browser says of a page that a person opens by its address. */
const OPENED = { 'sec-fetch-dest': 'document', 'sec-fetch-mode': 'navigate', 'sec-fetch-site': 'none' };
const HOSTILE = '</script><img src=x onerror="document.title=1"><!--';

describeInBrowser('what the server draws before the page’s script is there', () => {
  let stage: PageStage;
  /** One that was run, by its id. */
  let action = '';
  beforeAll(async () => {
    stage = await stagePages(20);
    action = (await stage.client.http('GET', '/api/actions')).json().items[0].id;
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  it.each([
    { locale: 'en-GB', title: 'Log in to Toru', button: 'Log in' },
    { locale: 'de-AT', title: 'Bei Toru anmelden', button: 'Anmelden' },
  ])(
    'the login in the browser’s language ($locale), which the script takes over with what was typed',
    async ({ locale, title, button }) => {
      await using browser = await launchBrowser({ locale });
      const page = await browser.context.newPage();
      const release = await holdScripts(page);
      await page.goto(`${stage.toru.url}/login`, { waitUntil: 'commit' });
      const heading = page.getByRole('heading', { name: title });
      await heading.waitFor();
      expect(await page.getByRole('button', { name: button }).isDisabled()).toBe(true);
      const username = page.locator('input[name=username]');
      await username.fill(stage.toru.username);
      await username.focus();
      await heading.evaluate((element) => element.setAttribute('data-drawn', ''));
      release();
      await expect.poll(() => page.getByRole('button', { name: button }).isEnabled()).toBe(true);
      // The very elements that the server drew, with the focus where it was.
      expect(await page.locator('h1[data-drawn]').count()).toBe(1);
      expect(await username.evaluate((element) => element === document.activeElement)).toBe(true);
      expect(await username.inputValue()).toBe(stage.toru.username);
      await page.locator('input[name=password]').fill(stage.toru.password);
      await page.getByRole('button', { name: button }).click();
      await page.locator('.tile-press').first().waitFor();
    },
  );

  it('the home with its tiles and their signs, which the script takes over without asking again', async () => {
    await using browser = await loggedIn();
    const page = await browser.context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    const release = await holdScripts(page);
    await page.goto(stage.toru.url, { waitUntil: 'commit' });
    const tile = page.locator('.tile').nth(1);
    await tile.waitFor();
    expect(await tile.locator('.tile-label').textContent()).toBe('Clean the photos');
    expect(await tile.locator('.seal-disc path').count()).toBeGreaterThan(0);
    // A press would be lost.
    expect(await page.locator('#root').getAttribute('inert')).toBe('');
    const drawn = await page.locator('#root').evaluate((root) => {
      for (const element of root.querySelectorAll('*')) element.setAttribute('data-drawn', '');
      return root.querySelectorAll('*').length;
    });
    release();
    await expect.poll(() => page.locator('.tile').count()).toBe(20);
    expect(await page.locator('#root').getAttribute('inert')).toBeNull();
    expect(await page.locator('#root [data-drawn]').count()).toBeGreaterThan(drawn - 5);
    expect(asked).not.toContain('/api/me');
    await page.getByRole('button', { name: 'Clean the photos', exact: true }).click();
    await page.getByText('Succeeded').first().waitFor();
  });

  it.each([
    { what: 'a run’s page', width: 390, path: () => `/runs/${stage.runId}`, behind: 'line 10 of what it has to say' },
    { what: 'a run’s page in a wide window', width: 1280, path: () => `/runs/${stage.runId}`, behind: 'line 10 of what it has to say' },
    { what: 'an action’s own app', width: 390, path: () => `/a/${action}`, behind: 'On this device' },
    { what: 'a run in an action’s own app', width: 390, path: () => `/a/${action}/runs/${stage.runId}`, behind: 'line 10 of' },
  ])('$what ($width px) with how it went, which the script takes over in its place', async ({ width, path, behind }) => {
    await using browser = await launchBrowser({ viewport: { width, height: 800 } });
    await beginSession(browser, stage.toru.url, stage.toru.username, stage.toru.password);
    const page = await browser.context.newPage();
    const release = await holdScripts(page);
    await page.goto(stage.toru.url + path(), { waitUntil: 'commit' });
    const name = page.getByRole('heading', { level: 1 });
    await name.waitFor();
    await page.getByText('Succeeded').first().waitFor();
    if (width > 1000) await page.getByText('say.sh').waitFor();
    await name.evaluate((element) => {
      element.setAttribute('data-drawn', '');
      const all = { shift: 0 };
      Object.assign(globalThis, { all });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) all.shift += Number(Reflect.get(entry, 'value'));
      }).observe({ type: 'layout-shift', buffered: true });
    });
    release();
    await page.getByText(behind).first().waitFor();
    expect(await page.locator('h1[data-drawn]').count()).toBe(1);
    if (width > 1000) await page.locator('.dot-online').first().waitFor();
    expect(await page.locator('#root').getAttribute('inert')).toBeNull();
    expect(await page.evaluate(() => Reflect.get(Reflect.get(globalThis, 'all'), 'shift'))).toBeLessThan(0.02);
    await page.getByRole('button', { name: /^Run(?: again)?$/ }).click();
    await page.getByText('just now').first().waitFor();
  });

  it('a run that ends while the script is on its way, and then as it ended', async () => {
    const flag = join(stage.toru.home, 'may-end');
    writeFileSync(join(stage.toru.home, 'scripts', 'waits.sh'), `while [ ! -e ${flag} ]; do sleep 0.1; done; echo it may`, { mode: 0o755 });
    const made = await stage.client.http('POST', '/api/actions', { label: 'Waits', script: 'waits.sh' });
    onTestFinished(async () => void (await stage.client.http('DELETE', `/api/actions/${made.json().id}`)));
    const run = (await stage.client.http('POST', '/api/runs', { action: made.json().id })).json().task_id;
    await using browser = await loggedIn();
    const page = await browser.context.newPage();
    const release = await holdScripts(page);
    await eventually('it runs', async () => (await stage.client.http('GET', `/api/runs/${run}`)).json().state, {
      holds: (state) => state === 'running',
    });
    await page.goto(`${stage.toru.url}/runs/${run}`, { waitUntil: 'commit' });
    await page.getByText('Running', { exact: true }).waitFor();
    writeFileSync(flag, '');
    await eventually('it has ended', async () => (await stage.client.http('GET', `/api/runs/${run}`)).json().state, {
      holds: (state) => state === 'exited',
    });
    release();
    await page.getByText('Succeeded').first().waitFor();
    await page.getByText('it may', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Run again' }).waitFor();
  });

  it('light, dark and the size of the tiles as they were chosen in this browser', async () => {
    await using browser = await loggedIn();
    const page = await browser.context.newPage();
    await page.goto(stage.toru.url);
    await page.getByRole('button', { name: 'List' }).click();
    await page.goto(`${stage.toru.url}/settings`);
    await page.evaluate(() => localStorage.setItem('toru.theme', 'dark'));
    // As it is kept from the next load on, of whichever place.
    await page.reload();
    await page.getByRole('heading', { level: 1 }).waitFor();
    const release = await holdScripts(page);
    await page.goto(stage.toru.url, { waitUntil: 'commit' });
    await page.locator('.tile').first().waitFor();
    expect(await page.locator('html').getAttribute('data-theme')).toBe('dark');
    expect(await page.locator('.tile-sections').getAttribute('data-density')).toBe('list');
    await page.locator('h1').evaluate((element) => element.setAttribute('data-drawn', ''));
    release();
    await expect.poll(() => page.locator('.tile').count()).toBe(20);
    expect(await page.locator('h1[data-drawn]').count()).toBe(1);
  });

  it('no group as open that is folded in this browser', async () => {
    await using browser = await loggedIn();
    const page = await browser.context.newPage();
    await page.goto(stage.toru.url);
    await page.getByRole('button', { name: 'House' }).click();
    const text = await page.evaluate(async () => (await fetch('/')).text());
    expect(text).toContain('<div id="root"></div>');
    await page.reload();
    await expect.poll(() => page.getByRole('button', { name: 'House' }).getAttribute('aria-expanded')).toBe('false');
  });

  describe('over HTTP', () => {
    it('what people wrote can end neither the data nor the page', async () => {
      const made = await stage.client.http('POST', '/api/actions', { label: HOSTILE, description: HOSTILE, script: 'say.sh' });
      try {
        await using browser = await loggedIn();
        const page = await browser.context.newPage();
        await page.goto(stage.toru.url);
        await page.locator('.tile-label').getByText(HOSTILE).waitFor();
        const { id } = made.json();
        const run = (await stage.client.http('POST', '/api/runs', { action: id })).json().task_id;
        for (const path of ['/', `/runs/${run}`, `/a/${id}`]) {
          const html = await open(path, { ...OPENED, cookie: await cookieOf(browser) });
          expect(html.text).toContain('id="given"');
          expect(html.text).not.toContain('<img src=x');
          expect(html.text.match(/<\/script>/g)).toHaveLength(2);
        }
      } finally {
        await stage.client.http('DELETE', `/api/actions/${made.json().id}`);
      }
    });

    it('a page with somebody’s actions or runs is kept by nobody', async () => {
      await using browser = await loggedIn();
      for (const path of ['/', `/runs/${stage.runId}`, `/a/${action}`]) {
        const { headers, text } = await open(path, { ...OPENED, cookie: await cookieOf(browser) });
        expect(text).toContain('Back up the photos');
        expect([headers['cache-control'], headers['etag']]).toEqual(['no-store', undefined]);
      }
    });

    it('for a user who may not see a run, nothing of it: the page comes as it was built', async () => {
      const made = await stage.client.http('POST', '/api/users', { username: 'anna', password: 'a password of anna', role: 'client' });
      expect(made.status).toBe(201);
      await using browser = await launchBrowser();
      await beginSession(browser, stage.toru.url, 'anna', 'a password of anna');
      const { text } = await open(`/runs/${stage.runId}`, { ...OPENED, cookie: await cookieOf(browser) });
      expect(text).toContain('<div id="root"></div>');
      expect(text).not.toContain('say.sh');
    });

    it.each([
      ['a link on another site, which comes without its session', { 'sec-fetch-site': 'cross-site' }],
      ['another port of this machine', { 'sec-fetch-site': 'same-site' }],
      ['the service worker, which keeps it for everybody', { 'sec-fetch-dest': 'empty', 'sec-fetch-mode': 'cors' }],
      ['a frame', { 'sec-fetch-dest': 'iframe' }],
      ['a browser that says nothing of itself', { 'sec-fetch-dest': '', 'sec-fetch-mode': '', 'sec-fetch-site': '' }],
      ['somebody with folded groups', { look: 'system..large.folded' }],
    ])('for %s, the page comes as it was built', async (_, given: Record<string, string>) => {
      await using browser = await loggedIn();
      const { look, ...more } = given;
      const { port } = new URL(stage.toru.url);
      const chosen = look === undefined ? '' : `; ${lookCookie({ https: false, port })}=${look}`;
      const headers = Object.entries({ ...OPENED, ...more, cookie: (await cookieOf(browser)) + chosen }).filter(
        ([, value]) => value !== '',
      );
      expect((await open('/', Object.fromEntries(headers))).text).toContain('<div id="root"></div>');
    });

    it('for a session that ended, the login', async () => {
      await using browser = await loggedIn();
      const cookie = await cookieOf(browser);
      await browser.context.request.post(`${stage.toru.url}/api/logout`, { data: {}, headers: { origin: stage.toru.url } });
      const { text } = await open('/', { ...OPENED, cookie });
      expect(text).not.toContain('Restart the photos');
    });
  });

  async function loggedIn(): Promise<Browser> {
    const browser = await launchBrowser();
    await beginSession(browser, stage.toru.url, stage.toru.username, stage.toru.password);
    return browser;
  }

  async function cookieOf({ context }: Browser): Promise<string> {
    return (await context.cookies(stage.toru.url)).map(({ name, value }) => `${name}=${value}`).join('; ');
  }

  /** `fetch` would say of itself that it is one. */
  function open(path: string, headers: Record<string, string>) {
    return new Promise<{ headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      request(`${stage.toru.url}${path}`, { headers }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (part: string) => (text += part));
        answer.on('end', () => resolve({ headers: answer.headers, text }));
      })
        .on('error', reject)
        .end();
    });
  }
});

/** Keeps the page's scripts back. @returns lets them come. */
async function holdScripts(page: Page): Promise<() => void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  await page.route('**/assets/*.js', async (route) => {
    await promise;
    await route.continue();
  });
  return resolve;
}
