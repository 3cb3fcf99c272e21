import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import {
  GRANT_RENEW_MS,
  MAX_CLIENT_FRAME,
  MAX_SOCKETS_PER_SESSION,
  MAX_SOCKETS_PER_USER,
  USER_FRAMES_WINDOW,
} from '../../shared/limits.ts';
import type { RunSummary } from '../../shared/runs.ts';
import { CLOSE, PING } from '../../shared/wire.ts';
import type { TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import { FakeAgent, fakeGrant, userOf } from './fake-agent.ts';
import { BrowserSocket, login, SAME_ORIGIN, sidOf } from './socket-client.ts';

describe('the relay', () => {
  let edge: TestEdge;
  let agent: FakeAgent;
  let cookie: string;
  const sockets: BrowserSocket[] = [];
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());
  beforeEach(async () => {
    agent = await FakeAgent.link(edge);
    cookie = await login(edge);
  });
  afterEach(async () => {
    await Promise.all(sockets.splice(0).map((socket) => socket.stop()));
    await agent.stop();
  });

  async function open(with_ = cookie): Promise<{ browser: BrowserSocket; conn: string }> {
    const browser = await BrowserSocket.open(edge, with_);
    sockets.push(browser);
    const said = await agent.controls.take(({ type }) => type === 'open');
    if (said.type !== 'open') throw new Error('no open');
    return { browser, conn: said.conn };
  }

  it('carries a frame to the agent unchanged, and its answer to that browser alone', async () => {
    const [one, other] = [await open(), await open()];
    one.browser.send('{"type":"run",  "script":"ünï.sh\\u0000" }');
    expect(await agent.texts.take()).toEqual({ topic: `c/${one.conn}`, payload: '{"type":"run",  "script":"ünï.sh\\u0000" }' });
    agent.text(`c/${one.conn}`, '{"type":"started","odd":"\0"}'.replace('\0', '\\u0000'));
    expect(await one.browser.next('started')).toEqual({ type: 'started', odd: '\0' });
    agent.text(`c/${other.conn}`, '{"type":"after"}');
    await other.browser.next('after');
    expect(other.browser.frames.rest).toEqual([]);
  });

  it('carries bytes as bytes', async () => {
    const { browser, conn } = await open();
    agent.binary(`c/${conn}`, new Uint8Array([0, 1, 0, 255]));
    expect(await browser.next('binary')).toEqual({ type: 'binary', data: '000100ff' });
  });

  it('publishes one copy to everyone who was joined, in order, and to nobody else', async () => {
    // One after another: which `open` is whose is told by the order alone.
    const joined = [await open(), await open(), await open()];
    const { browser: outsider } = await open();
    for (const { conn } of joined) agent.control({ type: 'join', conn, topic: 'run/1' });
    for (let n = 0; n < 200; n += 1) agent.text('t/run/1', JSON.stringify({ type: 'stdout', n }));
    for (const { browser } of joined) for (let n = 0; n < 200; n += 1) expect(await browser.next('stdout')).toEqual({ type: 'stdout', n });
    agent.control({ type: 'leave', conn: joined[0]?.conn ?? '', topic: 'run/1' });
    agent.text('t/run/1', JSON.stringify({ type: 'after' }));
    await joined[1]?.browser.next('after');
    expect(joined[0]?.browser.frames.rest).toEqual([]);
    expect(outsider.frames.rest).toEqual([]);
  });

  it('lets everybody leave a topic at one word', async () => {
    const watching = [await open(), await open()];
    for (const { conn } of watching) for (const topic of ['run/4', 'runs']) agent.control({ type: 'join', conn, topic });
    agent.text('t/run/4', '{"type":"end"}');
    for (const { browser } of watching) await browser.next('end');
    agent.control({ type: 'clear', topic: 'run/4' });
    agent.text('t/run/4', '{"type":"after"}');
    agent.text('t/runs', '{"type":"news"}');
    for (const { browser } of watching) expect(await browser.frames.take()).toEqual({ type: 'news' });
  });

  it('keeps sockets and subscriptions across an eviction of the object', async () => {
    const { browser, conn } = await open();
    agent.control({ type: 'join', conn, topic: 'run/2' });
    agent.text('t/run/2', '{"type":"before"}');
    await browser.next('before');
    await edge.mf.unsafeEvictDurableObject('toru', 'Host', { name: edge.host.id, webSockets: 'hibernate' });
    agent.text('t/run/2', '{"type":"after"}');
    expect(await browser.next('after')).toEqual({ type: 'after' });
    browser.send('{"type":"still"}');
    expect(await agent.texts.take()).toEqual({ topic: `c/${conn}`, payload: '{"type":"still"}' });
    expect((await edge.ask('/api/health')).json()).toMatchObject({ host_online: true });
  });

  it('answers the ping by itself, to browser and agent', async () => {
    const { browser } = await open();
    browser.send(PING);
    await browser.next('pong');
    expect(agent.texts.rest).toEqual([]);
    const pong = new Promise((resolve) => agent.socket.once('message', (data) => resolve(data.toString())));
    agent.socket.send(PING);
    expect(await pong).toBe('{"type":"pong"}');
  });

  it('tells the agent when a browser leaves', async () => {
    const { browser, conn } = await open();
    await browser.stop();
    expect(await agent.controls.take(({ type }) => type === 'closed')).toEqual({ type: 'closed', conn });
  });

  it('closes a socket at the agent’s word, with its code', async () => {
    const { browser, conn } = await open();
    agent.control({ type: 'close', conn, code: CLOSE.session_ended, reason: 'no' });
    expect(await browser.closed).toEqual({ code: CLOSE.session_ended, reason: 'no' });
  });

  it('says that the host went, and that it came back, and opens every socket again', async () => {
    const { browser, conn } = await open();
    agent.control({ type: 'join', conn, topic: 'run/3' });
    await agent.stop();
    const gone = await browser.next('host');
    expect(gone).toMatchObject({ online: false, last_seen: expect.stringMatching(/^20.*Z$/) });

    // These ask for nothing: a page that shows an error would show one for what nobody did.
    for (const about of [{ task_id: 'watched' }, { terminal_id: 'watched' }]) {
      browser.send({ type: 'ack', ...about, cursor: 1 });
      browser.send({ type: 'detach', ...about });
    }
    browser.send({ type: 'cancel', task_id: 'some task' });
    expect(await browser.next('error')).toMatchObject({ code: 'host_offline', task_id: 'some task' });
    browser.send({ type: 'run', script: 'x', request_id: 'some request' });
    expect(await browser.next('error')).toMatchObject({ code: 'host_offline', request_id: 'some request' });
    browser.send('not JSON');
    expect(await browser.next('error')).toMatchObject({ code: 'bad_json' });
    browser.send(`{"type":"run","request_id":"r","inputs":${'['.repeat(1000)}${']'.repeat(1000)}}`);
    expect(await browser.next('error')).toMatchObject({ code: 'bad_json' });
    browser.send('{"type": "ping"}');
    await browser.next('pong');

    agent = await FakeAgent.link(edge);
    expect(await agent.controls.take(({ type }) => type === 'open')).toMatchObject({ conn });
    expect(await browser.next('host')).toMatchObject({ online: true });
    // What the old link joined went with it.
    agent.text('t/run/3', '{"type":"stale"}');
    agent.text(`c/${conn}`, '{"type":"hello"}');
    await browser.next('hello');
    expect(browser.frames.rest).toEqual([]);
  });

  it('says “away” first to a browser that opens while the host is away', async () => {
    await agent.stop();
    const browser = await BrowserSocket.open(edge, cookie);
    expect(await browser.frames.take()).toMatchObject({ type: 'host', online: false });
    await browser.stop();
    agent = await FakeAgent.link(edge);
  });

  it('refuses a frame that is too large, or binary, and the socket lives', async () => {
    const { browser, conn } = await open();
    browser.send('x'.repeat(MAX_CLIENT_FRAME + 1));
    expect(await browser.next('error')).toMatchObject({ code: 'too_large' });
    browser.send('€'.repeat(MAX_CLIENT_FRAME / 3 + 1));
    expect(await browser.next('error')).toMatchObject({ code: 'too_large' });
    browser.socket.send(Buffer.from([1, 2, 3]));
    expect(await browser.next('error')).toMatchObject({ code: 'bad_frame' });
    browser.send('x'.repeat(MAX_CLIENT_FRAME));
    expect((await agent.texts.take()).topic).toBe(`c/${conn}`);
  });

  it('lets 300 frames in at once, then says so and closes', async () => {
    const { browser } = await open();
    for (let n = 0; n < 1000; n += 1) browser.send({ type: 'detach', n });
    expect(await browser.next('error')).toMatchObject({ code: 'too_many_requests' });
    expect((await browser.closed).code).toBe(CLOSE.too_fast);
  });

  it('holds no more for a user than a share that the agent has not read, over all sockets and sessions', async () => {
    agent = await FakeAgent.link(edge, edge.host, { credit: true });
    const name = 'large frames';
    const mine = [await open(await login(edge, name)), await open(await login(edge, name))];
    const arrived = new Map<string, number>();
    const take = async (count: number): Promise<void> => {
      for (let n = 0; n < count; n += 1) {
        const { topic, payload } = await agent.texts.take(({ payload: text }) => text.length > 1000);
        arrived.set(topic.slice(2), (arrived.get(topic.slice(2)) ?? 0) + payload.length);
      }
    };
    const large = 'x'.repeat(MAX_CLIENT_FRAME);
    const share = USER_FRAMES_WINDOW / MAX_CLIENT_FRAME;
    for (const { browser } of mine) {
      for (let n = 0; n < share; n += 1) browser.send(large);
      browser.send(`{"type":"cancel","task_id":"small"}`);
    }
    // A share arrives, and not a byte more; small ones pass beside it, whosever they are.
    await take(share);
    for (const { conn } of mine)
      expect(await agent.texts.take(({ payload }) => payload.includes('small'))).toMatchObject({ topic: `c/${conn}` });
    expect(agent.texts.rest).toEqual([]);
    const refused = () => mine.flatMap(({ browser }) => browser.frames.rest).filter((frame) => frame['code'] === 'too_many_requests');
    await expect.poll(() => refused().length).toBe(share);
    // Others have a share of their own.
    const other = await open(await login(edge, 'somebody else'));
    other.browser.send(large);
    expect(await agent.texts.take(({ payload }) => payload.length > 1000)).toMatchObject({ topic: `c/${other.conn}` });
    // What was read makes room, also of a connection that is over.
    await mine[0]?.browser.stop();
    agent.control({ type: 'credit', conns: Object.fromEntries(arrived) });
    agent.text(`c/${mine[1]?.conn}`, '{"type":"read"}');
    await mine[1]?.browser.next('read');
    for (let n = 0; n < share - 1; n += 1) mine[1]?.browser.send(large);
    await take(share - 1);
  });

  it('counts nothing of what an agent reads that does not say so', async () => {
    const { browser } = await open(await login(edge, 'before credit'));
    const large = 'x'.repeat(MAX_CLIENT_FRAME);
    for (let n = 0; n < 20; n += 1) browser.send(large);
    for (let n = 0; n < 20; n += 1) await agent.texts.take();
    expect(browser.frames.rest).toEqual([]);
  });

  it('lets a user say 900 things at once on all sockets together, and nobody else pays for it', async () => {
    const theirs = await login(edge, 'many sockets');
    const talking = [];
    // So many that even a busy machine says them in less than the time in which the bound gives room for as many.
    for (let n = 0; n < 18; n += 1) talking.push(await open(theirs));
    for (let n = 0; n < 250; n += 1) for (const { browser } of talking) browser.send({ type: 'detach', n });
    const closed = await Promise.race(talking.map(({ browser }) => browser.closed));
    expect(closed.code).toBe(CLOSE.too_fast);
    const other = await open(await login(edge, 'somebody else'));
    other.browser.send({ type: 'here' });
    await agent.texts.take(({ topic }) => topic === `c/${other.conn}`);
  });

  /** Their own bound takes a rate to reach that a busy machine does not have: worker/host/client-pace.test.ts. */
  it('counts acknowledgements apart', async () => {
    const { browser, conn } = await open();
    for (let n = 0; n < 2000; n += 1) browser.send({ type: 'ack', n });
    for (let n = 0; n < 2000; n += 1) expect((await agent.texts.take()).topic).toBe(`c/${conn}`);
  });

  it('lets a session hold 20 sockets', async () => {
    for (let n = 0; n < MAX_SOCKETS_PER_SESSION; n += 1) await open();
    const one = await BrowserSocket.open(edge, cookie);
    expect(await one.next('error')).toMatchObject({ code: 'too_many_requests' });
    expect((await one.closed).code).toBe(CLOSE.too_fast);
    await open(await login(edge, 'somebody else'));
  });

  it('lets a user hold 60 sockets, however many sessions they are spread over', async () => {
    const cookies = [cookie, await login(edge), await login(edge), await login(edge)];
    for (let n = 0; n < MAX_SOCKETS_PER_USER; n += 1) await open(cookies[n % cookies.length]);
    const one = await BrowserSocket.open(edge, cookie);
    expect(await one.next('error')).toMatchObject({ code: 'too_many_requests' });
    expect((await one.closed).code).toBe(CLOSE.too_fast);
    await open(await login(edge, 'somebody else'));
  });

  it('lets a socket be on 64 topics, and tells it when it is one too many', async () => {
    const { browser, conn } = await open();
    for (let n = 0; n < 65; n += 1) agent.control({ type: 'join', conn, topic: `run/${n}` });
    expect(await browser.next('error')).toMatchObject({ code: 'too_many_requests' });
    agent.text('t/run/64', '{"type":"no"}');
    agent.text('t/run/63', '{"type":"yes"}');
    await browser.next('yes');
    expect(browser.frames.rest).toEqual([]);
  });

  it('lets nobody subscribe but the agent', async () => {
    const { browser, conn } = await open();
    browser.send({ type: 'join', conn, topic: 'system' });
    browser.send(`control\0${JSON.stringify({ type: 'join', conn, topic: 'system' })}`);
    await agent.texts.take(({ payload }) => payload.startsWith('control'));
    agent.text('t/system', '{"type":"system"}');
    agent.text(`c/${conn}`, '{"type":"hello"}');
    await browser.next('hello');
    expect(browser.frames.rest).toEqual([]);
  });

  it('outlives what it does not understand from the agent', async () => {
    const { browser, conn } = await open();
    for (const odd of ['no topic', '\0', 'control\0{', 'control\0{"type":"later"}', 'x/y\0z', 't/nobody\0{}']) agent.socket.send(odd);
    for (const odd of [Buffer.alloc(0), Buffer.alloc(300, 1), Buffer.from('h/none\0D')]) agent.socket.send(odd);
    agent.text(`c/${conn}`, '{"type":"hello"}');
    await browser.next('hello');
  });

  it('opens no socket for another site’s page, nor without a session', async () => {
    await expect(BrowserSocket.open(edge, cookie, { origin: 'http://evil.example' })).rejects.toThrow('answered 403');
    await expect(BrowserSocket.open(edge, cookie, { origin: '' })).rejects.toThrow('answered 403');
    await expect(BrowserSocket.open(edge, '')).rejects.toThrow('answered 401');
    const named = await BrowserSocket.open(edge, cookie, { path: `/api/hosts/${edge.host.id}/ws` });
    sockets.push(named);
  });

  it('closes the sockets of sessions that the host revokes, at once, and ends those', async () => {
    const { browser, conn } = await open();
    const { browser: other } = await open(await login(edge, 'somebody else'));
    const opened = await agent.controls.take(({ type }) => type === 'open', 10).catch(() => null);
    expect(opened).toBeNull();
    const sid = await sidOf(cookie);
    agent.control({ type: 'revoke', id: 'r1', sids: [sid] });
    expect((await browser.closed).code).toBe(CLOSE.session_ended);
    expect(await agent.controls.take(({ type }) => type === 'closed')).toMatchObject({ conn });
    expect(await agent.controls.take(({ type }) => type === 'revoked')).toEqual({ type: 'revoked', id: 'r1' });
    expect((await edge.ask('/api/me', { headers: { cookie } })).status).toBe(401);
    expect(other.socket.readyState).toBe(other.socket.OPEN);
  });

  it('closes a session’s sockets when it logs out, and tells the host', async () => {
    const { browser } = await open();
    const answer = await edge.ask('/api/logout', { method: 'POST', headers: { ...SAME_ORIGIN, cookie } });
    expect(answer.status).toBe(204);
    expect((await browser.closed).code).toBe(CLOSE.session_ended);
    const request = await agent.requests.take(({ head }) => head.path === '/link/logout');
    expect(JSON.parse((await request.body()).toString())).toEqual({ sid: await sidOf(cookie) });
  });

  it('tells the host of a logout when it is back', async () => {
    await agent.stop();
    await edge.ask('/api/logout', { method: 'POST', headers: { ...SAME_ORIGIN, cookie } });
    agent = await FakeAgent.link(edge);
    const request = await agent.requests.take(({ head }) => head.path === '/link/logout');
    expect(JSON.parse((await request.body()).toString())).toEqual({ sid: await sidOf(cookie) });
  });

  it('renews a grant before it ends, once for many requests, and hands it to the open sockets', async () => {
    const [older, newer] = [fakeGrant(), fakeGrant()];
    let renewals = 0;
    agent.handle = (request) => {
      const expires_at = Date.now() + GRANT_RENEW_MS + 3_600_000;
      if (request.head.path === '/link/login') request.answer(200, { grant: older, user: userOf('admin'), auth_time: 1, expires_at });
      else if (request.head.path === '/link/renew') {
        renewals += 1;
        request.answer(200, { grant: newer, expires_at });
      } else request.answer(200, { grant: request.head.caller?.grant });
      return true;
    };
    const mine = await login(edge);
    const { conn } = await open(mine);
    // Time passes at Account: little is left of the grant.
    const accounts = await edge.mf.getDurableObjectNamespace('ACCOUNT');
    const account = accounts.get(accounts.idFromName('account'));
    if (!('renewed' in account) || typeof account.renewed !== 'function') throw new Error('no RPC');
    await account.renewed(await sidOf(mine), older, Date.now() + GRANT_RENEW_MS - 1000);
    const answers = await Promise.all(Array.from({ length: 10 }, () => edge.ask('/api/scripts', { headers: { cookie: mine } })));
    for (const answer of answers) expect(answer.json()).toEqual({ grant: newer });
    expect(renewals).toBe(1);
    expect(await agent.controls.take(({ type }) => type === 'grant')).toEqual({ type: 'grant', conn, grant: newer });
  });

  it('ends the session when the host does not renew it', async () => {
    agent.handle = (request) => {
      if (request.head.path === '/link/login')
        request.answer(200, { grant: fakeGrant(), user: userOf('admin'), auth_time: 1, expires_at: 2 });
      else request.refuse('session_expired');
      return true;
    };
    const mine = await login(edge);
    const answer = await edge.ask('/api/scripts', { headers: { cookie: mine } });
    expect([answer.status, answer.json()]).toMatchObject([401, { error: { code: 'session_expired' } }]);
    expect((await edge.ask('/api/me', { headers: { cookie: mine } })).status).toBe(401);
  });

  it('shows a new name of the host at once, and after an eviction', async () => {
    const named = z.object({ items: z.array(z.looseObject({ name: z.string() })) });
    const name = async () => named.parse((await edge.ask('/api/hosts', { headers: { cookie } })).json()).items[0]?.name;
    const { browser, conn } = await open();
    expect(await name()).toBe('test host');
    agent.control({ type: 'name', name: 'attic' });
    agent.text(`c/${conn}`, '{"type":"after"}');
    await browser.next('after');
    expect(await name()).toBe('attic');
    await edge.mf.unsafeEvictDurableObject('toru', 'Host', { name: edge.host.id, webSockets: 'hibernate' });
    expect(await name()).toBe('attic');
  });

  it('shows the last runs while the host is away: to an admin all, to a client their own', async () => {
    const client = await login(edge, 'client-a');
    const owner = userOf('client-a').id;
    for (let n = 0; n < 60; n += 1) agent.control({ type: 'run', run: summary(n, n === 59 ? owner : userOf('admin').id) });
    agent.control({ type: 'run', run: { ...summary(59, owner), state: 'exited', exit_code: 3 } });
    const { browser, conn } = await open();
    agent.text(`c/${conn}`, '{"type":"hello"}');
    await browser.next('hello');
    await agent.stop();
    const hosts = z.object({ items: z.array(z.looseObject({ recent_runs: z.array(z.looseObject({ task_id: z.string() })) })) });
    const [all] = hosts.parse((await edge.ask('/api/hosts', { headers: { cookie } })).json()).items;
    expect(all).toMatchObject({ id: edge.host.id, name: 'test host', online: false, version: '1.2.3', last_seen: expect.any(String) });
    expect(all?.recent_runs).toHaveLength(50);
    expect(all?.recent_runs[0]).toMatchObject({ state: 'exited', exit_code: 3 });
    const [own] = hosts.parse((await edge.ask('/api/hosts', { headers: { cookie: client } })).json()).items;
    expect(own?.recent_runs.map((run) => run['user_id'])).toEqual([owner]);
    agent = await FakeAgent.link(edge);
  });
});

function summary(n: number, user_id: string): RunSummary {
  const created_at = new Date(1_700_000_000_000 + n * 1000).toISOString();
  const task_id = `00000000-0000-4000-8000-${n.toString().padStart(12, '0')}`;
  return {
    task_id,
    user_id,
    action: null,
    label: `run ${n}`,
    state: 'running',
    exit_code: null,
    created_at,
    started_at: created_at,
    ended_at: null,
  };
}
