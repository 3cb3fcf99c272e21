import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Command, Machine } from '../harness/member.ts';
import { machine } from '../harness/member.ts';
import { lookAllOver } from './look.ts';
import type { Scene } from './scene.ts';
import { PASSWORD, withToru } from './scene.ts';

/** An hour behind: what `Date.now` says in a process that is started with it. */
const BEHIND = { NODE_OPTIONS: '--import=data:text/javascript,const%20now=Date.now;Date.now=()=>now()-3600000' };

const BOTH = '#!/bin/sh\n[ ! -e "$(dirname "$0")/fail" ] || exit 3\necho "it said $1"\n[ "$1" != long ] || exec sleep 300\n';

/** A home host and two members: one press on all of them, and what pages show of members. */
describeInBrowser('pages of three hosts', () => {
  let scene: Scene;
  let page: Page;
  const [nas, attic] = [machine(), machine()];
  const agents = new Map<Machine, Command>();
  withToru(async (started) => {
    scene = started;
    await scene.noActions();
  });
  beforeAll(async () => {
    for (const [at, name] of [
      [nas, 'nas'],
      [attic, 'attic'],
    ] as const) {
      mkdirSync(join(at.home, 'scripts'));
      writeFileSync(join(at.home, 'scripts', 'both.sh'), BOTH, { mode: 0o755 });
      const { token } = (await scene.admin.http('POST', '/api/invites', { name })).json();
      const file = join(at.home, 'token');
      writeFileSync(file, token);
      agents.set(at, at.toru(['up', scene.toru.url, '--token-file', file]));
    }
    await eventually('both are linked', async () => (await hosts()).filter(({ online }) => online).length === 3);
    scene.script('both.sh', BOTH);
    const input = { type: 'text', name: 'what', label: 'What to say', required: true, pass: { by: 'argument' } };
    for (const path of ['', `/hosts/${await idOf('nas')}`, `/hosts/${await idOf('attic')}`]) {
      const made = await scene.admin.http('POST', `/api${path}/actions`, {
        id: 'both',
        label: 'On all',
        script: 'both.sh',
        inputs: [input],
      });
      expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    }
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 800 } }));
  });
  afterAll(async () => {
    await nas[Symbol.asyncDispose]();
    await attic[Symbol.asyncDispose]();
  });

  const hosts = async (): Promise<{ id: string; name: string; online: boolean }[]> =>
    (await scene.admin.http('GET', '/api/hosts')).json().items;
  const idOf = async (name: string): Promise<string> => (await hosts()).find((host) => host.name === name)?.id ?? '';
  const stop = async (at: Machine): Promise<void> => {
    agents.get(at)?.child.kill('SIGINT');
    await agents.get(at)?.ended;
  };
  async function press(what: string, button = 'Run on 3 hosts'): Promise<void> {
    await page.getByLabel('What to say').fill(what);
    await page.getByRole('button', { name: button }).click();
  }
  const result = (words: string) => page.getByRole('heading', { name: words, exact: true }).waitFor();

  it('an answer goes to all of them; cancel all ends all; where it failed it is run again, with the same answer', async () => {
    await page.goto(`${scene.toru.url}/all/press?action=both`);
    await page.getByRole('button', { name: 'Run on 3 hosts' }).click();
    // What has to be said is asked for, and nothing runs.
    expect(await page.getByLabel('What to say').getAttribute('aria-invalid')).toBe('true');
    await press('long');
    await result('3 under way');
    await lookAllOver(page, 'press-under-way');
    await expect.poll(() => page.getByRole('list', { name: 'Result on each host' }).getByText('it said long').count()).toBe(3);
    await page.getByRole('button', { name: 'Cancel all' }).click();
    await result('3 failed');

    writeFileSync(join(nas.home, 'scripts', 'fail'), '');
    await press('short');
    await result('2 ok, 1 failed');
    await lookAllOver(page, 'press-failed');
    rmSync(join(nas.home, 'scripts', 'fail'));
    await page.getByRole('button', { name: 'Run again where it failed' }).click();
    await result('3 ok');
    await expect.poll(() => page.getByRole('list', { name: 'Result on each host' }).getByText('it said short').count()).toBe(3);
    const runs = async (host: string): Promise<number> => (await scene.admin.http('GET', `/api/hosts/${host}/runs`)).json().items.length;
    expect([await runs(await idOf('nas')), await runs(await idOf('attic'))]).toEqual([3, 2]);
  });

  it('for a host that is away it waits, if so chosen, and its end is shown when the host was back', async () => {
    await stop(attic);
    await page.goto(`${scene.toru.url}/all/press?action=both`);
    await page.getByRole('checkbox', { name: /attic \(away since/ }).check();
    await page.getByLabel('Hosts that are away').selectOption({ index: 1 });
    await press('later');
    await result('2 ok, 1 waiting for its host');
    await lookAllOver(page, 'press-waits');
    agents.set(attic, attic.toru(['agent']));
    await result('3 ok');
    await expect.poll(() => page.getByRole('list', { name: 'Result on each host' }).getByText('it said later').count()).toBe(3);
  });

  it('the home shows all other hosts, those that are there or away, or one of them; a reload the same', async () => {
    await page.goto(`${scene.toru.url}/`);
    const section = (name: string) => page.getByRole('heading', { name: new RegExp(`^${name}`), level: 2 });
    const filter = page.getByLabel('Other hosts');
    await section('nas').waitFor();
    await section('attic').waitFor();
    await lookAllOver(page, 'home-of-three');
    await filter.selectOption({ label: 'nas' });
    await section('attic').waitFor({ state: 'detached' });
    await page.reload();
    await section('nas').waitFor();
    expect(await section('attic').count()).toBe(0);
    await filter.selectOption({ label: 'Those that are away' });
    await page.getByText('No other host is away.').waitFor();
    await filter.selectOption({ label: 'All hosts' });
    await section('attic').waitFor();
    expect(new URL(page.url()).search).toBe('');
  });

  it('an action is copied to other hosts, and each says whether it runs the same there', async () => {
    scene.script('once.sh', 'echo once');
    await scene.action({ id: 'once', label: 'Once', script: 'once.sh' });
    writeFileSync(join(nas.home, 'scripts', 'once.sh'), '#!/bin/sh\necho once\n', { mode: 0o755 });
    writeFileSync(join(attic.home, 'scripts', 'once.sh'), '#!/bin/sh\necho otherwise\n', { mode: 0o755 });
    await page.goto(`${scene.toru.url}/actions/once/edit`);
    await page.getByRole('button', { name: 'Copy to other hosts' }).click();
    const sheet = page.getByRole('dialog', { name: 'Copy to other hosts' });
    await sheet.getByRole('button', { name: 'Copy', exact: true }).click();
    await sheet.getByText('Choose at least one host.').waitFor();
    for (const name of ['nas', 'attic']) await sheet.getByRole('checkbox', { name }).check();
    await sheet.getByRole('button', { name: 'Copy', exact: true }).click();
    await sheet.getByText('Copied: it runs the same there.').waitFor();
    await sheet.getByText('another script stands there under that name').waitFor();
    await lookAllOver(page, 'copy-to-hosts');
    const there = await scene.admin.http('GET', `/api/hosts/${await idOf('nas')}/actions/once`);
    expect(there.json()).toMatchObject({ label: 'Once', script: 'once.sh' });
  });

  it('a role on one host is given on the page, and counts there alone', async () => {
    await scene.admin.http('POST', '/api/users', { username: 'kim', password: PASSWORD, role: 'client' });
    await page.goto(`${scene.toru.url}/hosts`);
    await page.getByRole('button', { name: 'Change nas' }).click();
    const sheet = page.getByRole('dialog', { name: 'nas' });
    await sheet.getByLabel('kim', { exact: true }).selectOption('admin');
    await lookAllOver(page, 'roles-on-a-host');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await sheet.waitFor({ state: 'detached' });
    const kim = await Client.of(scene.toru, 'kim', PASSWORD);
    const scripts = async (name: string): Promise<number> => (await kim.http('GET', `/api/hosts/${await idOf(name)}/scripts`)).status;
    await eventually('kim is an admin there', () => scripts('nas'), { holds: (status) => status === 200 });
    expect([await scripts('attic'), (await kim.http('GET', '/api/scripts')).status]).toEqual([403, 403]);
    await page.getByRole('button', { name: 'Change nas' }).click();
    expect(await sheet.getByLabel('kim', { exact: true }).inputValue()).toBe('admin');
    await sheet.getByLabel('kim', { exact: true }).selectOption('As at home: client');
    await sheet.getByRole('button', { name: 'Save' }).click();
    await eventually('kim is a client there again', () => scripts('nas'), { holds: (status) => status === 403 });
    kim.close();
  });

  it('what lets somebody in, or gives them more, asks for a password that is older than a quarter of an hour', async () => {
    /** The host's answer to the next such request, as it would be after that time. */
    async function refuseOnce(method: string, path: string): Promise<void> {
      let refused = false;
      await page.route(path, async (route) => {
        if (refused || route.request().method() !== method) return route.fallback();
        refused = true;
        const error = { code: 'reauth_required', message: 'Type your password again: this change needs one from the last 15 minutes.' };
        return route.fulfill({ status: 403, contentType: 'application/json', body: JSON.stringify({ error }) });
      });
    }
    async function typePassword(): Promise<void> {
      await page.getByLabel('Password of admin').fill(PASSWORD);
      await page.getByRole('button', { name: 'Go on' }).click();
    }
    await page.goto(`${scene.toru.url}/hosts`);
    await refuseOnce('PATCH', '**/api/members/*');
    await page.getByRole('button', { name: 'Change attic' }).click();
    await page.getByRole('dialog').getByLabel('Name of the host').fill('loft');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByLabel('Password of admin').waitFor();
    await lookAllOver(page, 'password-on-hosts');
    await typePassword();
    await page.getByRole('link', { name: /loft/ }).waitFor();

    await refuseOnce('POST', '**/api/invites');
    await page.getByRole('button', { name: 'Make an invite' }).click();
    await page.getByRole('dialog').getByLabel('Name of the host').fill('den');
    await page.getByRole('dialog').getByRole('button', { name: 'Make it' }).click();
    await typePassword();
    await expect.poll(() => page.getByRole('dialog').locator('code').first().textContent()).toMatch(/^[0-9a-f-]{36}\./);
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click();

    await using stranger = machine();
    const asks = stranger.toru(['up', scene.toru.url, '--no-start', '--name', 'barn']);
    await page.getByRole('list', { name: 'Wait to be let in' }).getByRole('link', { name: /barn/ }).click();
    await refuseOnce('POST', '**/api/pairings/*/approve');
    await lookAllOver(page, 'pair');
    await page.getByRole('button', { name: 'They match: approve' }).click();
    await typePassword();
    await page.getByRole('heading', { name: 'barn is paired' }).waitFor();
    expect(await asks.ended).toBe(0);
    await page.unrouteAll();
    expect((await scene.admin.http('DELETE', `/api/members/${await idOf('barn')}`)).status).toBe(204);
  });

  it('a member whose home host was recovered says on its page who asks for a word of consent, and where it is given', async () => {
    const id = await idOf('nas');
    await page.route(`**/api/hosts/${id}/membership`, async (route) => {
      const answer = await route.fetch();
      const json = await answer.json();
      await route.fulfill({ response: answer, json: { ...json, candidate: { ...json.home, name: 'the new vault' } } });
    });
    await page.goto(`${scene.toru.url}/h/${id}/`);
    await page.getByText(/“the new vault” says that it is the home host now.*toru trust/).waitFor();
    await lookAllOver(page, 'recovered-home');
    await page.unrouteAll();
    await page.reload();
    await page.getByRole('button', { name: 'On all', exact: true }).waitFor();
    expect(await page.getByText('says that it is the home host now').count()).toBe(0);
  });

  it('a member whose clock is off by an hour says so on its page, and nobody is sent to the login', async () => {
    const id = await idOf('nas');
    await stop(nas);
    agents.set(nas, nas.toru(['agent'], BEHIND));
    await eventually('it is linked all the same', async () => (await hosts()).find((host) => host.id === id)?.online === true);
    await page.goto(`${scene.toru.url}/h/${id}/`);
    await page.getByText('This host lets nobody in at the moment').waitFor();
    await page
      .getByText(/The clock of this host and that of its home host differ by more than a minute.*Set the clocks/)
      .first()
      .waitFor();
    await lookAllOver(page, 'clock-off');
    // The socket tries again all the while.
    await page.waitForTimeout(3_000);
    expect(new URL(page.url()).pathname).toBe(`/h/${id}/`);
    await stop(nas);
    agents.set(nas, nas.toru(['agent']));
    await page.getByRole('button', { name: 'On all', exact: true }).waitFor();
    await page.getByText('This host lets nobody in at the moment').waitFor({ state: 'detached' });
    expect(existsSync(join(nas.home, 'agent.pid'))).toBe(true);
  });
});
