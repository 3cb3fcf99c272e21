import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostAlert } from '../../shared/link-protocol.ts';
import type { TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { login, SAME_ORIGIN, sidOf } from './socket-client.ts';

/** Devices are told by the edge that their host is away, and back, with messages that the host sealed. */

interface Pushed {
  path: string;
  body: string;
  encoding: string;
}

describe('while the host is away', () => {
  let service: Server;
  let origin: string;
  let edge: TestEdge;
  let agent: FakeAgent | null = null;
  let pushed: Pushed[];
  /** The status of the answers to come; 201 when there is none. */
  let answers: number[];

  beforeAll(async () => {
    service = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      const body = Buffer.concat(parts).toString('base64url');
      pushed.push({ path: request.url ?? '', body, encoding: String(request.headers['content-encoding']) });
      response.writeHead(answers.shift() ?? 201).end();
    }).listen(0, '127.0.0.1');
    await once(service, 'listening');
    const address = service.address();
    origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
    edge = await startEdge({ TEST_PUSH_ORIGIN: origin, HOST_AWAY_AFTER_S: '5' });
  });
  afterAll(async () => {
    await edge?.stop();
    service?.close();
  });
  beforeEach(() => {
    pushed = [];
    answers = [];
  });
  afterEach(async () => {
    agent?.control({ type: 'alerts', alerts: [] });
    await agent?.stop();
    agent = null;
  });

  const sealed = (body: string): HostAlert['away'] => ({
    authorization: `vapid t=a.b.c, k=${'k'.repeat(87)}`,
    topic: 'host',
    body: Buffer.from(body).toString('base64url'),
  });
  const alertOf = (sid: string, path: string, more: Partial<HostAlert> = {}): HostAlert => ({
    device: randomUUID(),
    sid,
    endpoint: `${origin}${path}`,
    quiet: null,
    expires_at: Date.now() + 3_600_000,
    away: sealed(`away ${path}`),
    back: sealed(`back ${path}`),
    ...more,
  });
  const texts = (): string[] => pushed.map(({ body }) => Buffer.from(body, 'base64url').toString()).sort();
  async function link(alerts: HostAlert[]): Promise<FakeAgent> {
    agent = await FakeAgent.link(edge);
    agent.control({ type: 'alerts', alerts });
    return agent;
  }

  it('each device is told once that it is away, and once that it is back', async () => {
    await link([]);
    const sid = await sidOf(await login(edge));
    const alerts = [alertOf(sid, '/a'), alertOf(sid, '/b')];
    agent?.control({ type: 'alerts', alerts });
    await agent?.stop();
    await expect.poll(texts).toEqual(['away /a', 'away /b']);
    expect(pushed[0]?.encoding).toBe('aes128gcm');
    await link(alerts);
    await expect.poll(texts).toEqual(['away /a', 'away /b', 'back /a', 'back /b']);
    // A moment without a link is nothing to tell.
    await agent?.stop();
    await link([...alerts, alertOf(sid, '/c')]);
    await expect.poll(texts).toHaveLength(4);
  });

  it('nobody is told whose session is over, or in their quiet hours, or at an address that is no push service’s', async () => {
    await link([]);
    const cookie = await login(edge);
    const sid = await sidOf(await login(edge));
    const quiet = { from: '00:00', to: '00:00', time_zone: 'Europe/Berlin' };
    agent?.control({
      type: 'alerts',
      alerts: [
        alertOf(await sidOf(cookie), '/logged-out'),
        alertOf(randomBytes(32).toString('hex'), '/nobody'),
        alertOf(sid, '/quiet', { quiet }),
        alertOf(sid, '/expired', { expires_at: Date.now() - 1 }),
        alertOf(sid, '/elsewhere', { endpoint: `${origin.replace('127.0.0.1', 'localhost')}/elsewhere` }),
        alertOf(sid, '/told'),
      ],
    });
    await agent?.stop();
    expect((await edge.ask('/api/logout', { method: 'POST', headers: { ...SAME_ORIGIN, cookie }, body: '{}' })).status).toBeLessThan(300);
    await expect.poll(texts).toEqual(['away /told']);
  });

  it('a service that fails is asked again; one that calls the device gone is not', async () => {
    await link([]);
    const sid = await sidOf(await login(edge));
    answers = [410];
    agent?.control({ type: 'alerts', alerts: [alertOf(sid, '/gone')] });
    await agent?.stop();
    await expect.poll(texts).toEqual(['away /gone']);
    answers = [500];
    await link([alertOf(sid, '/again')]);
    await agent?.stop();
    // The second try comes within a minute, by the alarm of a busy machine.
    await expect.poll(texts, { timeout: 240_000 }).toEqual(['away /again', 'away /again', 'away /gone']);
  }, 300_000);
});
