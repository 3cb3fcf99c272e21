import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Page } from 'playwright-core';
import { root } from '../../tools/root.ts';
import { logIn } from '../browser/log-in.ts';
import { launchBrowser } from './browser.ts';
import { Client } from './client.ts';
import { startToru } from './toru.ts';

/**
 * Takes the pictures of README and docs again, of the real page: `npm run build && node_modules/.bin/node test/harness/screenshots.ts`.
 * The signs of plugins are emoji: without a font for them (Debian: `apt install fonts-noto-color-emoji`) they are empty boxes.
 */

const ACTIONS = [
  {
    label: 'Back up photos',
    icon: 'archive',
    color: 'blue',
    body: 'for n in 1 2 3 4 5 6 7 8 9; do echo "photos/2026-11/$n.jpg"; sleep 5; done',
  },
  { label: 'Heating', icon: 'flame', color: 'orange', body: 'echo 21 degrees' },
  { label: 'Restart the router', icon: 'router', color: 'red', body: 'echo restarted', confirm: 'hold' },
  { label: 'Deploy the site', icon: 'rocket', color: 'violet', body: 'echo built; exit 1' },
  { label: 'Garage door', icon: 'door-open', color: 'green', body: 'echo open', confirm: 'confirm' },
  { label: 'Wake the server', icon: 'power', color: 'teal', body: 'echo awake' },
  { label: 'Free some space', icon: 'broom', color: 'slate', body: 'echo 4.2 GB' },
  { label: 'Evening lights', icon: 'moon', color: 'amber', body: 'echo dimmed' },
];
const PASSWORD = 'for the pictures only';

await using toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
const client = await Client.of(toru);
for (const { id } of (await client.http('GET', '/api/actions')).json().items) await client.http('DELETE', `/api/actions/${id}`);
await client.http('PUT', '/api/settings', { host_name: 'attic' });
// The edge hears a host's name when it links.
await toru.stop();
await toru.start();
for (const { body, ...action } of ACTIONS) {
  const script = `${action.icon}.sh`;
  writeFileSync(join(toru.home, 'scripts', script), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  const made = await client.http('POST', '/api/actions', { ...action, script });
  if (made.status !== 201) throw new Error(made.text);
  if (action.icon !== 'router') await client.http('POST', '/api/runs', { action: made.json().id });
}

const log = await addPlugins();

for (const colorScheme of ['light', 'dark'] as const) {
  await using browser = await launchBrowser({
    viewport: { width: 1200, height: 500 },
    colorScheme,
    deviceScaleFactor: 1.5,
    reducedMotion: 'no-preference',
  });
  const page = await logIn(browser, toru.url, toru.username, PASSWORD);
  await page.getByRole('button', { name: 'Evening lights' }).waitFor();
  await page.waitForTimeout(2000);
  await page.screenshot({ path: picture('actions', colorScheme) });
  if (colorScheme === 'light') await takeCards(page);
}
rmSync(log);

/** The cards alone, in a window that has room for three in a row. */
async function takeCards(page: Page): Promise<void> {
  await page.setViewportSize({ width: 1280, height: 1100 });
  await page.frameLocator('iframe[title="Weather"]').getByText('7.6 °C').waitFor();
  await page.frameLocator('iframe[title="Log watch"]').getByText('certificate').waitFor();
  await page.waitForTimeout(1000);
  const cards = await page.getByRole('list', { name: 'Plugins' }).boundingBox();
  if (cards === null) throw new Error('there are no cards');
  const { x, y, width, height } = cards;
  await page.screenshot({ path: picture('plugin-cards', 'light'), clip: { x: x - 20, y: y - 20, width: width + 40, height: height + 40 } });
}

function picture(of: string, colorScheme: string): string {
  return join(root, 'docs/images', `${of}-${colorScheme}.png`);
}

/** The examples that have a card, with something to show. @returns the file that one of them watches. */
async function addPlugins(): Promise<string> {
  // Its path stands in the picture.
  const log = '/tmp/site.log';
  writeFileSync(log, '');
  const source = createServer((_, answer) => answer.end('{"temperature": 7.6, "wind": 14}'));
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  const address = source.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const settings = {
    weather: { place: 'Garden', source: `http://127.0.0.1:${port}/` },
    'log-watch': { file: log },
    'disk-usage': {},
  };
  for (const [id, values] of Object.entries(settings)) {
    const folder = join(toru.home, 'plugins', id);
    cpSync(join(root, 'dist/examples/plugins', id), folder, { recursive: true });
    await execa('chmod', ['-R', 'go-w', folder]);
    await client.http('POST', '/api/plugin-admin/rescan');
    const added = await client.http('GET', `/api/plugins/${id}`);
    const enabled = await client.http('POST', `/api/plugins/${id}/enable`, { sha256: added.json().sha256 });
    const set = await client.http('PUT', `/api/plugin-admin/${id}/settings`, values);
    for (const { status, text } of [added, enabled, set]) if (status >= 300) throw new Error(text);
  }
  await client.http('POST', '/api/plugins/weather/refresh');
  source.close();
  // It looks at what is written from now on.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  appendFileSync(log, '12:01 error: upstream timed out\n12:04 login failed for backup\n12:09 error: the certificate ends in 6 days\n');
  return log;
}
