import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Page, Request } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { type PageStage, stagePages } from '../harness/page-stage.ts';
import { beginSession, logIn } from './log-in.ts';

/** What a first visit to the home may ask for, its socket and what it brings behind the first paint included. */
const MOST_REQUESTS = 15;
/** Nothing more came for so long: the home has all that it wants. */
const QUIET_MS = 2500;

describeInBrowser('what the pages ask for', () => {
  let stage: PageStage;
  beforeAll(async () => {
    stage = await stagePages();
  });
  afterAll(() => stage?.[Symbol.asyncDispose]());

  it('the home with 62 actions: few requests, none of them twice but the list that must be certain, all text packed', async () => {
    await using browser = await launchBrowser({ viewport: { width: 412, height: 823 }, hasTouch: true });
    await beginSession(browser, stage.toru.url, stage.toru.username, stage.toru.password);
    const page = await browser.context.newPage();
    // Without it, what is asked for twice could be taken from memory.
    const cdp = await browser.context.newCDPSession(page);
    await cdp.send('Network.enable');
    await cdp.send('Network.setCacheDisabled', { cacheDisabled: true });
    // The code of the other pages, which comes 10 s later, would be counted on a slow machine.
    await cdp.send('Emulation.setDataSaverOverride', { dataSaverEnabled: true });
    const asked = askedBy(page);
    const plain = plainOn(page);
    await page.goto(stage.toru.url);
    await page.getByRole('region', { name: 'Last runs' }).waitFor();
    let seen = -1;
    while (seen < asked.length) {
      seen = asked.length;
      await page.waitForTimeout(QUIET_MS);
    }
    expect(asked.length, asked.join('\n')).toBeLessThanOrEqual(MOST_REQUESTS);
    const twice = asked.filter((path, i) => asked.indexOf(path) < i && path !== '/api/actions');
    expect(twice).toEqual([]);
    expect((await Promise.all(plain)).filter((path) => path !== '')).toEqual([]);
  });

  it.each([false, true])(
    'the code of the other pages comes behind the first one, unless data is to be saved: %s',
    async (dataSaverEnabled) => {
      await using browser = await launchBrowser();
      await beginSession(browser, stage.toru.url, stage.toru.username, stage.toru.password);
      const page = await browser.context.newPage();
      const cdp = await browser.context.newCDPSession(page);
      await cdp.send('Emulation.setDataSaverOverride', { dataSaverEnabled });
      await page.clock.install();
      const asked = askedBy(page);
      await page.goto(stage.toru.url);
      await page.getByRole('region', { name: 'Last runs' }).waitFor();
      await page.clock.fastForward(11_000);
      // The palette is the first that would come: before what is asked for by a click.
      if (dataSaverEnabled) await page.getByRole('link', { name: 'Account' }).click();
      const isAsked = (part: string): boolean => asked.some((path) => path.startsWith(`/assets/${part}-`));
      await expect.poll(() => isAsked('account'), { message: 'the code of Account was asked for' }).toBe(true);
      expect([isAsked('palette'), isAsked('settings')]).toEqual([!dataSaverEnabled, !dataSaverEnabled]);
    },
  );

  it('draws the first tiles of the home before it makes the last ones', async () => {
    await using browser = await launchBrowser({ viewport: { width: 412, height: 823 }, hasTouch: true });
    await browser.context.addInitScript(() => {
      new MutationObserver(() => {
        const tiles = document.querySelectorAll('.tile').length;
        if (tiles > 0) document.documentElement.dataset['firstTiles'] ??= String(tiles);
      }).observe(document, { childList: true, subtree: true });
    });
    const page = await logIn(browser, stage.toru.url, stage.toru.username, stage.toru.password);
    await expect.poll(() => page.locator('.tile').count()).toBe(62);
    expect(Number(await page.locator('html').getAttribute('data-first-tiles'))).toBeLessThan(20);
  });

  it('whoever has no session is asked to log in without a failed request, wherever the address leads', async () => {
    await using browser = await launchBrowser();
    for (const path of ['/login', '/', `/runs/${stage.runId}`, '/system']) {
      const page = await browser.context.newPage();
      const wrong: string[] = [];
      page.on('console', (message) => message.type() === 'error' && wrong.push(message.text()));
      page.on('response', (answer) => answer.status() >= 400 && wrong.push(`${answer.status()} ${answer.url()}`));
      await page.goto(stage.toru.url + path);
      await page.getByRole('button', { name: 'Log in' }).waitFor();
      await page.waitForLoadState('networkidle');
      expect(wrong, path).toEqual([]);
      await page.close();
    }
  });

  it('the page of a run moves nothing when the run, and then the actions, come', async () => {
    await using stage = await stagePages(1);
    await using browser = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    await beginSession(browser, stage.toru.url, stage.toru.username, stage.toru.password);
    const page = await browser.context.newPage();
    await page.addInitScript(() => {
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          if ('value' in entry)
            document.documentElement.dataset['shift'] = `${Number(document.documentElement.dataset['shift'] ?? 0) + Number(entry.value)}`;
      }).observe({ type: 'layout-shift', buffered: true });
    });
    let answer = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route('**/api/actions', async (route) => {
      await held;
      await route.continue();
    });
    await openAsBuilt(page, `${stage.toru.url}/runs/${stage.runId}`);
    const again = page.getByRole('button', { name: 'Run again' });
    await page.getByText('line 10 of what it has to say').waitFor();
    expect(await again.isDisabled()).toBe(true);
    answer();
    await expect.poll(() => again.isEnabled()).toBe(true);
    await page.waitForTimeout(500);
    expect(Number((await page.locator('html').getAttribute('data-shift')) ?? 0)).toBeLessThan(0.02);
  });

  it('the page of a run is told what it needs before its script runs', async () => {
    await using browser = await launchBrowser();
    await beginSession(browser, stage.toru.url, stage.toru.username, stage.toru.password);
    const hints = (await browser.context.request.get(`${stage.toru.url}/runs/${stage.runId}`)).headers()['link'] ?? '';
    expect(hints).toMatch(/<\/assets\/run-[\w-]+\.js>; rel=modulepreload/);
    expect(hints).toContain(`</api/runs/${stage.runId}>; rel=preload; as=fetch; crossorigin`);
    const stranger = await fetch(`${stage.toru.url}/runs/${stage.runId}`);
    expect(stranger.headers.get('link')).toMatch(/<\/assets\/login-[\w-]+\.js>; rel=modulepreload/);
    expect(stranger.headers.get('link')).not.toMatch(/\/assets\/run-|\/api\/(?:runs|actions)/);
    const page = await browser.context.newPage();
    const asked = askedBy(page);
    await openAsBuilt(page, `${stage.toru.url}/runs/${stage.runId}`);
    await page.getByText('line 10 of what it has to say').first().waitFor();
    // Each file that the run's page is made of: hinted at, or named by the HTML.
    const html = await (await browser.context.request.get(stage.toru.url)).text();
    const surprises = asked.filter(
      (path) => /^\/assets\/(?:run|screen|parts)-.*\.(?:js|css)$/.test(path) && !hints.includes(path) && !html.includes(path),
    );
    expect(surprises).toEqual([]);
    // The answers that were hinted at are taken, and none of them is asked for again; the run's comes before the page has a socket.
    expect(asked.filter((path) => path === '/api/me?optional=true')).toHaveLength(1);
    expect(asked.indexOf(`/api/runs/${stage.runId}`)).toBeLessThan(asked.findIndex((path) => path.endsWith('/api/ws')));
  });
});

