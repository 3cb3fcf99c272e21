import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { purposed } from '../../shared/grant.ts';
import { me } from '../../shared/sessions.ts';
import type { TestEdge } from './edge.ts';
import { newHostKey, startEdge } from './edge.ts';
import { FakeAgent, fakeGrant, userOf } from './fake-agent.ts';
import { cookiesOf, login, SAME_ORIGIN, tryLogin } from './socket-client.ts';

const sessions = z.object({ items: z.array(z.looseObject({ id: z.uuid(), current: z.boolean() })), next_cursor: z.null() });

describe('logging in', () => {
  let edge: TestEdge;
  let agent: FakeAgent;
  beforeAll(async () => {
    edge = await startEdge();
    agent = await FakeAgent.link(edge);
  });
  afterAll(async () => {
    await agent.stop();
    await edge.stop();
  });

  it('answers with who that is, and a cookie that no script can read', async () => {
    const answer = await tryLogin(edge, 'admin', 'right', { 'user-agent': 'a browser' });
    expect(answer.status).toBe(200);
    expect(me.parse(answer.json())).toMatchObject({ user: userOf('admin'), host: edge.host.id });
    const [session, device] = answer.headers['set-cookie'] ?? [];
    expect(session).toMatch(/^toru_3000=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(device).toMatch(/^toru_device_3000=[\w-]{43}; Max-Age=34560000; Path=\/; HttpOnly; SameSite=Strict$/);
    const mine = await edge.ask('/api/me', { headers: { cookie: cookiesOf(answer) } });
    expect(mine.json()).toEqual(answer.json());
  });

  it('tells the host the hash of the token, never the token', async () => {
    agent.handle = () => false;
    const answered = tryLogin(edge, 'admin', 'right', { 'user-agent': 'a browser' });
    const asked = await agent.requests.take();
    const said = JSON.parse((await asked.body()).toString());
    expect(said).toEqual({
      username: 'admin',
      password: 'right',
      sid: expect.stringMatching(/^[0-9a-f]{64}$/),
      address: '192.0.2.1',
      user_agent: 'a browser',
    });
    expect(asked.head.caller).toBeNull();
    asked.refuse('busy');
    expect((await answered).status).toBe(503);
    agent.handle = (request) => agent.answerLogin(request);
  });

  it('sets no cookie for a wrong password, and says no more than that', async () => {
    const answer = await tryLogin(edge, 'admin', 'wrong');
    expect([answer.status, answer.headers['set-cookie'], answer.json()]).toMatchObject([
      401,
      undefined,
      { error: { code: 'invalid_credentials' } },
    ]);
  });

  it.each([
    ['says how long it is', { 'content-length': '1000000' }, '{'],
    ['does not say how long it is', {}, `{"username":"${'x'.repeat(20_000)}`],
  ])('waits for no body that is longer than a login, of whoever %s', async (_, length, begin) => {
    const { hostname: host, port } = new URL(edge.origin);
    const headers = { ...edge.frontHeaders(), ...SAME_ORIGIN, 'content-type': 'application/json', ...length };
    for (const path of ['/api/login', '/api/login/link']) {
      const asked = request({ host, port, path, method: 'POST', headers, agent: false });
      const status = new Promise((resolve, reject) => {
        asked.on('response', (answer) => resolve(answer.statusCode)).on('error', reject);
      });
      asked.write(begin);
      expect(await status).toBe(413);
      asked.on('error', () => undefined).destroy();
    }
    const longest = { username: 'x'.repeat(200), password: '\u0001'.repeat(1024) };
    expect((await tryLogin(edge, longest.username, longest.password)).status).toBe(401);
  });

  it('ends the session that the same browser had', async () => {
    const old = await login(edge);
    const again = await tryLogin(edge, 'admin', 'right', { cookie: old });
    expect(again.status).toBe(200);
    expect((await edge.ask('/api/me', { headers: { cookie: old } })).status).toBe(401);
    expect((await edge.ask('/api/me', { headers: { cookie: cookiesOf(again) } })).status).toBe(200);
  });

  it('keeps the old session when the new password is wrong', async () => {
    const old = await login(edge);
    expect((await tryLogin(edge, 'admin', 'wrong', { cookie: old })).status).toBe(401);
    expect((await edge.ask('/api/me', { headers: { cookie: old } })).status).toBe(200);
  });

  it('ends with a logout, which takes the cookie back', async () => {
    const cookie = await login(edge);
    const answer = await edge.ask('/api/logout', { method: 'POST', headers: { ...SAME_ORIGIN, cookie } });
    expect([answer.status, answer.headers['set-cookie']]).toEqual([204, [expect.stringMatching(/^toru_3000=; Max-Age=0/)]]);
    expect((await edge.ask('/api/me', { headers: { cookie } })).status).toBe(401);
    expect((await edge.ask('/api/logout', { method: 'POST', headers: { ...SAME_ORIGIN, cookie } })).status).toBe(204);
  });

  it('answers whoever may be nobody without an error', async () => {
    const ask = async (cookie: string) => {
      const { status, text } = await edge.ask('/api/me?optional=true', { headers: { cookie } });
      return [status, text];
    };
    for (const cookie of ['', 'toru_3000=', `toru_3000=${'x'.repeat(43)}`]) expect(await ask(cookie)).toEqual([200, 'null']);
    expect(await ask(await login(edge))).toEqual([200, expect.stringContaining('"username":"admin"')]);
    for (const query of ['', '?optional=', '?optional=false']) expect((await edge.ask(`/api/me${query}`)).status).toBe(401);
  });

  it('does not mistake another cookie for its own', async () => {
    const token = /toru_3000=([\w-]+)/.exec(await login(edge))?.[1] ?? '';
    for (const cookie of [`__Host-toru=${token}`, `toru_3001=${token}`, `toru=${token}`, `toru_3000=${token}x`, 'toru_3000=']) {
      expect([cookie, (await edge.ask('/api/me', { headers: { cookie } })).status]).toEqual([cookie, 401]);
    }
  });

  it('lists one’s own sessions, and ends them by an id that is no key', async () => {
    const [one, two] = [await login(edge, 'lister'), await login(edge, 'lister')];
    const stranger = await login(edge, 'stranger');
    const list = sessions.parse((await edge.ask('/api/sessions', { headers: { cookie: one } })).json());
    expect(list.items.map((session) => session.current).sort()).toEqual([false, true]);
    expect(JSON.stringify(list)).not.toMatch(/[0-9a-f]{64}/);
    const other = list.items.find((session) => !session.current)?.id ?? '';
    expect((await edge.ask(`/api/sessions/${other}`, { method: 'DELETE', headers: { ...SAME_ORIGIN, cookie: stranger } })).status).toBe(
      404,
    );
    expect((await edge.ask(`/api/sessions/${other}`, { method: 'DELETE', headers: { ...SAME_ORIGIN, cookie: one } })).status).toBe(204);
    expect((await edge.ask('/api/me', { headers: { cookie: two } })).status).toBe(401);
    const third = await login(edge, 'lister');
    const ended = await edge.ask('/api/sessions', { method: 'DELETE', headers: { ...SAME_ORIGIN, cookie: one } });
    expect(ended.json()).toEqual({ ended: 1 });
    expect((await edge.ask('/api/me', { headers: { cookie: third } })).status).toBe(401);
    expect((await edge.ask('/api/me', { headers: { cookie: one } })).status).toBe(200);
  });

  it('answers 503 with last_seen when the host is away', async () => {
    await agent.stop();
    const answer = await tryLogin(edge, 'admin', 'right');
    expect([answer.status, answer.json()]).toMatchObject([503, { error: { code: 'host_offline', last_seen: expect.any(String) } }]);
    agent = await FakeAgent.link(edge);
  });
});

describe('cookies by place', () => {
  it('is __Host-toru and Secure on https, and nothing else counts there', async () => {
    const edge = await startEdge({ EMBEDDED: '' });
    const agent = await FakeAgent.link(edge);
    const origin = 'https://toru.example';
    const headers = { origin, 'content-type': 'application/json' };
    const answer = await edge.mf.dispatchFetch(`${origin}/api/login`, {
      method: 'POST',
      headers,
      body: '{"username":"admin","password":"right"}',
    });
    const [session = ''] = answer.headers.getSetCookie();
    expect(session).toMatch(/^__Host-toru=[\w-]{43}; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    const pair = session.split(';')[0] ?? '';
    const ask = async (cookie: string) => (await edge.mf.dispatchFetch(`${origin}/api/me`, { headers: { cookie } })).status;
    expect(await ask(pair)).toBe(200);
    expect(await ask(pair.replace('__Host-toru', 'toru_443'))).toBe(401);
    await agent.stop();
    await edge.stop();
  });

  it('is Secure in production, and __Host-toru under a public name', async () => {
    const edge = await startEdge({ PRODUCTION: '1', PUBLIC_NAMES: 'toru.example' });
    const agent = await FakeAgent.link(edge);
    const local = await tryLogin(edge, 'admin', 'right');
    expect(local.headers['set-cookie']?.[0]).toMatch(/^toru_3000=.*; Secure;/);
    const named = await tryLogin(edge, 'admin', 'right', { host: 'toru.example', origin: 'https://toru.example' });
    expect(named.headers['set-cookie']?.[0]).toMatch(/^__Host-toru=.*; Secure;/);
    await agent.stop();
    await edge.stop();
  });
});

describe('the throttle', () => {
  let edge: TestEdge;
  let agent: FakeAgent;
  let asked = 0;
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());
  beforeEach(async () => {
    await edge.forgetAccount();
    agent = await FakeAgent.link(edge);
    asked = 0;
    agent.handle = (request) => {
      if (request.head.path === '/link/login') asked += 1;
      return agent.answerLogin(request);
    };
    return () => agent.stop();
  });

  it('stops asking the host for an account, and says when to come back', async () => {
    const answers = [];
    for (let n = 0; n < 12; n += 1) answers.push(await tryLogin(edge, 'admin', 'wrong', { 'x-toru-peer': `192.0.2.${n}` }));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429]);
    expect(asked).toBe(10);
    const retry = Number(answers.at(-1)?.headers['retry-after']);
    expect(retry).toBeGreaterThan(0);
    expect(retry).toBeLessThanOrEqual(30);
    expect((await tryLogin(edge, 'somebody', 'right')).status).toBe(200);
  });

  it('counts by network too: a /64 is one', async () => {
    const answers = [];
    for (let n = 0; n < 22; n += 1) answers.push(await tryLogin(edge, `user${n}`, 'wrong', { 'x-toru-peer': `2001:db8:1:2::${n}` }));
    expect(answers.map(({ status }) => status)).toEqual([...Array.from({ length: 20 }, () => 401), 429, 429]);
    expect((await tryLogin(edge, 'admin', 'right', { 'x-toru-peer': '2001:db8:1:3::1' })).status).toBe(200);
  });

  it('keeps nobody out whose device logged in before', async () => {
    const cookie = await login(edge);
    const device = /toru_device_3000=[\w-]+/.exec(cookie)?.[0] ?? '';
    for (let n = 0; n < 12; n += 1) await tryLogin(edge, 'admin', 'wrong', { 'x-toru-peer': `192.0.2.${n}` });
    expect((await tryLogin(edge, 'admin', 'right')).status).toBe(429);
    expect((await tryLogin(edge, 'admin', 'right', { cookie: device })).status).toBe(200);
    // It speaks for one account only, and has a count of its own.
    for (let n = 0; n < 12; n += 1) await tryLogin(edge, 'other', 'wrong', { 'x-toru-peer': `192.0.3.${n}` });
    expect((await tryLogin(edge, 'other', 'right', { cookie: device })).status).toBe(429);
    const answers = [];
    for (let n = 0; n < 11; n += 1) answers.push((await tryLogin(edge, 'admin', 'wrong', { cookie: device })).status);
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });

  it('lets the owner in from the address of a flood of random names, without a device cookie, at the second try', async () => {
    let n = 0;
    const flood = async () => {
      n += 1;
      await tryLogin(edge, `nobody${n}`, `guess${n}`);
    };
    for (let i = 0; i < 40; i += 1) await flood();
    expect(asked).toBe(20);
    const first = await tryLogin(edge, 'admin', 'right');
    expect([first.status, first.headers['retry-after']]).toEqual([429, '1']);
    for (let i = 0; i < 20; i += 1) await flood();
    expect((await tryLogin(edge, 'admin', 'right')).status).toBe(200);
  });

  it('ignores a device cookie that it did not give to this user: nobody can choose one, or have somebody else take theirs', async () => {
    const deviceOf = (cookies: string): string => /toru_device_3000=([\w-]+)/.exec(cookies)?.[1] ?? '';
    const chosen = 'A'.repeat(43);
    const mallory = await login(edge, 'mallory');
    for (const planted of [chosen, deviceOf(mallory)]) {
      const given = deviceOf(await login(edge, 'admin', { cookie: `toru_device_3000=${planted}` }));
      expect([given === planted, given.length]).toEqual([false, 43]);
      expect(deviceOf(await login(edge, 'admin', { cookie: `toru_device_3000=${given}` }))).toBe(given);
    }
    for (let i = 0; i < 12; i += 1) await tryLogin(edge, 'admin', `wrong${i}`, { 'x-toru-peer': `192.0.2.${i}` });
    for (const planted of [chosen, deviceOf(mallory)]) {
      const answer = await tryLogin(edge, 'admin', `right${planted}`, { cookie: `toru_device_3000=${planted}` });
      expect(answer.status).toBe(429);
    }
  });

  it('knows a browser that several people use for each of them', async () => {
    const first = await login(edge, 'anna');
    const second = await login(edge, 'bert', { cookie: first });
    for (const name of ['anna', 'bert']) {
      for (let i = 0; i < 12; i += 1) await tryLogin(edge, name, `wrong${i}`, { 'x-toru-peer': `192.0.2.${i}` });
      expect((await tryLogin(edge, name, 'right', { cookie: second })).status).toBe(200);
    }
  });

  it('passes on that the host itself has seen too many wrong passwords, and when to come back', async () => {
    agent.handle = (request) => {
      request.answer(429, { error: { code: 'too_many_attempts', message: 'Too many.', retry_after: 4 } });
      return true;
    };
    for (let n = 0; n < 15; n += 1) {
      const answer = await tryLogin(edge, 'admin', 'right');
      expect([answer.status, answer.headers['retry-after']]).toEqual([429, '4']);
    }
  });

  it('asks the host about a login link only when that host signed it, a short while ago', async () => {
    const made: string[] = [];
    agent.handle = (request) => {
      if (request.head.path !== '/link/login-link') return agent.answerLogin(request);
      void request.body().then((body) => {
        made.push(JSON.parse(body.toString()).code);
        request.answer(200, {
          grant: fakeGrant(),
          user: userOf('admin'),
          auth_time: Date.now(),
          expires_at: Date.now() + 3_600_000,
        });
      });
      return true;
    };
    const code = (claims: object, key = edge.host): string => {
      const bytes = Buffer.from(JSON.stringify({ v: 1, iss: edge.host.id, nonce: 'A'.repeat(22), ...claims }));
      return `${bytes.toString('base64url')}.${Buffer.from(key.sign(purposed('login-link', bytes))).toString('base64url')}`;
    };
    const redeem = (said: unknown, headers: Record<string, string> = {}) =>
      edge.ask('/api/login/link', { method: 'POST', headers: { ...SAME_ORIGIN, ...headers }, body: JSON.stringify({ code: said }) });
    const now = Math.ceil(Date.now() / 1000);
    const good = code({ exp: now + 300 });
    const foreign = [
      code({ exp: now + 300 }, newHostKey()),
      code({ exp: now - 3600 }),
      code({ exp: now + 300, iss: newHostKey().id }),
      good.replace(/^../, 'AA'),
      `A.${good.split('.')[1]}`,
    ];
    for (const one of foreign) expect([one, (await redeem(one)).status]).toEqual([one, 401]);
    expect((await redeem('x')).status).toBe(400);
    expect(made).toEqual([]);
    const answer = await redeem(good);
    expect([answer.status, made]).toEqual([200, [good]]);
    expect((await edge.ask('/api/me', { headers: { cookie: cookiesOf(answer) } })).status).toBe(200);
    // Also one that was used is signed: whoever has it does not keep the host at work with it.
    const statuses = [];
    for (let n = 0; n < 60; n += 1) statuses.push((await redeem(good)).status);
    expect(statuses).toContain(429);
    expect((await redeem(code({ exp: now + 301 }))).status).toBe(200);
  });

  it('bounds right passwords too, also across an eviction: each costs the host a hash', async () => {
    const cookie = await login(edge);
    for (let n = 0; n < 80; n += 1) expect((await tryLogin(edge, 'admin', 'right', n % 2 === 0 ? { cookie } : {})).status).toBe(200);
    await edge.mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });
    const answers = [];
    for (let n = 0; n < 60; n += 1) answers.push(await tryLogin(edge, 'admin', 'right'));
    const last = answers.at(-1);
    expect(last?.status).toBe(429);
    expect(Number(last?.headers['retry-after'])).toBeLessThanOrEqual(2);
    expect((await tryLogin(edge, 'somebody', 'right')).status).toBe(200);
  });

  it('does not count a right password as a guess, nor a host that is away', async () => {
    for (let n = 0; n < 15; n += 1) expect((await tryLogin(edge, 'admin', 'right')).status).toBe(200);
    await agent.stop();
    for (let n = 0; n < 15; n += 1) expect((await tryLogin(edge, 'admin', 'right')).status).toBe(503);
  });

  it('writes down no name as it was typed: people type their password there', async () => {
    await tryLogin(edge, 'Correct-Horse-Battery', 'wrong');
    const files = readdirSync(edge.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const kept = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
    expect(kept).toContain('192.0.2.1');
    expect(kept).not.toMatch(/correct-horse-battery/i);
  });

  it('remembers across an eviction, in ten rows a minute at most', async () => {
    for (let n = 0; n < 10; n += 1) await tryLogin(edge, 'admin', 'wrong', { 'x-toru-peer': `192.0.2.${n}` });
    await edge.mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });
    const answers = [];
    for (let n = 0; n < 8; n += 1) answers.push((await tryLogin(edge, 'admin', 'wrong', { 'x-toru-peer': `192.0.2.${n}` })).status);
    expect(answers).toContain(429);
    expect(asked).toBeLessThan(14);
  });
});
