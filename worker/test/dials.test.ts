import { createPublicKey, randomBytes, verify } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { purposed } from '../../shared/grant.ts';
import { UNPROVEN_SOCKETS } from '../../shared/limits.ts';
import { LINK_CLOSE, LINK_DIAL_HEADER, LINK_PATH, linkStatement } from '../../shared/link-protocol.ts';
import type { TestEdge } from './edge.ts';
import { newHostKey, startEdge } from './edge.ts';
import { dialHeader, FakeAgent } from './fake-agent.ts';

/** An Ed25519 key in SPKI DER is this prefix and the 32 raw bytes (RFC 8410, section 4). */
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** A host that says in its upgrade request who it is, beside strangers who know its id. */
describe('a dial that is signed', () => {
  let edge: TestEdge;
  const sockets: WebSocket[] = [];
  beforeAll(async () => {
    // As on Cloudflare, where every address is another one.
    edge = await startEdge({ EMBEDDED: '' });
  });
  afterAll(async () => {
    for (const socket of sockets) socket.terminate();
    await edge.stop();
  });

  /** @returns the status that it was answered with; 101 for a socket, which stays open. */
  function dial(headers: Record<string, string>): Promise<number> {
    const socket = new WebSocket(`${edge.origin.replace('http', 'ws')}${LINK_PATH}?host=${edge.host.id}`, { headers });
    sockets.push(socket);
    return new Promise((resolve) => {
      socket.on('open', () => resolve(101));
      socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
      socket.on('error', () => undefined);
    });
  }
  const from = (address: string): Record<string, string> => ({ 'cf-connecting-ip': address });
  const signed = (time?: number, nonce?: string): Record<string, string> => ({
    [LINK_DIAL_HEADER]: dialHeader(edge, edge.host, time, nonce),
  });
  const open = (): number => sockets.filter((socket) => socket.readyState === WebSocket.OPEN).length;

  it('links at once, every time, while a stranger who knows the id dials 80 times a second', async () => {
    let dials = 0;
    const flood = setInterval(() => {
      dials += 1;
      void dial(from('192.0.2.1'));
    }, 1000 / 80);
    await expect.poll(() => dials).toBeGreaterThan(40);
    // One agent that comes back: what is asked of another one is not what is looked at here.
    const process = randomBytes(16).toString('hex');
    for (let n = 0; n < 20 || dials < 100; n += 1) {
      const agent = await FakeAgent.knock(edge, edge.host, signed());
      agent.prove(edge, { process });
      expect((await agent.controls.take(({ type }) => type === 'welcome')).type).toBe('welcome');
      await agent.stop();
    }
    clearInterval(flood);
  });

  it('is answered with the edge’s own proof, by the same key each time', async () => {
    const keys = new Set<string>();
    for (let n = 0; n < 3; n += 1) {
      const agent_nonce = randomBytes(32).toString('hex');
      const agent = await FakeAgent.knock(edge, edge.host, signed(Date.now(), agent_nonce));
      const { key = '', signature = '' } = agent.edge ?? {};
      keys.add(key);
      const said = { edge_nonce: agent.challenge, agent_nonce, origin: edge.origin, installation: agent.installation, host: edge.host.id };
      const publicKey = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, Buffer.from(key, 'base64url')]), type: 'spki', format: 'der' });
      expect(verify(null, purposed('edge', linkStatement(said)), publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
      agent.socket.terminate();
    }
    expect(keys.size).toBe(1);
    const stranger = await FakeAgent.knock(edge);
    expect(stranger.edge).toBeUndefined();
    stranger.socket.terminate();
  });

  it.each([
    ['too early', -120_000],
    ['too late', 120_000],
  ])('%s is refused with the time of the edge', async (_what, off) => {
    const said = await new Promise((resolve) => {
      const headers = signed(Date.now() + off);
      const socket = new WebSocket(`${edge.origin.replace('http', 'ws')}${LINK_PATH}?host=${edge.host.id}`, { headers });
      socket.on('error', () => undefined);
      socket.on('unexpected-response', (_request, response) => {
        void text(response).then((body) => resolve([response.statusCode, JSON.parse(body)]));
      });
    });
    expect(said).toMatchObject([401, { error: { code: 'clock_skew', now: expect.any(Number) } }]);
  });

  it('counts once, and only for its own host: repeated or of another key it is a stranger’s', async () => {
    const fill = async (): Promise<void> => {
      while ((await dial(from('192.0.2.9'))) === 101);
    };
    await fill();
    const once = signed();
    expect(await dial({ ...from('192.0.2.9'), ...once })).toBe(101);
    await fill();
    expect(await dial({ ...from('192.0.2.9'), ...once })).toBe(429);
    expect(await dial({ ...from('192.0.2.9'), [LINK_DIAL_HEADER]: dialHeader(edge, { ...newHostKey(), id: edge.host.id }) })).toBe(429);
  });

  it('strangers hold 16 places together, from however many addresses they come: the oldest gives way', async () => {
    for (let n = 0; n < 40; n += 1) expect(await dial(from(`198.51.100.${100 + n}`))).toBe(101);
    await expect.poll(open).toBe(UNPROVEN_SOCKETS);
    expect(new Set(sockets.slice(-UNPROVEN_SOCKETS).map(({ readyState }) => readyState))).toEqual(new Set([WebSocket.OPEN]));
    for (const socket of sockets.splice(0)) socket.terminate();
  });

  it('no address of strangers holds all places against an older agent, which signs nothing', async () => {
    while ((await dial(from('198.51.100.1'))) === 101);
    expect(open()).toBeGreaterThan(0);
    const older = await FakeAgent.knock(edge, edge.host, from('203.0.113.5'));
    older.prove(edge);
    await older.controls.take(({ type }) => type === 'welcome');
    await older.stop();
  });
});

describe('two agents with one key', () => {
  let edge: TestEdge;
  beforeAll(async () => {
    edge = await startEdge({ EMBEDDED: '' });
  });
  afterAll(() => edge.stop());

  async function second(process?: string): Promise<FakeAgent> {
    const agent = await FakeAgent.knock(edge, edge.host, {
      [LINK_DIAL_HEADER]: dialHeader(edge, edge.host),
      'cf-connecting-ip': '203.0.113.7',
    });
    agent.prove(edge, process === undefined ? {} : { process });
    return agent;
  }

  it('the one that is linked and answers stays, hears of the other, and the other is refused', async () => {
    const first = await FakeAgent.link(edge);
    first.alive = true;
    const other = await second();
    expect((await other.closed).code).toBe(LINK_CLOSE.duplicate_host);
    const told = await first.controls.take(({ type }) => type === 'duplicate');
    expect(told).toMatchObject({ address: '203.0.113.7', name: 'test host' });
    expect((await edge.ask('/api/health')).json()).toMatchObject({ host_online: true });
    await first.stop();
  });

  it('the same process that comes back takes its own place at once', async () => {
    const process = randomBytes(16).toString('hex');
    const first = await second(process);
    await first.controls.take(({ type }) => type === 'welcome');
    first.alive = true;
    const again = await second(process);
    await again.controls.take(({ type }) => type === 'welcome');
    expect((await first.closed).code).toBe(LINK_CLOSE.replaced);
    await again.stop();
  });

  it('one that does not answer in time gives way', async () => {
    const silent = await FakeAgent.link(edge);
    const other = await second();
    await other.controls.take(({ type }) => type === 'welcome');
    expect((await silent.closed).code).toBe(LINK_CLOSE.replaced);
    await other.stop();
  });
});
