import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestReceiver, TestSubscription } from '../../agent/notify/receiver-harness.ts';
import type { Client } from '../harness/client.ts';
import { Stage } from './stage.ts';

/** Being told that a run ended, through a whole Toru, whatever happens to its parts meanwhile. */

describe('who is told', () => {
  let receiver: TestReceiver;
  let stage: Stage;
  let client: Client;

  beforeAll(async () => {
    receiver = await TestReceiver.listen();
    stage = await Stage.open({
      env: { TORU_TEST_PUSH_ORIGIN: receiver.origin },
      bindings: { TEST_PUSH_ORIGIN: receiver.origin, HOST_AWAY_AFTER_S: '5' },
    });
    client = await stage.client();
    const action = { id: 'plain', label: 'Plain', script: 'args.sh', args: ['a-secret-argument'] };
    expect((await client.http('POST', '/api/actions', action)).status).toBe(201);
  });
  afterAll(async () => {
    client?.close();
    await stage?.close();
    receiver?.close();
  });

  const bodies = (path: string): string[] => receiver.received.filter((one) => one.path === path).map(({ body }) => body.toString());

  async function register(who: Client, patch: object): Promise<{ phone: TestSubscription; path: string; texts: () => unknown[] }> {
    const phone = new TestSubscription(receiver.origin);
    const made = await who.http('POST', '/api/notify/devices', phone.registration);
    expect([made.status, made.text]).toEqual([201, expect.any(String)]);
    const changed = await who.http('PATCH', `/api/notify/devices/${made.json().id}`, patch);
    expect([changed.status, changed.text]).toEqual([200, expect.any(String)]);
    const path = new URL(phone.endpoint).pathname;
    const texts = (): unknown[] => receiver.received.filter((one) => one.path === path).map((one) => phone.read(one).notification['body']);
    return { phone, path, texts };
  }

  const run = async (): Promise<void> => expect((await client.http('POST', '/api/runs', { action: 'plain' })).status).toBe(202);

  it('a webhook hears of a run whose agent was killed before it could be told, once by its id', async () => {
    receiver.answer = (response) => response.writeHead(503).end();
    const saved = await client.http('PUT', '/api/notify/actions/plain/webhook', { url: `${receiver.origin}/hook`, when: 'always' });
    expect([saved.status, saved.text]).toEqual([200, expect.any(String)]);
    await run();
    await expect.poll(() => bodies('/hook').length).toBeGreaterThan(0);
    await stage.killAgent();
    const before = bodies('/hook').length;
    receiver.answer = null;
    await stage.startAgent();
    await stage.linked();
    await expect.poll(() => bodies('/hook').length).toBe(before + 1);
    const ids = receiver.received.filter(({ path }) => path === '/hook').map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size).toBe(1);
    expect(bodies('/hook').join()).not.toContain('a-secret-argument');
    expect((await client.http('DELETE', '/api/notify/actions/plain/webhook')).status).toBe(204);
  });

  it('a device hears how a run ended, until its session does', async () => {
    const other = await stage.client();
    const mine = await register(client, {});
    const ended = await register(other, {});
    await run();
    await expect.poll(mine.texts).toEqual(['Succeeded']);
    await expect.poll(ended.texts).toEqual(['Succeeded']);
    expect((await other.http('POST', '/api/logout', {})).status).toBeLessThan(300);
    await run();
    await expect.poll(mine.texts).toEqual(['Succeeded', 'Succeeded']);
    expect(ended.texts()).toEqual(['Succeeded']);
  });

  it('the edge tells a device that the host is away, and that it is back', async () => {
    const { texts } = await register(client, { host: true, own_runs: 'never' });
    // The edge has its messages when the host has sent them, which nobody sees.
    await new Promise((later) => setTimeout(later, 1500));
    await stage.killAgent();
    await expect.poll(texts, { timeout: 60_000 }).toEqual(['Away']);
    await stage.startAgent();
    await stage.linked();
    await expect.poll(texts, { timeout: 60_000 }).toEqual(['Away', 'Back']);
  });
});
