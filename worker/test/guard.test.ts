import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestEdge } from './edge.ts';
import { FRAME_SCRIPT, PAGE_BUILD, PUBLIC_ORIGIN, startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { login, SAME_ORIGIN } from './socket-client.ts';

describe('the guard', () => {
  let edge: TestEdge;
  let agent: FakeAgent;
  let cookie: string;
  beforeAll(async () => {
    edge = await startEdge({ PUBLIC_NAMES: 'toru.home.lan' });
    agent = await FakeAgent.link(edge);
    agent.handle = (request) => {
      if (!agent.answerLogin(request)) request.answer(200, { path: request.head.path, headers: request.head.headers });
      return true;
    };
    cookie = await login(edge);
  });
  afterAll(async () => {
    await agent.stop();
    await edge.stop();
  });

  describe('against pages of other sites', () => {
    const evil = { origin: 'https://evil.example' };
    it.each([
      ['same-origin and our Origin', { 'sec-fetch-site': 'same-origin', ...SAME_ORIGIN }, 200],
      ['our Origin alone', SAME_ORIGIN, 200],
      ['same-origin alone', { 'sec-fetch-site': 'same-origin' }, 200],
      ['neither', {}, 403],
      ['same-site', { 'sec-fetch-site': 'same-site', ...SAME_ORIGIN }, 403],
      ['cross-site', { 'sec-fetch-site': 'cross-site', ...SAME_ORIGIN }, 403],
      ['none, as typed into the address bar', { 'sec-fetch-site': 'none' }, 403],
      ['another Origin', evil, 403],
      ['another Origin that says same-origin', { 'sec-fetch-site': 'same-origin', ...evil }, 403],
      ['another port', { origin: 'http://localhost:3001' }, 403],
      ['another scheme', { origin: 'https://localhost:3000' }, 403],
      ['Origin: null', { origin: 'null' }, 403],
      ['a Bearer token beside a cookie', { authorization: 'Bearer x' }, 403],
    ])('POST with %s → %s', async (_what, headers, status) => {
      const answer = await edge.ask('/api/runs', { method: 'POST', headers: { cookie, ...headers }, body: '{}' });
      expect([answer.status, answer.text]).toMatchObject([status, expect.stringContaining(status === 403 ? 'cross_site' : '/api/runs')]);
    });

    it.each([
      ['same-origin', 200],
      ['none', 200],
      ['same-site', 403],
      ['cross-site', 403],
    ])('GET with Sec-Fetch-Site: %s → %i, whatever may be seen of it', async (site, status) => {
      for (const path of ['/api/me', '/api/runs', '/api/plugins/weather/now']) {
        const answer = await edge.ask(path, { headers: { cookie, 'sec-fetch-site': site, 'sec-fetch-dest': 'empty' } });
        expect([path, answer.status]).toEqual([path, status]);
      }
      // A link to the page is what people follow from anywhere.
      expect((await edge.ask('/runs', { headers: { 'sec-fetch-site': site, 'sec-fetch-dest': 'document' } })).status).toBe(200);
    });

    it('holds for login and logout too', async () => {
      for (const path of ['/api/login', '/api/logout']) {
        const answer = await edge.ask(path, { method: 'POST', headers: evil, body: '{"username":"admin","password":"right"}' });
        expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined]);
      }
    });

    it('lets a program with a token and no cookie ask without an Origin', async () => {
      const answer = await edge.ask('/api/login', {
        method: 'POST',
        headers: { authorization: 'Bearer x' },
        body: '{"username":"admin","password":"right"}',
      });
      expect(answer.status).toBe(200);
      const foreign = await edge.ask('/api/login', { method: 'POST', headers: { authorization: 'Bearer x', ...evil }, body: '{}' });
      expect(foreign.status).toBe(403);
    });

    it.each(['PUT', 'PATCH', 'DELETE'])('holds for %s', async (method) => {
      expect((await edge.ask('/api/actions/x', { method, headers: { cookie, ...evil }, body: '{}' })).status).toBe(403);
      expect((await edge.ask('/api/actions/x', { method, headers: { cookie, ...SAME_ORIGIN }, body: '{}' })).status).toBe(200);
    });
  });

  describe('for what is sent', () => {
    it.each([
      ['text/plain', '{"a":1}', 415],
      ['application/x-www-form-urlencoded', 'a=1', 415],
      ['multipart/form-data; boundary=x', '--x--', 415],
      ['application/jsonx', '{}', 415],
      ['application/json; charset=utf-8', '{}', 200],
      ['application/merge-patch+json', '{}', 200],
    ])('%s is %s', async (type, body, status) => {
      const answer = await edge.ask('/api/runs', { method: 'POST', headers: { cookie, ...SAME_ORIGIN, 'content-type': type }, body });
      expect(answer.status).toBe(status);
    });

    it('plugins take what they like', async () => {
      const headers = { cookie, ...SAME_ORIGIN, 'content-type': 'text/plain' };
      expect((await edge.ask('/api/plugins/x/upload', { method: 'POST', headers, body: 'hello' })).status).toBe(200);
      expect((await edge.ask(`/api/hosts/${edge.host.id}/plugins/x/upload`, { method: 'POST', headers, body: 'hello' })).status).toBe(200);
    });

    it('a POST without a body is fine', async () => {
      expect((await edge.ask('/api/runs/x/cancel', { method: 'POST', headers: { cookie, ...SAME_ORIGIN } })).status).toBe(200);
    });

    it.each(['not json', '[]', '{"username":1}', '{"username":"a"}', '{"username":"","password":"x"}'])(
      'login refuses %s',
      async (body) => {
        const answer = await edge.ask('/api/login', { method: 'POST', headers: SAME_ORIGIN, body });
        expect(answer.status).toBe(400);
      },
    );

    it('ignores method overrides', async () => {
      const headers = { cookie, ...SAME_ORIGIN, 'x-http-method-override': 'DELETE' };
      const answered = await edge.ask('/api/runs', { method: 'POST', headers, body: '{}' });
      expect(answered.status).toBe(200);
    });
  });

  describe('for paths', () => {
    it.each(['/api/runs/a%2fb', '/api/runs/a%5cb', '/api/runs/a%00b', '/api//runs', '/api/runs/%2E%2E%2Fusers'])(
      'refuses %s',
      async (path) => {
        const answer = await edge.ask(path, { headers: { cookie } });
        expect([answer.status, answer.json()]).toMatchObject([400, { error: { code: 'bad_path' } }]);
      },
    );

    it('hands the rest over as it came', async () => {
      const answer = await edge.ask('/api/runs/%C3%BC%20x', { headers: { cookie } });
      expect(answer.json()).toMatchObject({ path: '/api/runs/%C3%BC%20x' });
    });

    it('keeps the edge’s own questions to the host out of reach', async () => {
      for (const path of ['/link/login', '/api/../link/login', `/api/hosts/${edge.host.id}/../../link/login`]) {
        const answer = await edge.ask(path, { headers: { cookie } });
        expect(answer.text).not.toContain('"/link');
      }
    });
  });

  describe('for the Host header', () => {
    it.each([
      ['localhost:3000', 200],
      ['127.0.0.1:3000', 200],
      ['192.168.1.7:3000', 200],
      ['[::1]:3000', 200],
      ['[fe80::1]:3000', 200],
      ['toru.home.lan', 200],
      ['TORU.home.lan:3000', 200],
      ['evil.example', 403],
      ['localhost.evil.example', 403],
      ['127.0.0.1.evil.example:3000', 403],
      ['xtoru.home.lan', 403],
    ])('%s → %s', async (host, status) => {
      expect((await edge.ask('/api/health', { headers: { host } })).status).toBe(status);
    });

    it('believes neither a rewritten URL nor a client’s word on its address', async () => {
      const answer = await edge.ask('/api/health', {
        headers: { host: 'evil.example', 'mf-original-url': 'http://localhost:3000/api/health' },
      });
      expect(answer.status).toBe(403);
    });
  });

  describe('for methods and addresses', () => {
    it.each([
      ['GET', '/api/login', 'POST'],
      ['GET', '/api/logout', 'POST'],
      ['POST', '/api/me', 'GET, HEAD'],
      ['PUT', '/api/sessions', 'GET, HEAD, DELETE'],
      ['POST', '/api/health', 'GET, HEAD'],
      ['DELETE', '/api/hosts', 'GET, HEAD'],
      ['POST', '/api/ws', 'GET'],
    ])('%s %s → 405', async (method, path, allow) => {
      const answer = await edge.ask(path, { method, headers: { cookie, ...SAME_ORIGIN } });
      expect([answer.status, answer.headers.allow, answer.json()]).toMatchObject([405, allow, { error: { code: 'method_not_allowed' } }]);
    });

    it('answers JSON, never a stack, to what it does not know', async () => {
      for (const [method, path] of [
        ['GET', '/api'],
        ['OPTIONS', '/api/scripts'],
        ['TRACE', '/api/scripts'],
        ['POST', '/'],
        ['GET', '/assets/gone.js'],
      ] as const) {
        const answer = await edge.ask(path, { method, headers: { cookie, ...SAME_ORIGIN } });
        expect(answer.status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
        expect(answer.json()).toEqual({ error: { code: expect.any(String), message: expect.any(String) } });
        expect(answer.text).not.toMatch(/\bat .*:\d+/);
      }
    });

    it('wants a session for everything that is not public', async () => {
      for (const path of [
        '/api/me',
        '/api/sessions',
        '/api/sessions/x',
        '/api/hosts',
        '/api/scripts',
        '/api/nothing',
        '/api/hosts/x/scripts',
      ]) {
        const answer = await edge.ask(path);
        expect([path, answer.status]).toEqual([path, 401]);
      }
    });
  });

  describe('for what plugins answer', () => {
    const paths = (): string[] => ['/api/plugins/x/report', `/api/hosts/${edge.host.id}/plugins/x/report`, '/api/plugins/x/bundle.js'];

    it.each(['document', 'iframe', 'frame', 'embed', 'object', 'script', 'style', 'image', 'worker', 'serviceworker'])(
      'nothing of it is opened as %s',
      async (destination) => {
        for (const path of paths()) {
          const { status, text } = await edge.ask(path, { headers: { cookie, 'sec-fetch-dest': destination } });
          expect([path, status, text]).toEqual([path, 403, expect.stringContaining('"forbidden"')]);
        }
      },
    );

    it('the page’s scripts and programs get it', async () => {
      for (const path of paths()) {
        expect((await edge.ask(path, { headers: { cookie, 'sec-fetch-dest': 'empty' } })).status).toBe(200);
        expect((await edge.ask(path, { headers: { cookie } })).status).toBe(200);
      }
    });

    it('it never becomes a service worker, and nothing else does but /sw.js', async () => {
      const headers = { cookie, 'service-worker': 'script' };
      for (const path of [...paths(), '/api/runs', `/assets/${PAGE_BUILD}`, '/plugin-frame.html'])
        expect([path, (await edge.ask(path, { headers })).status]).toEqual([path, 403]);
      expect((await edge.ask('/sw.js', { headers })).status).toBe(200);
    });

    it('runs its pages in a frame without an origin, a network, or any script but ours and its own', async () => {
      const { status, headers, text } = await edge.ask('/plugin-frame.html');
      expect([status, text]).toEqual([200, expect.stringContaining(FRAME_SCRIPT)]);
      const hash = createHash('sha256').update(FRAME_SCRIPT).digest('base64');
      expect(headers['content-security-policy']).toBe(
        [
          'sandbox allow-scripts',
          "default-src 'none'",
          `script-src 'sha256-${hash}' blob:`,
          "style-src 'unsafe-inline'",
          'img-src data: blob:',
          "connect-src 'none'",
          "worker-src 'none'",
          "base-uri 'none'",
          "form-action 'none'",
          `frame-ancestors ${PUBLIC_ORIGIN}`,
        ].join('; '),
      );
      expect(headers['x-content-type-options']).toBe('nosniff');
    });

    it('passes headers of a plugin’s own, and none that somebody trusts', async () => {
      const sent = {
        'x-page': '2',
        'x-toru-user': 'admin',
        'x-forwarded-for': '1.2.3.4',
        'x-real-ip': '1.2.3.4',
        authorization: 'Basic eA==',
      };
      const { text } = await edge.ask('/api/plugins/x/echo', { headers: { cookie, ...sent } });
      expect(text).toContain('x-page');
      for (const name of ['x-toru-user', 'x-forwarded-for', 'x-real-ip', 'authorization', 'cookie']) expect(text).not.toContain(name);
      const { text: other } = await edge.ask('/api/actions', { headers: { cookie, ...sent } });
      expect(other).not.toContain('x-page');
    });
  });

  describe('for the page', () => {
    it.each(['/', '/runs/1', '/login', '/a/backup'])('serves %s with its policy', async (path) => {
      const { status, headers, text } = await edge.ask(path);
      expect([status, text]).toEqual([200, expect.stringContaining('<title>Toru')]);
      expect(headers).toMatchObject({
        'content-security-policy': [
          "default-src 'none'",
          `script-src ${PUBLIC_ORIGIN}/assets/`,
          `worker-src ${PUBLIC_ORIGIN}/sw.js`,
          "style-src 'self'",
          "img-src 'self' data: blob:",
          "font-src 'self'",
          "connect-src 'self' ws://localhost:3000",
          "manifest-src 'self'",
          `frame-src ${PUBLIC_ORIGIN}/plugin-frame.html`,
          "base-uri 'none'",
          "form-action 'none'",
          "frame-ancestors 'none'",
          "require-trusted-types-for 'script'",
        ].join('; '),
        'x-content-type-options': 'nosniff',
        'cross-origin-opener-policy': 'same-origin',
        'referrer-policy': 'no-referrer',
        'cache-control': 'no-cache',
      });
      expect(headers).not.toHaveProperty('strict-transport-security');
    });

    it('keeps what has a hash in its name', async () => {
      const { status, headers } = await edge.ask('/assets/app.js');
      expect([status, headers['cache-control'], headers['x-content-type-options']]).toEqual([
        200,
        'public, max-age=31536000, immutable',
        'nosniff',
      ]);
    });
  });
});

describe('on https, as on Cloudflare', () => {
  let edge: TestEdge;
  const origin = 'https://toru.example';
  beforeAll(async () => {
    edge = await startEdge({ EMBEDDED: '' });
  });
  afterAll(() => edge.stop());

  it('fills the policy with its own origin, and asks for https from then on', async () => {
    const answer = await edge.mf.dispatchFetch(`${origin}/`);
    expect(answer.headers.get('content-security-policy')).toContain(`script-src ${origin}/assets/;`);
    expect(answer.headers.get('content-security-policy')).toContain('wss://toru.example');
    expect(answer.headers.get('strict-transport-security')).toContain('max-age=');
  });

  it('has no use for the front’s headers', async () => {
    const answer = await edge.mf.dispatchFetch(`${origin}/api/login`, {
      method: 'POST',
      headers: { origin, 'content-type': 'application/json', 'x-toru-front': 'x' },
      body: '{"username":"a","password":"b"}',
    });
    expect(answer.status).toBe(503);
  });
});
