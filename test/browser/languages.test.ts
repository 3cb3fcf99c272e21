import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { readPage } from '../../tools/languages.ts';
import { root } from '../../tools/root.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** The page in German, place by place: nothing of it is left in English, and nothing is wider than the window. SCREENSHOTS=FOLDER keeps pictures. */

const PASSWORD = 'correct horse battery';
const SCREENSHOTS = process.env['SCREENSHOTS'];
const HEBREW = 'גיבוי התמונות של 2026 (NAS)';
const ARABIC = 'إعادة تشغيل الخادم!';
const INPUTS = [
  { type: 'text', name: 'name', label: 'Wie heißt es?', required: true },
  { type: 'choice', name: 'mode', label: 'لماذا?', options: [{ value: 'all', label: 'הכול' }, { value: 'some' }] },
  { type: 'number', name: 'level', label: 'Stufe', min: 0, max: 10 },
];
/** What is called so here, and not by the page. */
const NAMED = ['admin', 'client'];
const german = z.record(z.string(), z.union([z.string(), z.record(z.string(), z.string())]));

/** What stands between the values of texts, where it is long enough to be known again. */
function partsOf(texts: Iterable<string>): Set<string> {
  const parts = [...texts].flatMap((text) => text.split(/\{\w+\}/)).map((part) => part.trim());
  return new Set(parts.filter((part) => /\p{L}{3}/u.test(part)));
}

/** Everything on the page that is read, or read out; a script's output is left out. */
function shownOn(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const found: string[] = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (walker.nextNode() !== null) {
      const node = walker.currentNode;
      if (node instanceof Text && node.parentElement?.closest('.log-rows, code, noscript, bdi') === null) found.push(node.data.trim());
      if (node instanceof Element)
        for (const name of ['aria-label', 'title', 'placeholder', 'aria-description']) found.push(node.getAttribute(name)?.trim() ?? '');
    }
    return found;
  });
}

