import { spawnSync } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FrameLocator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { makePlugins } from '../../agent/plugins/plugins-harness.ts';
import { root } from '../../tools/root.ts';
import { type Browser, describeInBrowser, launchBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import { Stranger } from '../harness/stranger.ts';
import { startToru, type Toru } from '../harness/toru.ts';
import { appears } from './appears.ts';
import { NOTHING_GOT } from './hostile-outcomes.ts';
import { logIn } from './log-in.ts';

const PASSWORD = 'an admin of the tests';
const CLIENT_PASSWORD = 'a client of the tests';
const PAGES = join(root, 'test/fixtures/plugins/pages');

/** Plugins as people see them, and what a hostile one can do to them. */
describeInBrowser('plugins', () => {
  let toru: Toru;
  let api: Client;
  let browser: Browser;
  let page: Page;
  let stranger: Stranger;

  beforeAll(async () => {
    const home = mkdtempSync(join(tmpdir(), 'toru-test-'));
    for (const id of ['draws', 'throws', 'hostile', 'crashes']) addPlugin(home, id);
    await crashTooOften(home);
    stranger = await Stranger.listen();
    [toru, browser] = await Promise.all([startToru({ env: { TORU_HOME: home, ADMIN_PASSWORD: PASSWORD } }), launchBrowser()]);
    api = await Client.of(toru, 'admin', PASSWORD);
    for (const id of ['throws', 'hostile']) await enable(id);
    await order('nothing yet');
    page = await logIn(browser, toru.url, 'admin', PASSWORD);
  });
  afterAll(async () => {
    await browser?.[Symbol.asyncDispose]();
    await toru?.[Symbol.asyncDispose]();
    await stranger?.close();
  });

  test('a new plugin is looked at before it runs: what it is, what it may, and the password if that was long ago', async () => {
    await page.goto(`${toru.url}/plugins`);
    await page.getByRole('link', { name: /Draws/ }).click();
    await page.getByRole('button', { name: 'Enable' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByRole('heading', { name: 'Enable Draws?' }).waitFor();
    const told = await sheet.innerText();
    expect(told).toContain('do all that the owner of this host may do');
    expect(told).toContain('be reached by everybody who can log in');
    expect(told).toContain('show a card and a page here, shut in a frame');
    expect(told).toMatch(/[0-9a-f]{64}/);
    expect((await api.http('GET', '/api/plugins/draws')).json()).toMatchObject({ state: 'new', pid: null });
    await sheet.getByRole('button', { name: 'Enable' }).click();
    await page.getByText('running', { exact: true }).waitFor();
    // The log is followed as it is written.
    await page.getByRole('log').getByText('started: It is up.').waitFor();
    await page.getByRole('link', { name: 'Open' }).click();
    await frameOf(page, 'Draws').getByText('42 for admin on a page').waitFor();
  });

  test('a card and a page draw with their routes, storage and events, in every window at once', async () => {
    await using other = await browser.context.newPage();
    await other.goto(toru.url);
    const [drawn, card] = [frameOf(page, 'Draws'), frameOf(other, 'Draws')];
    await card.getByText('42 for admin on a card').waitFor();
    await drawn.getByRole('button', { name: 'Say' }).click();
    for (const one of [drawn, card]) await one.getByText('{"hello":"admin"}').waitFor();
    await drawn.getByRole('button', { name: 'Keep' }).click();
    await drawn.getByText('{"one":{"kept":"by the page"},"all":[{"key":"note","value":{"kept":"by the page"}}]}').waitFor();
    // More than may be under way at once: they wait for each other.
    await drawn.getByRole('button', { name: 'Ask often' }).click();
    await drawn.getByText('40 of 40 answered').waitFor();
    // More than the host tells at once is put together.
    for (const at of [1, 2, 3]) {
      const kept = await api.http('PUT', `/api/plugin-kv/draws/entry?key=long/${at}`, { value: 'x'.repeat(250_000) });
      expect(kept.status).toBe(200);
    }
    await drawn.getByRole('button', { name: 'Count' }).click();
    await drawn.getByText('3 long ones').waitFor();
    // A card leads to the page, and nowhere else.
    await card.getByRole('button', { name: 'Open' }).click();
    await other.waitForURL(`${toru.url}/plugins/draws`);
  });

  test('an admin places a card among the tiles, by keyboard alone; its room is there with the first tiles, and no tile moves when it draws', async () => {
    // More tiles than are drawn at first.
    const more: string[] = [];
    onTestFinished(async () => {
      for (const id of more) await api.http('DELETE', `/api/actions/${id}`);
    });
    for (let n = 0; n < 8; n += 1)
      more.push((await api.http('POST', '/api/actions', { label: `More ${n}`, script: 'hello.sh' })).json().id);
    await using other = await browser.context.newPage();
    // What stands there as soon as a second thing does: the tiles come as the document is read, one after the other.
    await other.addInitScript(() => {
      const watch = new MutationObserver(() => {
        const first = [...document.querySelectorAll('.tiles > li')].map(({ className }) => className);
        if (first.length < 2) return;
        watch.disconnect();
        Object.assign(globalThis, { first });
      });
      watch.observe(document, { childList: true, subtree: true });
    });
    await other.setViewportSize({ width: 1280, height: 800 });
    await other.goto(toru.url);
    await frameOf(other, 'Draws').getByText('42 for admin on a card').waitFor();
    expect(await other.locator('.tile-card').count()).toBe(0);
    await other.getByRole('button', { name: 'Arrange' }).click();
    const grip = other.getByRole('button', { name: /^Move Draws; place/ });
    await grip.waitFor();
    const count = Number(/of (\d+)/.exec((await grip.getAttribute('aria-label')) ?? '')?.[1]);
    await grip.focus();
    // From below the tiles to the second place.
    for (let at = count; at > 2; at -= 1) {
      const place = Number(/place (\d+)/.exec((await grip.getAttribute('aria-label')) ?? '')?.[1]);
      if (place === 2) break;
      await other.keyboard.press('ArrowLeft');
      await other.getByRole('button', { name: `Move Draws; place ${place - 1} of ${count}` }).waitFor();
    }
    await other.getByLabel('Size of Draws').selectOption('Wide');
    const placed = async (): Promise<unknown> => (await api.http('GET', '/api/actions')).json().cards;
    await expect.poll(placed).toMatchObject([{ plugin: 'draws', position: 1, size: 'wide' }]);
    for (const size of [
      { width: 1280, height: 800 },
      { width: 390, height: 844 },
      { width: 320, height: 568 },
    ]) {
      await other.setViewportSize(size);
      await other.reload();
      // With the first tiles, before anything of the plugin has come.
      await other.locator('.tiles > .tile').nth(2).waitFor();
      const places = (): Promise<number[][]> =>
        other.evaluate(async () => {
          // What is out of the view has a guessed height until it is near.
          for (let frames = 0; frames < 2; frames += 1) await new Promise((drawn) => requestAnimationFrame(drawn));
          const boxes = [...document.querySelectorAll('.tiles > li')].map((li) => li.getBoundingClientRect());
          return boxes
            .filter(({ bottom }) => bottom <= innerHeight)
            .map(({ x, y, width, height }) => [x, y, width, height].map(Math.round));
        });
      const first: unknown = await other.evaluate(() => Reflect.get(globalThis, 'first'));
      expect(Object(first)[1]).toBe('tile-card');
      const before = await places();
      await frameOf(other, 'Draws').getByText('42 for admin on a card').waitFor();
      expect(await places()).toEqual(before);
      expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBe(size.width);
      for (const density of ['Small tiles', 'List', 'Large tiles']) {
        await other.getByRole('button', { name: density, exact: true }).click();
        await frameOf(other, 'Draws').getByText('42 for admin on a card').waitFor();
        expect(await other.evaluate(() => document.documentElement.scrollWidth)).toBe(size.width);
      }
    }
    // And back below them.
    await other.getByRole('button', { name: 'Arrange' }).click();
    await other.getByLabel('Size of Draws').selectOption('Below the tiles');
    await expect.poll(placed).toEqual([]);
    await other.getByRole('button', { name: 'Done' }).click();
    await expect.poll(() => other.locator('.tile-card').count()).toBe(0);
    await frameOf(other, 'Draws').getByText('42 for admin on a card').waitFor();
  });

  test('a page follows the theme, is as high as what it draws, and tells under its own name', async () => {
    const drawn = frameOf(page, 'Draws');
    await page.emulateMedia({ colorScheme: 'dark' });
    await drawn.getByText('dark true').waitFor();
    await page.emulateMedia({ colorScheme: 'light' });
    await drawn.getByText('light true').waitFor();
    const height = () => page.getByTitle('Draws').evaluate((frame) => frame.getBoundingClientRect().height);
    expect(await height()).toBeLessThan(700);
    await drawn.getByRole('button', { name: 'Grow' }).click();
    await expect.poll(height).toBeGreaterThan(700);
    await drawn.getByRole('button', { name: 'Tell' }).click();
    await page.getByText('Draws: something happened').waitFor();
  });

  test('a page that throws says so in its own frame, starts again there, and disturbs nothing else', async () => {
    await page.goto(toru.url);
    const broken = frameOf(page, 'Throws');
    await broken.getByText('This plugin’s page failed: broken on purpose').waitFor();
    await frameOf(page, 'Draws').getByText('42 for admin on a card').waitFor();
    await broken.getByRole('button', { name: 'Try again' }).click();
    await broken.getByText('second try').waitFor();
    await broken.getByText(/broken later/).waitFor();
    await page.getByRole('button', { name: /Say hello/ }).click();
    await page
      .getByText(/Say hello/)
      .first()
      .waitFor();
  });

  test('one that crashed too often says why, and one press brings it back', async () => {
    await page.goto(`${toru.url}/plugins`);
    await page.getByRole('link', { name: /Crashes/ }).click();
    await page.getByText('crashed too often').waitFor();
    await page
      .getByRole('alert')
      .getByText(/10 times/)
      .waitFor();
    rmSync(join(toru.home, 'crash-now'));
    await page.getByRole('button', { name: 'Enable' }).click();
    await page.getByText('running', { exact: true }).waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    // Killed once, it is back by itself, and the page sees both.
    const { pid } = (await api.http('GET', '/api/plugins/crashes')).json();
    const told = appears(page, 'crashed, starts again');
    process.kill(pid, 'SIGKILL');
    await told;
    await page.getByText('running', { exact: true }).waitFor();
  });

  test('changed files wait for somebody who accepts them; a new bundle is drawn in place of the old one', async () => {
    await using other = await browser.context.newPage();
    await other.goto(`${toru.url}/plugins/draws`);
    await frameOf(other, 'Draws').getByText('42 for admin on a page').waitFor();
    appendFileSync(join(toru.home, 'plugins/draws/page.js'), '\ndocument.body.append("a newer page");\n');
    const isChanged = async () => /Its files were changed/.test((await api.http('GET', '/api/plugins/draws')).json().problem);
    await expect.poll(isChanged, { message: 'the bundle has changed' }).toBe(true);
    await page.goto(`${toru.url}/plugins/draws/manage`);
    await page.getByRole('button', { name: 'Look and accept' }).click();
    await page.getByText(/Its files are not those that were accepted\. If you did not change/).waitFor();
    // What changes while somebody looks is not what they accept.
    const looked = (await api.http('GET', '/api/plugins/draws')).json().sha256;
    appendFileSync(join(toru.home, 'plugins/draws/page.js'), '\n// one thing more\n');
    const isOther = async () => (await api.http('GET', '/api/plugins/draws')).json().sha256 !== looked;
    await expect.poll(isOther, { message: 'another frame' }).toBe(true);
    await page.getByRole('dialog').getByText(looked).waitFor();
    await page.getByRole('button', { name: 'Accept and enable' }).click();
    await page.getByRole('dialog').getByText('Its files were changed since you looked at them').waitFor();
    await page.goto(`${toru.url}/plugins/draws/manage`);
    await page.getByRole('button', { name: 'Look and accept' }).click();
    await page.getByRole('button', { name: 'Accept and enable' }).click();
    await frameOf(other, 'Draws').getByText('a newer page').waitFor();
    await frameOf(other, 'Draws').getByText('42 for admin on a page').waitFor();
  });

  test('settings are a form, and reach the plugin', async () => {
    await page.goto(`${toru.url}/plugins/draws/manage`);
    const field = page.getByLabel('Most');
    await field.fill('12');
    await page.getByRole('button', { name: 'Save' }).click();
    await page
      .getByText(/Most.*at most 10|10 at most/i)
      .first()
      .waitFor();
    await field.fill('7');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('Saved.').waitFor();
    expect((await api.http('GET', '/api/plugins/draws')).json().settings).toMatchObject({ most: 7 });
  });

  test('a client uses what is there for everyone, and manages nothing', async () => {
    expect((await api.http('POST', '/api/users', { username: 'anna', password: CLIENT_PASSWORD, role: 'client' })).status).toBe(201);
    await using hers = await launchBrowser({ viewport: { width: 390, height: 844 }, hasTouch: true });
    const theirs = await logIn(hers, toru.url, 'anna', CLIENT_PASSWORD);
    await frameOf(theirs, 'Draws').getByText('42 for anna on a card').waitFor();
    await theirs.goto(`${toru.url}/plugins/draws`);
    await frameOf(theirs, 'Draws').getByText('42 for anna on a page').waitFor();
    expect(await theirs.getByRole('link', { name: 'Manage' }).count()).toBe(0);
    await theirs.goto(`${toru.url}/plugins/draws/manage`);
    await theirs.getByRole('heading', { name: 'There is nothing at this address' }).waitFor();
  });

  test('a hostile page gets at nothing of ours, by any way that it tries', async () => {
    await order('attacks');
    await page.goto(`${toru.url}/plugins/hostile`);
    const hostile = frameOf(page, 'Hostile');
    // An event of another plugin, while it listens for one.
    const said = setInterval(() => void api.http('POST', '/api/plugins/draws/say', { secret: 1 }).catch(() => undefined), 500);
    const outcomes = await hostile
      .locator('#outcomes')
      .textContent({ timeout: 60_000 })
      .finally(() => clearInterval(said));
    expect(JSON.parse(outcomes ?? '')).toEqual(NOTHING_GOT);
    expect(stranger.heard).toEqual([]);
    expect(page.url()).toBe(`${toru.url}/plugins/hostile`);
    expect(await page.title()).toBe('Hostile · Toru');
    expect(browser.context.pages()).toHaveLength(1);
    // Beside a card that it would like to be.
    await page.goto(toru.url);
    const beside = JSON.parse((await frameOf(page, 'Hostile').locator('#outcomes').textContent({ timeout: 110_000 })) ?? '');
    expect(beside).toEqual({ ...NOTHING_GOT, 'frames beside this one': 'no: SecurityError' });
    await frameOf(page, 'Draws').getByText('42 for admin on a card').waitFor();
    expect(stranger.heard).toEqual([]);
  });

  test('a card leads nobody to its page who has pressed nothing', async () => {
    await order('opens its page');
    // Nothing is asked of the page itself, not even whether its script runs: what a test does in a browser counts as a press.
    await page.goto(toru.url, { waitUntil: 'load' });
    const asked = async () => (await api.http('GET', '/api/plugin-kv/hostile/entry?key=asked')).json().entry?.value;
    await expect.poll(asked, { message: 'it is asked' }).toBe(true);
    expect(page.url()).toBe(`${toru.url}/`);
    expect((await api.http('DELETE', '/api/plugin-kv/hostile/entry?key=asked')).status).toBe(200);
    await order('nothing more');
  });

  test('a flood of toasts, heights and calls stays small, and the page answers', async () => {
    await order('floods');
    await page.goto(`${toru.url}/plugins/hostile`);
    const hostile = frameOf(page, 'Hostile');
    await hostile.locator('#refused').waitFor({ state: 'attached' });
    expect(await hostile.locator('#refused').textContent()).toBe('true');
    expect(await page.getByText(/^Hostile: flood/).count()).toBeLessThanOrEqual(4);
    const height = () => page.getByTitle('Hostile').evaluate((frame) => frame.getBoundingClientRect().height);
    await expect.poll(height).toBe(20_000);
    await page.getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
  });

  test.each(['leaves to a stranger', 'leaves by a meta refresh', 'leaves to the host’s API', 'loads its frame again'])(
    'a page that %s has nothing there, and is closed',
    async (way) => {
      await order(way);
      await page.goto(`${toru.url}/plugins/hostile`);
      await page.getByText('This plugin’s page went somewhere else.').waitFor();
      expect(await page.getByTitle('Hostile').count()).toBe(0);
      expect(stranger.heard).toEqual([]);
      await order('nothing more');
      await page.getByRole('button', { name: 'Try again' }).click();
      await frameOf(page, 'Hostile').getByText('nothing more').waitFor();
    },
  );

  test('what a plugin answers can’t be opened, and the frame’s document alone does nothing', async () => {
    const opened = await page.goto(`${toru.url}/api/plugins/draws/page.html`);
    expect(opened?.status()).toBe(403);
    const frame = await page.goto(`${toru.url}/plugin-frame.html`);
    expect(frame?.status()).toBe(200);
    expect(await page.evaluate(() => ({ origin, body: document.body.innerText }))).toEqual({ origin: 'null', body: '' });
    await page.evaluate(() => {
      const { port2 } = new MessageChannel();
      postMessage({ type: 'mount', bundle: 'export default (root) => { root.textContent = "mounted"; }' }, '*', [port2]);
    });
    // Nobody but a page around it may mount; the one who opened it included.
    const [popup] = await Promise.all([
      page.context().waitForEvent('page'),
      page.goto(toru.url).then(() => page.evaluate(() => void window.open('/plugin-frame.html'))),
    ]);
    await popup.waitForLoadState();
    expect(await popup.evaluate(() => document.body.innerText)).toBe('');
    await popup.close();
  });

  test('uninstalling asks what becomes of its data, and removes it all when told to', async () => {
    await page.goto(`${toru.url}/plugins/throws/manage`);
    await page.getByRole('button', { name: 'Uninstall' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText('Remove its data').click();
    expect(await sheet.getByRole('button', { name: 'Uninstall' }).isDisabled(), 'Uninstall is disabled').toBe(true);
    await sheet.getByLabel('Type “throws” to confirm').fill('throws');
    await sheet.getByRole('button', { name: 'Uninstall' }).click();
    await page.getByText('Throws was uninstalled.').waitFor();
    await page.getByRole('link', { name: /Draws/ }).waitFor();
    await expect.poll(() => page.getByRole('link', { name: /^Throws/ }).count()).toBe(0);
    expect((await api.http('GET', '/api/plugins/throws')).status).toBe(404);
  });

  async function enable(id: string): Promise<void> {
    const look = async (): Promise<{ state: string; sha256: string | null }> => (await api.http('GET', `/api/plugins/${id}`)).json();
    await eventually(`the files of ${id} were looked at`, async () => (await look()).sha256, { holds: (seen) => seen !== null });
    expect((await api.http('POST', `/api/plugins/${id}/enable`, { sha256: (await look()).sha256 })).status).toBe(200);
    await eventually(`${id} runs`, async () => (await look()).state, { holds: (seen) => seen === 'running' });
  }

  /** What the hostile page does when it is opened next. */
  async function order(mode: string): Promise<void> {
    const value = { mode, foreign: stranger.url, udp: stranger.udpPort, sibling: 'draws' };
    expect((await api.http('PUT', '/api/plugin-kv/hostile/entry?key=orders', { value })).status).toBe(200);
  }
});

function frameOf(page: Page, name: string): FrameLocator {
  return page.frameLocator(`iframe[title="${name}"]`);
}

/** Installs one of the pages with its process. */
function addPlugin(home: string, id: string): void {
  const folder = join(home, 'plugins', id);
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  cpSync(join(PAGES, 'server.mjs'), join(folder, 'plugin.mjs'));
  cpSync(join(root, 'dist/plugin-sdk'), join(folder, 'toru-sdk'), { recursive: true });
  const hasPage = id !== 'crashes';
  if (hasPage) cpSync(join(PAGES, `${id}.js`), join(folder, 'page.js'));
  const manifest = {
    id,
    name: `${id[0]?.toUpperCase()}${id.slice(1)}`,
    version: '1.0.0',
    protocol: { min: 1, max: 1 },
    run: ['node', 'plugin.mjs'],
    access: 'everyone',
    ...(hasPage ? { page: { bundle: 'page.js', slots: ['card', 'page'], kv: 'write' } } : {}),
    settings: [{ type: 'number', name: 'most', label: 'Most', default: 5, min: 0, max: 10 }],
  };
  writeFileSync(join(folder, 'plugin.json'), JSON.stringify(manifest), { mode: 0o644 });
  spawnSync('chmod', ['-R', 'go-w', folder]);
}

/** Lets `crashes` crash ten times under the real supervisor, with short pauses, before Toru starts over the same home. */
async function crashTooOften(home: string): Promise<void> {
  writeFileSync(join(home, 'crash-now'), '');
  const early = await makePlugins({ home });
  try {
    await early.enable('crashes');
    await early.when('crashes', ({ state }) => state === 'failed');
  } finally {
    await early.plugins.close();
    early.db.close();
  }
}
