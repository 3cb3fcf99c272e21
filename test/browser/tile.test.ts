import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Browser } from '../harness/browser.ts';
import { describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';
import { logIn } from './log-in.ts';

/** The tile of an action under way shows the newest line of its run, as a terminal would. */

const PASSWORD = 'correct horse battery';
/** A title, a bar that is drawn again, and colours: then a minute of nothing. A newline makes it go on. */
const BUSY = `
printf 'begun\\n\\033]0;a title\\007\\033[32m10%% of it\\r\\033[K'
printf '\\033[38;5;208m42%% of it\\033[0m'
read -r line
printf '\\rall of it\\n\\n'
sleep 60
`;

describeInBrowser('the tile of an action under way', () => {
  let toru: Toru;
  let admin: Client;
  let browser: Browser;

  beforeAll(async () => {
    toru = await startToru({ env: { ADMIN_PASSWORD: PASSWORD } });
    const path = join(toru.home, 'scripts', 'busy.sh');
    writeFileSync(path, `#!/bin/sh\n${BUSY}`);
    chmodSync(path, 0o755);
    admin = await Client.of(toru, 'admin', PASSWORD);
    browser = await launchBrowser({ viewport: { width: 390, height: 800 }, hasTouch: true });
  });

  afterAll(async () => {
    admin?.close();
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
  });

  test('shows its newest line, and is no higher for it', async () => {
    const { id } = (await admin.http('POST', '/api/actions', { label: 'Busy', script: 'busy.sh', stdin: true })).json();
    const page = await logIn(browser, toru.url, 'admin', PASSWORD);
    const tile = page.locator('.tile', { hasText: 'Busy' });
    const before = await tile.boundingBox();
    const { task_id } = (await admin.http('POST', '/api/runs', { action: id })).json();
    const line = tile.locator('.tile-line');
    await expect.poll(() => line.allTextContents(), { timeout: 30_000 }).toEqual(['42% of it']);
    expect(await tile.boundingBox()).toEqual(before);
    await admin.http('POST', `/api/runs/${task_id}/input`, { data: '\n' });
    await expect.poll(() => line.allTextContents(), { timeout: 30_000 }).toEqual(['all of it']);
    await admin.http('POST', `/api/runs/${task_id}/cancel`);
    await line.waitFor({ state: 'detached', timeout: 30_000 });
    expect(await tile.boundingBox()).toEqual(before);
  });
});
