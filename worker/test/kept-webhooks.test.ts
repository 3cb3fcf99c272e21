import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { host } from '../../shared/hosts.ts';
import type { LinkWebhook } from '../../shared/webhooks.ts';
import { linkWebhook, MAX_KEPT_BYTES, MAX_KEPT_PER_ADDRESS, MAX_KEPT_PER_HOOK } from '../../shared/webhooks.ts';
import type { Answer, TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import type { FakeRequest } from './fake-agent.ts';
import { FakeAgent } from './fake-agent.ts';
import { login } from './socket-client.ts';

const LIMIT = { timeout: 30_000 };

describe('a request to a hook whose host is away', () => {
  let edge: TestEdge;
  let agent: FakeAgent | null = null;
  let cookie: string;
  /** A new one for each test: what was kept for another is not in the way. */
  let hook: string;
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());
  beforeEach(async () => {
    hook = `hook-${randomUUID().slice(0, 8)}`;
    agent = await FakeAgent.link(edge);
    cookie = await login(edge);
    agent.control({ type: 'kept_hooks', names: [hook] });
    await leave();
  });
  afterEach(async () => {
    // Whatever still waits is answered.
    agent ??= await FakeAgent.link(edge);
    const last = agent;
    for (const request of last.requests.rest) request.answer(200, started());
    last.handle = (request) => {
      if (request.head.path === '/link/webhook') request.answer(200, started());
      return last.answerLogin(request);
    };
    await expect.poll(kept, LIMIT).toEqual([]);
    await leave();
  });

  async function leave(): Promise<void> {
    await agent?.stop();
    agent = null;
  }

  function send(name: string, body: string, options: { method?: string; address?: string; path?: string } = {}): Promise<Answer> {
    const { method = 'POST', address = '192.0.2.1', path = '' } = options;
    const rest = method === 'GET' ? {} : { body };
    return edge.ask(`${path}/hooks/${name}`, { method, headers: { 'x-toru-peer': address }, ...rest });
  }

  async function kept(): Promise<{ name: string; count: number }[]> {
    const answer = await edge.ask('/api/hosts', { headers: { cookie } });
    return z.object({ items: z.array(host) }).parse(answer.json()).items[0]?.kept_webhooks ?? [];
  }

  const started = () => ({ job_id: randomUUID(), trigger: 't', task: 't', ended: null, wait_s: 0 });

  /** The next that the host gets. */
  async function delivered(): Promise<{ request: FakeRequest; asked: LinkWebhook; text: string }> {
    const request = await (agent ?? expect.fail('no agent')).requests.take(({ head }) => head.path === '/link/webhook');
    const asked = linkWebhook.parse(JSON.parse((await request.body()).toString()));
    return { request, asked, text: Buffer.from(asked.body, 'base64').toString() };
  }

  it('is kept where its hook says so, and delivered in order when the host is back, each with its time and until it is answered', async () => {
    const before = Date.now();
    for (const n of [1, 2, 3]) {
      const answer = await send(hook, String(n));
      expect([answer.status, answer.json()]).toEqual([202, { kept: true, expires_at: expect.stringMatching(/Z$/) }]);
    }
    expect(await kept()).toMatchObject([{ name: hook, count: 3 }]);
    agent = await FakeAgent.link(edge);
    const first = await delivered();
    expect(first.text).toBe('1');
    expect(first.asked.kept?.arrived_at).toBeGreaterThanOrEqual(before - 1000);
    expect(await kept()).toMatchObject([{ name: hook, count: 3 }]);
    // The link breaks before the answer: it comes again, as the same.
    await leave();
    agent = await FakeAgent.link(edge);
    const again = await delivered();
    expect(again.asked).toEqual(first.asked);
    again.request.answer(200, started());
    const second = await delivered();
    expect(second.text).toBe('2');
    // A host that refuses it has answered.
    second.request.refuse('invalid_credentials');
    const third = await delivered();
    expect(third.text).toBe('3');
    third.request.answer(200, started());
    await expect.poll(kept, LIMIT).toEqual([]);
    expect(agent.requests.rest.filter(({ head }) => head.path === '/link/webhook')).toEqual([]);
  });

  it('waits behind those that came before it, also when the host is back', async () => {
    await send(hook, '1');
    agent = await FakeAgent.link(edge);
    const first = await delivered();
    expect((await send(hook, '2')).json()).toMatchObject({ kept: true });
    first.request.answer(200, started());
    const second = await delivered();
    expect(second.text).toBe('2');
    second.request.answer(200, started());
  });

  it('is kept under the id that it had, when the link breaks before the host has answered', async () => {
    agent = await FakeAgent.link(edge);
    const answer = send(hook, '1');
    const first = await delivered();
    await leave();
    expect((await answer).json()).toMatchObject({ kept: true });
    agent = await FakeAgent.link(edge);
    const again = await delivered();
    expect(again.asked).toEqual(first.asked);
    again.request.answer(200, started());
  });

  it('is not kept for a hook that does not say so, for GET, or when it is too large: 503, with the time to come again', async () => {
    const refused = [await send('another', '1'), await send(hook, '', { method: 'GET' }), await send(hook, 'x'.repeat(MAX_KEPT_BYTES + 1))];
    for (const answer of refused) {
      expect([answer.status, answer.json()]).toMatchObject([503, { error: { code: 'host_offline' } }]);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    expect(await kept()).toEqual([]);
  });

  it('is kept up to what a hook, and an address, may have; nor does an eviction lose any', async () => {
    /** Its paces are the object's memory. */
    const evict = () => edge.mf.unsafeEvictDurableObject('toru', 'Host', { name: edge.host.id });
    const codes = async (address: string, count: number) =>
      (await Promise.all(Array.from({ length: count }, () => send(hook, 'x', { address })))).map(({ status }) => status);
    for (let sent = 0; sent < MAX_KEPT_PER_ADDRESS; sent += 10) {
      expect(new Set(await codes('192.0.2.1', 10))).toEqual(new Set([202]));
      await evict();
    }
    // An address has its share: another one still gets in.
    expect(await codes('192.0.2.1', 1)).toEqual([503]);
    for (let sent = MAX_KEPT_PER_ADDRESS; sent < MAX_KEPT_PER_HOOK; sent += 10)
      expect(new Set(await codes(`192.0.2.${100 + sent}`, 10))).toEqual(new Set([202]));
    const full = await send(hook, 'x', { address: '198.51.100.1' });
    expect([full.status, Number(full.headers['retry-after'])]).toEqual([503, 60]);
    expect(await kept()).toMatchObject([{ name: hook, count: MAX_KEPT_PER_HOOK }]);
  });

  it('is paced like any other', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => send(hook, 'x', { address: '203.0.113.9' })));
    expect(answers.some(({ status }) => status === 429)).toBe(true);
  });

  it('is kept for the host that its address names, and an unknown one has no hooks', async () => {
    expect((await send(hook, '1', { path: `/h/${edge.host.id}` })).status).toBe(202);
    expect((await send(hook, '1', { path: `/h/${randomUUID()}` })).status).toBe(404);
    expect((await send(hook, '1', { path: `/h/${edge.host.id}`, method: 'DELETE' })).status).toBe(405);
    expect(await kept()).toMatchObject([{ name: hook, count: 1 }]);
  });

  it('is shown to admins alone', async () => {
    await send(hook, '1');
    agent = await FakeAgent.link(edge);
    const client = await login(edge, 'client-a');
    const answer = await edge.ask('/api/hosts', { headers: { cookie: client } });
    expect(z.object({ items: z.array(host) }).parse(answer.json()).items[0]?.kept_webhooks).toEqual([]);
  });
});