describeInBrowser('the page in German', () => {
  let toru: Toru;
  let admin: Client;
  const ids = { done: '', failed: '', asks: '', user: '' };
  const { catalogue } = readPage();
  const texts = german.parse(JSON.parse(readFileSync(join(root, 'worker/ui/languages/de.json'), 'utf8')));
  const own = partsOf(Object.values(texts).flatMap((text) => (typeof text === 'string' ? [text] : Object.values(text))));
  const english = partsOf([...catalogue].flatMap(([other, one]) => (one === null ? [other] : [one, other])));

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    admin = await Client.of(toru, 'admin', PASSWORD);
    const script = (name: string, text: string): void => writeFileSync(join(toru.home, 'scripts', name), text, { mode: 0o755 });
    script('zahlen.sh', '#!/bin/sh\nfor n in 1 2 3; do echo "$n"; done\n');
    script('kaputt.sh', '#!/bin/sh\necho 1 >&2\nexit 3\n');
    script('frage.sh', '#!/bin/sh\nprintf "? "\nread -r answer\n');
    const make = async (path: string, body: object): Promise<{ id: string; task_id: string }> => {
      const answer = await admin.http('POST', path, body);
      expect([path, answer.status, answer.text]).toEqual([path, expect.toSatisfy((status: number) => status < 300), expect.any(String)]);
      return answer.json();
    };
    await make('/api/actions', { id: 'backup', label: HEBREW, script: 'zahlen.sh', group: 'קבוצה 1', color: 'red' });
    await make('/api/actions', { id: 'fails', label: ARABIC, script: 'kaputt.sh', color: 'amber', description: 'خادم (NAS).' });
    await make('/api/actions', {
      id: 'asks',
      label: 'Donaudampfschifffahrtsgesellschaft',
      script: 'frage.sh',
      stdin: true,
      color: 'green',
    });
    await make('/api/actions', { id: 'form', label: 'Fragebogen', script: 'frage.sh', inputs: INPUTS, color: 'violet' });
    ids.user = (await make('/api/users', { username: 'ada', password: PASSWORD, role: 'client' })).id;
    ids.done = (await make('/api/runs', { action: 'backup' })).task_id;
    ids.failed = (await make('/api/runs', { action: 'fails' })).task_id;
    ids.asks = (await make('/api/runs', { action: 'asks' })).task_id;
  });
  afterAll(async () => {
    admin?.close();
    await toru?.[Symbol.asyncDispose]();
  });

  const looks = (): [name: string, path: string, act?: (page: Page) => Promise<unknown>][] => [
    ['home', '/'],
    ['form', '/', (page) => page.getByRole('button', { name: 'Fragebogen', exact: true }).first().click()],
    ['palette', '/', (page) => page.keyboard.press('Control+k')],
    ['runs', '/runs'],
    ['run', `/runs/${ids.done}`],
    ['run-failed', `/runs/${ids.failed}`],
    ['run-asks', `/runs/${ids.asks}`],
    ['action', '/a/form'],
    ['action-new', '/actions/new'],
    ['action-edit', '/actions/form/edit'],
    ['search', '/search?q=1'],
    ['scripts', '/scripts'],
    ['script', '/scripts/edit?name=zahlen.sh'],
    ['plugins', '/plugins'],
    ['system', '/system'],
    ['users', '/users'],
    ['user', `/users/${ids.user}`],
    ['audit', '/audit'],
    ['settings', '/settings'],
    ['account', '/account'],
    ['missing', '/nirgends'],
  ];

  test.each<['light' | 'dark', number]>([
    ['light', 390],
    ...(SCREENSHOTS === undefined ? [] : ([['dark', 1280]] satisfies ['dark', number][])),
  ])('has no English left on any page, and fits: %s, %i px', async (colorScheme, width) => {
    await using browser = await launchBrowser({ locale: 'de-AT', colorScheme, viewport: { width, height: width < 600 ? 844 : 800 } });
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    expect(await page.locator('html').getAttribute('lang')).toBe('de');
    const problems: string[] = [];
    for (const [name, path, act] of looks()) {
      await page.goto(toru.url + path);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await act?.(page);
      await page.waitForTimeout(500);
      const left = (await shownOn(page)).filter((text) => english.has(text) && !own.has(text) && !NAMED.includes(text));
      problems.push(...left.map((text) => `${name}: ${text}`));
      for (const narrow of width < 600 ? [320, width] : [width]) {
        await page.setViewportSize({ width: narrow, height: 844 });
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (wider > 0) problems.push(`${name}: ${wider} px wider than ${narrow} px`);
        if (SCREENSHOTS === undefined) continue;
        mkdirSync(SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(SCREENSHOTS, `de-${name}-${colorScheme}-${narrow}.png`) });
      }
    }
    expect(problems).toEqual([]);
  });

  test('comes before a login, in what the server says, and stays as it was chosen', async () => {
    await using browser = await launchBrowser({ locale: 'de-DE' });
    const page = await browser.context.newPage();
    await page.goto(`${toru.url}/login`);
    await page.getByRole('heading', { name: 'Bei Toru anmelden' }).waitFor();
    await page.getByLabel('Benutzername').fill('admin');
    await page.getByLabel('Passwort').fill('not this one');
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByText('Benutzername oder Passwort ist falsch.').waitFor();
    await page.getByLabel('Passwort').fill(PASSWORD);
    await page.getByRole('button', { name: 'Anmelden' }).click();
    await page.getByRole('heading', { name: 'Aktionen' }).waitFor();
    await page.goto(`${toru.url}/account`);
    await page.getByLabel('Sprache').selectOption('en');
    await page.getByRole('heading', { name: 'Appearance' }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: 'Appearance' }).waitFor();
    expect(await page.locator('html').getAttribute('lang')).toBe('en');
    await page.getByLabel('Language').selectOption('');
    await page.getByRole('heading', { name: 'Aussehen' }).waitFor();
  });
});
