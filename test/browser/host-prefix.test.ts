import type { Page } from 'playwright-core';
import { beforeAll, expect, it } from 'vitest';
import { describeInBrowser } from '../harness/browser.ts';
import { eventually } from '../harness/eventually.ts';
import type { Scene } from './scene.ts';
import { withToru } from './scene.ts';

/** The pages of one host, as its own address names it. */
const PLACES = [
  '/',
  '/runs',
  '/search?q=here',
  '/scripts',
  '/plugins',
  '/system',
  '/audit',
  '/settings',
  '/actions/new',
  '/actions/note/edit',
  '/a/note',
];
/** What is the installation's has no host in its address; so has what the edge answers by itself. */
const OF_NO_HOST = /^\/(?:users|account|hosts|all|pair|icons|assets|manifest|sw\.js|favicon)(?:[/?.]|$)/;
const OF_THE_EDGE = /^\/api\/hosts(?:$|\?)/;

describeInBrowser('the pages under /h/<host>/', () => {
  let scene: Scene;
  let home: string;
  withToru(async (started) => {
    scene = started;
    scene.script('note.sh', 'echo here it is');
    await scene.action({ id: 'note', label: 'Note', script: 'note.sh' });
    await scene.ran({ action: 'note' });
  });
  beforeAll(async () => {
    home = (await scene.admin.http('GET', '/api/hosts')).json().items[0].id;
  });

  it('ask that host alone, by HTTP and by socket, and keep it in every link', async () => {
    const { page } = await scene.browse({ viewport: { width: 1280, height: 800 } });
    const elsewhere: string[] = [];
    const note = (url: string): void => {
      const { pathname } = new URL(url);
      if (pathname.startsWith('/api/') && !pathname.startsWith(`/api/hosts/${home}/`) && !OF_THE_EDGE.test(pathname))
        elsewhere.push(pathname);
    };
    await page.goto('about:blank');
    page.on('request', (request) => note(request.url()));
    page.on('websocket', (socket) => note(socket.url()));
    for (const place of PLACES) {
      await page.goto(`${scene.toru.url}/h/${home}${place}`);
      await page.getByRole('heading', { level: 1 }).first().waitFor();
      await page.waitForLoadState('networkidle').catch(() => undefined);
      expect([place, await strayLinks(page, `/h/${home}`)]).toEqual([place, []]);
    }
    expect(elsewhere).toEqual([]);
  });

  it('press, show, repeat and go back within that host', async () => {
    const { page } = await scene.browse({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${scene.toru.url}/h/${home}/`);
    await page.getByRole('button', { name: 'Note', exact: true }).click();
    await page.getByRole('link', { name: /Open the run/ }).click();
    await page.getByText('here it is').first().waitFor();
    const first = new URL(page.url()).pathname;
    expect(first).toMatch(new RegExp(`^/h/${home}/runs/[0-9a-f-]+$`));
    await page.getByRole('button', { name: 'Run again' }).click();
    await eventually('another run is shown', () => new URL(page.url()).pathname, {
      holds: (path) => path !== first && path.startsWith(`/h/${home}/runs/`),
    });
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Runs' }).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/h/${home}/runs`);
    await page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Users' }).click();
    await page.getByRole('heading', { name: 'Users', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/users');
  });

  it('a host that is none: the page says so, and leads home', async () => {
    const { page } = await scene.browse({});
    await page.goto(`${scene.toru.url}/h/6a1f0a6e-95a5-4c39-8a55-27b0a9a5cf3e/runs`);
    await page.getByRole('alert').getByText('There is no such host here').waitFor();
    await page.getByRole('link', { name: 'Go to the home host' }).click();
    await page.getByRole('heading', { name: 'Actions', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe('/');
  });

  it('whoever has to log in first comes back to where they were on that host', async () => {
    const { page, browser } = await scene.browse({});
    await browser.context.clearCookies();
    await page.goto(`${scene.toru.url}/h/${home}/runs`);
    await page.getByLabel('Username').fill('admin');
    await page.getByLabel('Password').fill('correct horse battery');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Runs', level: 1 }).waitFor();
    expect(new URL(page.url()).pathname).toBe(`/h/${home}/runs`);
  });

  it('an action’s own app of that host is an app of its own', async () => {
    const { status, text } = await scene.admin.http('GET', `/h/${home}/a/note/manifest.webmanifest`);
    expect([status, JSON.parse(text)]).toMatchObject([
      200,
      { id: `/h/${home}/a/note`, start_url: `/h/${home}/a/note`, scope: `/h/${home}/a/note` },
    ]);
  });
});

/** The links of the page that lead out of its host, and should not. */
async function strayLinks(page: Page, prefix: string): Promise<string[]> {
  const hrefs = await page.locator('a[href]').evaluateAll((links) => links.map((link) => link.getAttribute('href') ?? ''));
  return hrefs.filter(
    (href) => href.startsWith('/') && !OF_NO_HOST.test(href) && !href.startsWith(`${prefix}/`) && !href.startsWith('/api/hosts/'),
  );
}
