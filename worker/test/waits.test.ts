import { setInterval as every, setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LINK_CLOSE } from '../../shared/link-protocol.ts';
import { CLOSE, PING } from '../../shared/wire.ts';
import type { TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { BrowserSocket, login, sidOf } from './socket-client.ts';

/** What takes its time, all at once. */
describe.concurrent('in the course of a minute', { timeout: 120_000 }, () => {
  let alive: TestEdge;
  let silent: TestEdge;
  let agent: FakeAgent;
  const stop = new AbortController();
  beforeAll(async () => {
    [alive, silent] = await Promise.all([startEdge(), startEdge()]);
    agent = await FakeAgent.link(alive);
    void keepAlive();
  });
  afterAll(async () => {
    stop.abort();
    await agent.stop();
    await Promise.all([alive.stop(), silent.stop()]);
  });

  async function keepAlive(): Promise<void> {
    try {
      for await (const _ of every(15_000, undefined, { signal: stop.signal })) agent.socket.send(PING);
    } catch {
      // Stopped.
    }
  }

  it('a link that went silent is known to be dead within 40 s', async () => {
    const quiet = await FakeAgent.link(silent);
    const browser = await BrowserSocket.open(silent, await login(silent));
    const asked = sleep(10_000).then(() => silent.ask('/api/health'));
    expect((await asked).json()).toMatchObject({ host_online: true });
    expect(await browser.frames.take(({ type }) => type === 'host', 40_000)).toMatchObject({ online: false });
    expect((await quiet.closed).code).toBe(LINK_CLOSE.too_slow);
    await browser.stop();
  });

  it('a link that only pings stays, and its object sleeps', async () => {
    await sleep(55_000);
    expect((await alive.ask('/api/health')).json()).toMatchObject({ host_online: true });
    expect(agent.socket.readyState).toBe(agent.socket.OPEN);
  });

  it('a session that ended unnoticed is found out', async () => {
    const cookie = await login(alive);
    const browser = await BrowserSocket.open(alive, cookie);
    const account = await alive.mf.getDurableObjectNamespace('ACCOUNT');
    const stub = account.get(account.idFromName('account'));
    // Behind the Host object's back: only the look-up can tell.
    if (!('endSessions' in stub) || typeof stub.endSessions !== 'function') throw new Error('no RPC');
    await stub.endSessions([await sidOf(cookie)]);
    expect((await browser.closed).code).toBe(CLOSE.session_ended);
  });

  it('a host that does not answer is not waited for: 504', async () => {
    const cookie = await login(alive, 'patient');
    const answer = await alive.ask('/api/stuck', { headers: { cookie } });
    expect([answer.status, answer.json()]).toMatchObject([504, { error: { code: 'host_timeout' } }]);
    const asked = await agent.requests.take(({ head }) => head.path === '/api/stuck');
    await asked.frames.take(({ kind }) => kind === 'abort');
  });
});
