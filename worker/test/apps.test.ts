import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { login } from './socket-client.ts';

/** The page and each action as apps: manifests, icons, and the ticket of an action that runs when its icon is opened. */

const ACTION = {
  id: 'lights',
  label: 'Evening lights',
  description: 'Dims them',
  icon: 'moon',
  color: 'amber',
  position: 0,
  script: 'secret.sh',
};
const EMOJI = { ...ACTION, id: 'rocket', label: 'Launch', icon: '🚀', color: 'mauve' };
/** What a browser says of a tap on an icon, a bookmark, the address bar. */
const TAP = { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document', 'sec-fetch-user': '?1' };
const TICKET = /<meta name="toru-run-at-once" content="lights ([0-9a-f-]{36}) (\S+Z)">/;

describe('apps', () => {
  let edge: TestEdge;
  let agent: FakeAgent;
  let cookie: string;
  /** What the host was asked for. */
  const paths: string[] = [];
  beforeAll(async () => {
    edge = await startEdge();
    agent = await FakeAgent.link(edge);
    agent.handle = (request) => {
      if (agent.answerLogin(request)) return true;
      const { path } = request.head;
      paths.push(path);
      if (path === '/api/actions') request.answer(200, { items: [ACTION, EMOJI], next_cursor: null });
      else if (path === '/api/runs')
        request.answer(200, { items: [{ action: 'rocket' }, { action: null }, { action: 'rocket' }, { action: 'lights' }] });
      else if (path === '/api/actions/lights') request.answer(200, ACTION);
      else if (path === '/api/actions/rocket') request.answer(200, EMOJI);
      else request.answer(404, { error: { code: 'not_found', message: 'There is no such action.' } });
      return true;
    };
    cookie = await login(edge);
  });
  afterAll(async () => {
    await agent.stop();
    await edge.stop();
  });

  const manifestOf = (path: string, headers: Record<string, string> = { cookie }) => edge.ask(path, { headers });

  it('an action has a manifest of its own, whose icons are PNGs of their sizes', async () => {
    const answer = await manifestOf('/a/lights/manifest.webmanifest');
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/manifest+json',
      'cache-control': 'no-store',
      'cross-origin-resource-policy': 'same-origin',
    });
    const manifest = JSON.parse(answer.text);
    expect(manifest).toMatchObject({
      id: '/a/lights',
      name: 'Evening lights',
      short_name: 'Evening lights',
      start_url: '/a/lights',
      scope: '/a/lights',
      display: 'standalone',
      theme_color: '#8f6400',
      background_color: expect.stringMatching(/^#[0-9a-f]{6}$/),
    });
    expect(answer.text).not.toContain('secret.sh');
    expect(manifest.icons.map(({ sizes, purpose }: { sizes: string; purpose: string }) => `${sizes} ${purpose}`)).toEqual([
      '192x192 any',
      '192x192 maskable',
      '512x512 any',
      '512x512 maskable',
    ]);
    for (const { src, sizes } of manifest.icons) {
      const icon = await edge.ask(src);
      expect(icon.headers['content-type']).toBe('image/png');
      expect([icon.bytes.readUInt32BE(16), icon.bytes.readUInt32BE(20)]).toEqual(sizes.split('x').map(Number));
    }
  });

  it('an emoji becomes a letter, a colour of another release the first one', async () => {
    const { icons, theme_color } = JSON.parse((await manifestOf('/a/rocket/manifest.webmanifest')).text);
    expect([icons[0].src, theme_color]).toEqual(['/icons/slate/letter-l/192.png', '#5b6270']);
  });

  it('a stranger learns of no action, by manifest, icon or page, and the host is not asked', async () => {
    paths.length = 0;
    const strangers: Record<string, string>[] = [
      {},
      { cookie: `toru_3000=${'A'.repeat(43)}` },
      { cookie, 'sec-fetch-site': 'cross-site' },
      { cookie, 'sec-fetch-site': 'same-site' },
    ];
    const generic = (await manifestOf('/manifest.webmanifest', {})).text;
    expect(JSON.parse(generic)).toMatchObject({ id: '/', name: 'Toru', shortcuts: [] });
    const page = (await edge.ask('/')).text;
    for (const headers of strangers) {
      for (const id of ['lights', 'no-such']) {
        const answer = await manifestOf(`/a/${id}/manifest.webmanifest`, headers);
        expect([answer.status, answer.text]).toEqual([200, generic]);
        expect(
          (await edge.ask(`/a/${id}`, { headers: { ...TAP, ...headers, 'sec-fetch-site': headers['sec-fetch-site'] ?? 'none' } })).text,
        ).toBe(page);
      }
    }
    expect(paths).toEqual([]);
    // An icon is drawn from its address: there is one for any action, and for none.
    expect((await edge.ask('/icons/teal/house/180.png')).bytes.readUInt32BE(16)).toBe(180);
    expect((await edge.ask('/icons/teal/lights/180.png')).status).toBe(404);
  });

  it('who may not see an action gets none of it', async () => {
    const answer = await manifestOf('/a/no-such/manifest.webmanifest');
    expect([answer.status, answer.json()]).toMatchObject([404, { error: { code: 'not_found' } }]);
    expect((await manifestOf('/a/Not%20an%20id/manifest.webmanifest')).status).toBe(404);
  });

  it('says what Toru is in the language of the page that asks, in English where there is none', async () => {
    const said = async (language: string) => JSON.parse((await manifestOf(`/manifest.webmanifest?language=${language}`, {})).text);
    expect(await said('de-0123abcd')).toMatchObject({ lang: 'de', description: 'Skripte von überall.', name: 'Toru' });
    for (const none of ['', 'fr-0123abcd', '../index', 'de', `de-${'a'.repeat(5000)}`, '%00'])
      expect(await said(none)).toMatchObject({ lang: 'en', description: 'Run the scripts on your own machine from anywhere.' });
  });

  it('the whole page has shortcuts to the actions that are used most', async () => {
    const { id, scope, start_url, shortcuts, icons } = JSON.parse((await manifestOf('/manifest.webmanifest')).text);
    expect([id, scope, start_url, icons.length]).toEqual(['/', '/', '/', 4]);
    expect(shortcuts.map(({ url, name }: { url: string; name: string }) => [url, name])).toEqual([
      ['/a/rocket', 'Launch'],
      ['/a/lights', 'Evening lights'],
    ]);
    for (const { icons: own } of shortcuts) expect((await edge.ask(own[0].src)).headers['content-type']).toBe('image/png');
  });

  describe('the ticket to run at once', () => {
    const open = (headers: Record<string, string>, path = '/a/lights', method = 'GET') =>
      edge.ask(path, { method, headers: { cookie, ...headers } });

    it('is in the page that a person opened, each time another one, and the page is not kept', async () => {
      const [one, two] = [await open(TAP), await open(TAP)];
      const [, id, issued = ''] = TICKET.exec(one.text) ?? [];
      expect(id).toBeTruthy();
      expect(Math.abs(Date.parse(issued) - Date.now())).toBeLessThan(60_000);
      expect(TICKET.exec(two.text)?.[1]).not.toBe(id);
      expect(one.headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy': expect.stringContaining("default-src 'none'"),
      });
      expect(one.headers).not.toHaveProperty('etag');
      expect(one.text).toContain('<link rel="manifest" href="/a/lights/manifest.webmanifest"');
    });

    const { 'sec-fetch-site': _site, ...siteless } = TAP;
    it.each<[string, Record<string, string>, string?]>([
      ['a link of another site', { ...TAP, 'sec-fetch-site': 'cross-site' }],
      ['a page on another port', { ...TAP, 'sec-fetch-site': 'same-site' }],
      ['a link or a script of our own page', { ...TAP, 'sec-fetch-site': 'same-origin' }],
      ['a browser that says nothing', siteless],
      ['a fetch', { ...TAP, 'sec-fetch-mode': 'cors', 'sec-fetch-dest': 'empty' }],
      ['a frame', { ...TAP, 'sec-fetch-dest': 'iframe' }],
      ['a prerender', { ...TAP, 'sec-purpose': 'prefetch;prerender' }],
      ['a prefetch', { ...TAP, purpose: 'prefetch' }],
      ['an old Firefox that fetches ahead', { ...TAP, 'x-moz': 'prefetch' }],
      ['an address with a query', TAP, '/a/lights?level=9'],
      ['an address of a run', TAP, '/a/lights/runs/8d1e6b7a-4a4e-4c3a-9a58-5a2f6f0f2c11'],
      ['the home page', TAP, '/'],
    ])('is in none for %s', async (_what, headers, path) => {
      const answer = await open(headers, path);
      expect([answer.status, answer.text]).toEqual([200, expect.not.stringContaining('toru-run-at-once')]);
    });
  });

  it('nothing of this is changed or started by any method', async () => {
    paths.length = 0;
    for (const path of ['/a/lights', '/a/lights/manifest.webmanifest', '/manifest.webmanifest', '/icons/teal/house/192.png']) {
      for (const method of ['POST', 'PUT', 'DELETE']) {
        const answer = await edge.ask(path, { method, headers: { cookie, 'sec-fetch-site': 'same-origin' } });
        expect([path, method, answer.status]).toEqual([path, method, 405]);
      }
      expect((await edge.ask(path, { method: 'HEAD', headers: { cookie, ...TAP } })).status).toBe(200);
    }
    expect(paths.filter((path) => path !== '/api/actions' && path !== '/api/runs' && path !== '/api/actions/lights')).toEqual([]);
  });
});
