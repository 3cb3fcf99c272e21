import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tools/root.ts';
import { launchBrowser } from './browser.ts';
import { Client } from './client.ts';
import { startToru } from './toru.ts';

/** Takes the README's pictures anew, of the real page: `npm run build && node_modules/.bin/node test/harness/screenshots.ts`. */

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

for (const colorScheme of ['light', 'dark'] as const) {
  await using browser = await launchBrowser({ viewport: { width: 1200, height: 500 }, colorScheme, deviceScaleFactor: 1.5 });
  const page = await browser.context.newPage();
  await page.goto(toru.url);
  await page.getByLabel('Username').fill(toru.username);
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Evening lights' }).waitFor();
  await page.waitForTimeout(2000);
  await page.screenshot({ path: join(root, 'docs/images', `actions-${colorScheme}.png`) });
}
