import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { startToru, type Toru } from '../harness/toru.ts';

/** What a real browser does with the page's headers. */
describeInBrowser('the page’s policy', () => {
  let toru: Toru;
  let browser: Browser;
  let other: Server;
  let otherOrigin: string;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: 'an admin of the tests' } });
    browser = await launchBrowser();
    other = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>other</title>'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    otherOrigin = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    other?.closeAllConnections();
    other?.close();
    await toru?.[Symbol.asyncDispose]();
  });

  test('runs no script that was put into it, and asks nobody else', async () => {
    const page = await browser.context.newPage();
    await page.goto(toru.url);
    const blocked = await page.evaluate(async (elsewhere) => {
      const seen: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective));
      const tried = (work: () => unknown): string => {
        try {
          work();
          return 'done';
        } catch {
          return 'thrown';
        }
      };
      const markup = tried(() => {
        document.body.innerHTML = '<img src=x onerror="document.title = `owned`">';
      });
      const text = tried(() => {
        document.createElement('script').text = 'document.title = "owned"';
      });
      const image = document.createElement('img');
      image.setAttribute('src', `${elsewhere}/x.png`);
      document.body.append(image);
      const asked = await fetch(`${elsewhere}/`, { mode: 'no-cors' }).then(
        () => 'answered',
        () => 'refused',
      );
      // It is told of each a moment later.
      const told = ['require-trusted-types-for', 'img-src', 'connect-src'];
      while (!told.every((directive) => seen.includes(directive))) await new Promise((resolve) => setTimeout(resolve, 20));
      return { markup, text, asked, seen };
    }, otherOrigin);
    expect(blocked).toMatchObject({ markup: 'thrown', text: 'thrown', asked: 'refused' });
    expect(blocked.seen).toEqual(expect.arrayContaining(['require-trusted-types-for', 'img-src', 'connect-src']));
    expect(await page.title()).not.toBe('owned');
  });
});
