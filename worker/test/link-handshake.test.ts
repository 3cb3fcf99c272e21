import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { LINK_CLOSE, LINK_PATH } from '../../shared/link-protocol.ts';
import type { TestEdge } from './edge.ts';
import { newHostKey, startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { BrowserSocket, login } from './socket-client.ts';

/** Who may be the host. */
describe('the agent’s socket', () => {
  let edge: TestEdge;
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());

  it('lets the host in that was bound at the start', async () => {
    const agent = await FakeAgent.link(edge);
    const answer = await edge.ask('/api/health');
    expect(answer.json()).toMatchObject({ ok: true, host_online: true });
    await agent.stop();
  });

  it('knows no host that was not bound, and makes no object for it', async () => {
    await expect(FakeAgent.knock(edge, newHostKey())).rejects.toThrow('answered 404');
    expect(await edge.mf.listDurableObjectIds('HOST')).toHaveLength(1);
  });

  it.each([
    ['another key', { key: newHostKey() }, LINK_CLOSE.bad_proof],
    ['another origin', { origin: 'https://evil.example' }, LINK_CLOSE.bad_proof],
    ['another nonce', { nonce: '0'.repeat(64) }, LINK_CLOSE.bad_proof],
    ['another host’s id', { host: newHostKey().id }, LINK_CLOSE.unknown_host],
  ])('refuses a proof with %s', async (_what, changes, code) => {
    const agent = await FakeAgent.knock(edge);
    agent.prove(edge, changes);
    expect((await agent.closed).code).toBe(code);
  });

  it('refuses a proof that was made for an earlier challenge', async () => {
    const first = await FakeAgent.knock(edge);
    const second = await FakeAgent.knock(edge);
    second.prove(edge, { nonce: first.challenge });
    expect((await second.closed).code).toBe(LINK_CLOSE.bad_proof);
    first.socket.terminate();
  });

  it('takes one proof for one challenge', async () => {
    const agent = await FakeAgent.knock(edge);
    agent.prove(edge, { key: newHostKey() });
    agent.prove(edge);
    expect((await agent.closed).code).not.toBe(1000);
    expect((await edge.ask('/api/health')).json()).toMatchObject({ host_online: false });
  });

  it.each([
    ['something else than JSON', 'hello'],
    ['more than 4 KiB', JSON.stringify({ type: 'proof', name: 'x'.repeat(5000) })],
    ['a control frame', 'control\0{"type":"bye","reason":"x"}'],
  ])('closes on %s before the proof', async (_what, message) => {
    const agent = await FakeAgent.knock(edge);
    agent.socket.send(message);
    expect((await agent.closed).code).toBe(LINK_CLOSE.protocol);
  });

  it('holds at most 16 who have not proved themselves, and each for 10 s', async () => {
    const strangers = await Promise.all(Array.from({ length: 16 }, () => FakeAgent.knock(edge)));
    await expect(FakeAgent.knock(edge)).rejects.toThrow('answered 429');
    const closed = await Promise.all(strangers.map((stranger) => stranger.closed));
    expect(closed.map(({ code }) => code)).toEqual(Array.from({ length: 16 }, () => LINK_CLOSE.too_slow));
    const agent = await FakeAgent.link(edge);
    await agent.stop();
  });

  it('is not reached through the front', async () => {
    const socket = new WebSocket(`${edge.origin.replace('http', 'ws')}${LINK_PATH}?host=${edge.host.id}`, { headers: edge.frontHeaders() });
    const status = await new Promise((resolve) => socket.on('unexpected-response', (_request, response) => resolve(response.statusCode)));
    expect(status).toBe(404);
  });

  it('is the only thing that answers without the front', async () => {
    for (const path of ['/', '/api/health', '/api/login']) {
      const answer = await edge.ask(path, { headers: { 'x-toru-front': 'guessed' } });
      expect([path, answer.status]).toEqual([path, 403]);
      expect(answer.json()).toMatchObject({ error: { code: 'bad_host' } });
    }
  });

  it('replaces the old link when the host comes again', async () => {
    const old = await FakeAgent.link(edge);
    const cookie = await login(edge);
    const browser = await BrowserSocket.open(edge, cookie);
    const { conn } = await openOf(old);
    const agent = await FakeAgent.link(edge);
    expect((await old.closed).code).toBe(LINK_CLOSE.replaced);
    expect((await openOf(agent)).conn).toBe(conn);
    agent.text(`c/${conn}`, '{"type":"hello"}');
    await browser.next('hello');
    await browser.stop();
    await agent.stop();
  });
});

async function openOf(agent: FakeAgent): Promise<{ conn: string }> {
  const said = await agent.controls.take(({ type }) => type === 'open');
  if (said.type !== 'open') throw new Error('no open');
  return said;
}