/** Opens an address by a link on another port: whoever comes so has a session, and gets the page as it was built. */
async function openAsBuilt(page: Page, address: string): Promise<void> {
  const other = createServer((_, answer) => answer.setHeader('content-type', 'text/html').end(`<a href="${address}">go</a>`));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  try {
    await page.goto(`http://127.0.0.1:${Object(other.address()).port}`);
    await page.getByText('go').click();
    await page.waitForURL(address);
  } finally {
    other.close();
  }
}

/** Paths in the order in which they were asked for. */
function askedBy(page: Page): string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    const { pathname, search } = new URL(request.url());
    asked.push(pathname + search);
  });
  page.on('websocket', (socket) => asked.push(new URL(socket.url()).pathname));
  return asked;
}

/** Of each answer in text that came unpacked, its path (else ''). */
function plainOn(page: Page): Promise<string>[] {
  const plain: Promise<string>[] = [];
  page.on('requestfinished', (request) => plain.push(isPlain(request)));
  return plain;
}

async function isPlain(request: Request): Promise<string> {
  const response = await request.response();
  const body = await response?.body().catch(() => null);
  const headers = await response?.allHeaders();
  const short = (body?.length ?? 0) < 1024;
  return short || headers?.['content-encoding'] === 'gzip' ? '' : new URL(request.url()).pathname;
}
