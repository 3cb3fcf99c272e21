import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { Command, Machine } from '../harness/member.ts';
import { machine } from '../harness/member.ts';
import type { Scene } from './scene.ts';
import { PASSWORD, withToru } from './scene.ts';

/** A home host, and a second machine that is paired through the page: each with scripts of its own. */
describeInBrowser('several hosts', () => {
  let scene: Scene;
  let nas: Machine;
  let up: Command;
  let page: Page;
  withToru(async (started) => {
    scene = started;
    await scene.noActions();
    scene.script('here.sh', 'echo printed at home');
    await scene.action({ id: 'here', label: 'Only at home', script: 'here.sh' });
  });
  beforeAll(async () => {
    nas = machine();
    mkdirSync(join(nas.home, 'scripts'));
    writeFileSync(join(nas.home, 'scripts', 'there.sh'), '#!/bin/sh\necho printed on the nas\n', { mode: 0o755 });
    ({ page } = await scene.browse({ viewport: { width: 1280, height: 800 } }));
  });
  afterAll(() => nas?.[Symbol.asyncDispose]());

  const hosts = async (): Promise<{ id: string; name: string; presence: string }[]> =>
    (await scene.admin.http('GET', '/api/hosts')).json().items;
  const idOfNas = async (): Promise<string> => (await hosts())[1]?.id ?? '';

  it('a host asks: the page shows its words, as its terminal does; approved, both say so, and lead on', async () => {
    await page.goto(`${scene.toru.url}/hosts`);
    up = nas.toru(['up', scene.toru.url, '--name', 'nas']);
    await page.getByRole('list', { name: 'Wait to be let in' }).getByRole('link', { name: /nas/ }).click();
    await page.getByRole('heading', { name: '“nas” asks to be let in' }).waitFor();
    const [, code = '', words = ''] = await eventually(
      'the terminal shows the words',
      () => /Code +(\S+)\s+Words +(.+)\n/.exec(up.printed()) ?? up.printed(),
      {
        holds: Array.isArray,
      },
    );
    expect(new URL(page.url()).searchParams.get('code')).toBe(code);
    await expect
      .poll(() => page.getByRole('group', { name: 'The words' }).getByRole('listitem').allTextContents())
      .toEqual(words.trim().split(/\s+/));
    await page.getByRole('button', { name: 'They match: approve' }).click();
    await page.getByRole('heading', { name: 'nas is paired' }).waitFor();
    await eventually('its terminal says so', () => up.printed().includes('Paired: this host is “nas” now'));
    await page.getByRole('link', { name: 'Go to the host' }).click();
    await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/h/${await idOfNas()}/`);
  });

  it('its pages are its own: the home host’s actions are not in them, and what is pressed runs there', async () => {
    const id = await idOfNas();
    await eventually('the nas is linked', async () => (await hosts())[1]?.presence, { holds: (presence) => presence === 'online' });
    const made = await scene.admin.http('POST', `/api/hosts/${id}/actions`, { id: 'there', label: 'Only on the nas', script: 'there.sh' });
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    await page.goto(`${scene.toru.url}/h/${id}/`);
    await page.getByRole('button', { name: 'Only on the nas', exact: true }).click();
    expect(await page.getByRole('button', { name: 'Only at home', exact: true }).count()).toBe(0);
    await page.getByRole('link', { name: /Open the run/ }).click();
    await page.getByText('printed on the nas').first().waitFor();
    expect(await page.title()).toContain('nas');
    await page.goto(`${scene.toru.url}/`);
    await page.getByRole('button', { name: 'Only at home', exact: true }).waitFor();
  });

  it('the switcher, by keyboard, and the palette lead from one host to the other', async () => {
    await page.goto(`${scene.toru.url}/`);
    await page.getByRole('button', { name: 'Another host' }).focus();
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'Hosts' });
    await sheet.getByText('online').nth(1).waitFor();
    await sheet.getByRole('link', { name: /nas/ }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`**/h/${await idOfNas()}/`);
    await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Another host' }).waitFor();
    await page.keyboard.press('Control+k');
    const [home] = await hosts();
    await page.getByRole('searchbox').fill(home?.name ?? '');
    await page
      .getByRole('option')
      .filter({ hasText: home?.name ?? '' })
      .first()
      .click();
    await page.waitForURL(`${scene.toru.url}/`);
  });

  it.each([
    ['BCDF-GHJK', 'No host waits under this code'],
    ['nonsense', 'is no code'],
  ])('a code that is none (%s): says so, and the next step', async (code, words) => {
    await page.goto(`${scene.toru.url}/pair?code=${code}`);
    await page.getByText(words).waitFor();
    if (code === 'nonsense') await page.getByRole('textbox', { name: 'Code' }).waitFor();
    else await page.getByRole('link', { name: 'Enter another code' }).waitFor();
  });

  it('a client is told that an admin has to', async () => {
    await scene.admin.http('POST', '/api/users', { username: 'ada', password: PASSWORD, role: 'client' });
    const { page: other, browser } = await scene.browse({});
    await browser.context.clearCookies();
    await other.goto(`${scene.toru.url}/pair?code=BCDF-GHJK`);
    await other.getByLabel('Username').fill('ada');
    await other.getByLabel('Password').fill(PASSWORD);
    await other.getByRole('button', { name: 'Log in' }).click();
    await other.getByRole('heading', { name: 'An admin has to do this' }).waitFor();
    await other.getByText('BCDF-GHJK').waitFor();
  });

  it('another machine is denied: its terminal is told, and its code is used up', async () => {
    await using other = machine();
    const asks = other.toru(['up', scene.toru.url, '--name', 'stranger']);
    const [, code = ''] = await eventually('the code is shown', () => /Code +(\S+)/.exec(asks.printed()) ?? asks.printed(), {
      holds: Array.isArray,
    });
    await page.goto(`${scene.toru.url}/pair?code=${code.toLowerCase().replace('-', ' ')}`);
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: 'Denied' }).waitFor();
    expect(await asks.ended).not.toBe(0);
    await page.goto(`${scene.toru.url}/pair?code=${code}`);
    await page.getByRole('heading', { name: 'Denied' }).waitFor();
    // So is the one of the host that was let in.
    const [, used = ''] = /Code +(\S+)/.exec(up.printed()) ?? [];
    await page.goto(`${scene.toru.url}/pair?code=${used}`);
    await page.getByRole('heading', { name: 'nas is paired' }).waitFor();
  });

  it('a machine that stops asking waits no longer: its code is worth nothing at once', async () => {
    await using other = machine();
    const asks = other.toru(['up', scene.toru.url, '--name', 'shy']);
    const [, code = ''] = await eventually('the code is shown', () => /Code +(\S+)/.exec(asks.printed()) ?? asks.printed(), {
      holds: Array.isArray,
    });
    await page.goto(`${scene.toru.url}/pair?code=${code}`);
    await page.getByRole('heading', { name: '“shy” asks to be let in' }).waitFor();
    asks.child.kill('SIGINT');
    await page.getByRole('heading', { name: 'The code ran out' }).waitFor();
    expect(await asks.ended).toBe(130);
  });

  it('an invite: its token is shown once', async () => {
    await page.goto(`${scene.toru.url}/hosts`);
    await page.getByRole('button', { name: 'Make an invite' }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByLabel('Name of the host').fill('attic');
    await sheet.getByRole('button', { name: 'Make it' }).click();
    await expect.poll(() => sheet.locator('code').first().textContent()).toMatch(/^[0-9a-f-]{36}\.[\w-]{43}\.[\w-]{43}$/);
    await sheet.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: 'Withdraw the invite for attic' }).click();
    await eventually('it is gone', async () => (await scene.admin.http('GET', '/api/invites')).json().items.length === 0);
  });

  it('the home shows the actions of both, and a press on a tile of the nas runs there', async () => {
    const id = await idOfNas();
    await page.goto(`${scene.toru.url}/`);
    await page.getByRole('button', { name: 'Only at home', exact: true }).waitFor();
    const before = (await scene.admin.http('GET', `/api/hosts/${id}/runs`)).json().items.length;
    await page.getByRole('list', { name: 'Actions of nas' }).getByRole('button', { name: 'Only on the nas', exact: true }).click();
    await eventually(
      'it ran there',
      async () => (await scene.admin.http('GET', `/api/hosts/${id}/runs`)).json().items.length === before + 1,
    );
    await page.goto(`${scene.toru.url}/all/runs`);
    await page
      .getByRole('link', { name: /Only on the nas.*nas/ })
      .first()
      .waitFor();
  });

  it('the same action on both: one press, a row for each, one result; where it runs something else, it is not the same', async () => {
    const id = await idOfNas();
    scene.script('both.sh', 'echo it ran; exit 0');
    writeFileSync(join(nas.home, 'scripts', 'both.sh'), '#!/bin/sh\necho it ran; exit 0\n', { mode: 0o755 });
    await scene.action({ id: 'both', label: 'On both', script: 'both.sh' });
    await scene.admin.http('POST', `/api/hosts/${id}/actions`, { id: 'both', label: 'On both', script: 'both.sh', group: 'Another place' });
    await page.goto(`${scene.toru.url}/`);
    await page.getByRole('list', { name: 'On several hosts' }).getByRole('link', { name: 'On both' }).click();
    await page.getByRole('button', { name: 'Run on 2 hosts' }).click();
    await page.getByRole('heading', { name: '2 ok' }).waitFor();
    expect(await page.getByRole('list', { name: 'Result on each host' }).getByText('it ran').count()).toBe(2);
    await page.reload();
    await page.getByRole('heading', { name: '2 ok' }).waitFor();

    writeFileSync(join(nas.home, 'scripts', 'both.sh'), '#!/bin/sh\necho something else\n', { mode: 0o755 });
    await page.goto(`${scene.toru.url}/all/press?action=both`);
    await page.getByText('Another script or definition under the same name is on').waitFor();
    await page.getByRole('button', { name: 'Run on 1 host' }).waitFor();
    writeFileSync(join(nas.home, 'scripts', 'both.sh'), '#!/bin/sh\necho it ran; exit 0\n', { mode: 0o755 });
  });

  it('renamed, away since when, and removed', async () => {
    await page.goto(`${scene.toru.url}/hosts`);
    await page.getByRole('button', { name: 'Change nas' }).click();
    await page.getByRole('dialog').getByLabel('Name of the host').fill('attic nas');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: /attic nas/ }).waitFor();
    up.child.kill('SIGINT');
    await up.ended;
    await page.getByRole('link', { name: /attic nas.*away since/ }).waitFor();
    // Nothing of it is left out in silence.
    await page.goto(`${scene.toru.url}/all/runs`);
    await page
      .getByRole('list', { name: 'Hosts that are not all here' })
      .getByText(/attic nas: away since/)
      .waitFor();
    await page.goto(`${scene.toru.url}/all/press?action=both`);
    await page.getByRole('checkbox', { name: /attic nas/ }).check();
    await page.getByRole('button', { name: 'Run on 2 hosts' }).click();
    await page.getByRole('heading', { name: '1 ok, 1 away' }).waitFor();
    await page.goto(`${scene.toru.url}/hosts`);
    await page.getByRole('button', { name: 'Change attic nas' }).click();
    await page.getByRole('button', { name: 'Remove the host…' }).click();
    await page.getByLabel('Type “attic nas” to confirm').fill('attic nas');
    await page.getByRole('button', { name: 'Remove it' }).click();
    await eventually('it is no host any more', async () => (await hosts()).length === 1);
    await expect.poll(() => page.getByRole('link', { name: /attic nas/ }).count()).toBe(0);
  });
});
