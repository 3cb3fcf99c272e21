import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { FULL } from '../../tools/test-pace.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/**
 * Every page and sheet, looked at by axe (https://github.com/dequelabs/axe-core) in both themes, on a phone and on a desktop: nothing
 * that it finds, and nothing wider than the window. With SCREENSHOTS=FOLDER a picture of each is kept there, for eyes.
 */

const PASSWORD = 'correct horse battery';
const SCREENSHOTS = process.env['SCREENSHOTS'];
const INPUTS = [
  { type: 'text', name: 'name', label: 'Name', required: true, help: 'As it stands on the label.' },
  { type: 'choice', name: 'mode', label: 'Mode', options: [{ value: 'all' }, { value: 'some', label: 'Some of them' }] },
  { type: 'choice', name: 'parts', label: 'Parts', multiple: true, options: [{ value: 'a', label: 'First' }, { value: 'b' }] },
  { type: 'number', name: 'level', label: 'Level', min: 0, max: 10, slider: true },
  { type: 'boolean', name: 'dry', label: 'Only say what would be done' },
  { type: 'date', name: 'day', label: 'Day' },
  { type: 'secret', name: 'token', label: 'Token', pass: { by: 'environment', variable: 'INPUT_TOKEN' } },
];
const COLOURS = `#!/bin/sh
for ground in 40 41 42 43 44 45 46 47; do for ink in 30 31 32 33 34 35 36 37; do printf '\\033[%s;%sm text \\033[0m' $ground $ink; done; echo; done
echo '::group::Details'; echo inside; echo '::endgroup::'
echo 'see https://example.com/page'; echo 'a warning' >&2; echo '{"level":"info","msg":"json"}'
`;
const found = z.array(z.object({ id: z.string(), nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })) }));

describeInBrowser('every page', () => {
  let toru: Toru;
  let admin: Client;
  const ids = { done: '', failed: '', asks: '', user: '' };

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    admin = await Client.of(toru, 'admin', PASSWORD);
    const script = (name: string, text: string): void => writeFileSync(join(toru.home, 'scripts', name), text, { mode: 0o755 });
    script('colours.sh', COLOURS);
    script('fail.sh', '#!/bin/sh\necho gone wrong >&2\nexit 3\n');
    script('ask.sh', '#!/bin/sh\nprintf "Go on? "\nread -r answer\n');
    const make = async (path: string, body: object): Promise<{ id: string; task_id: string }> => {
      const answer = await admin.http('POST', path, body);
      expect([path, answer.status, answer.text]).toEqual([path, expect.toSatisfy((status: number) => status < 300), expect.any(String)]);
      return answer.json();
    };
    await make('/api/actions', {
      id: 'colours',
      label: 'Colours of a long name that goes on',
      script: 'colours.sh',
      group: 'House',
      color: 'red',
    });
    await make('/api/actions', { id: 'fails', label: 'Fails', script: 'fail.sh', color: 'amber' });
    await make('/api/actions', { id: 'asks', label: 'Asks', script: 'ask.sh', stdin: true, color: 'green' });
    await make('/api/actions', { id: 'form', label: 'Form', script: 'ask.sh', inputs: INPUTS, color: 'violet' });
    ids.user = (await make('/api/users', { username: 'ada', password: PASSWORD, role: 'client' })).id;
    ids.done = (await make('/api/runs', { action: 'colours' })).task_id;
    ids.failed = (await make('/api/runs', { action: 'fails' })).task_id;
    ids.asks = (await make('/api/runs', { action: 'asks' })).task_id;
  });
  afterAll(async () => {
    admin?.close();
    await toru?.[Symbol.asyncDispose]();
  });

  /** A page by its name: its path, and what is done there before the look. */
  const looks = (): [name: string, path: string, act?: (page: Page) => Promise<unknown>][] => [
    ['home', '/'],
    ['form', '/', (page) => page.getByRole('button', { name: 'Form', exact: true }).first().click()],
    ['palette', '/', (page) => page.keyboard.press('Control+k')],
    ['runs', '/runs'],
    ['run', `/runs/${ids.done}`],
    ['run-failed', `/runs/${ids.failed}`],
    ['run-asks', `/runs/${ids.asks}`],
    ['find', `/runs/${ids.done}`, (page) => page.getByRole('button', { name: 'Find in the output' }).click()],
    ['action', '/a/form'],
    ['action-new', '/actions/new'],
    ['action-edit', '/actions/form/edit'],
    ['search', '/search?q=text'],
    ['scripts', '/scripts'],
    ['script', '/scripts/edit?name=colours.sh'],
    ['plugins', '/plugins'],
    ['system', '/system'],
    ['users', '/users'],
    ['user', `/users/${ids.user}`],
    ['audit', '/audit'],
    ['settings', '/settings'],
    ['account', '/account'],
  ];

  test.each<['light' | 'dark', number]>([
    ['light', 390],
    ['dark', 1280],
    ...(FULL || SCREENSHOTS !== undefined
      ? ([
          ['dark', 390],
          ['light', 1280],
        ] satisfies ['light' | 'dark', number][])
      : []),
  ])('has nothing that axe objects to, and fits: %s, %i px', async (colorScheme, width) => {
    const phone = width < 600;
    await using browser = await launchBrowser({ colorScheme, viewport: { width, height: phone ? 844 : 800 }, hasTouch: phone });
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    const problems: string[] = [];
    for (const [name, path, act] of looks()) {
      await page.goto(toru.url + path);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await act?.(page);
      await page.waitForTimeout(500);
      await page.evaluate(axe.source);
      const violations = found.parse(await page.evaluate('axe.run().then(({ violations }) => violations)'));
      for (const { id, nodes } of violations)
        for (const { html, failureSummary } of nodes) problems.push(`${name}: ${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      if (wider > 0) problems.push(`${name}: ${wider} px wider than the window`);
      if (SCREENSHOTS !== undefined) {
        mkdirSync(SCREENSHOTS, { recursive: true });
        await page.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}-${width}.png`) });
      }
    }
    expect(problems).toEqual([]);
  });
});
