import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { PendingRun } from '../../shared/hosts.ts';
import { host } from '../../shared/hosts.ts';
import { MAX_PENDING_BYTES, MAX_PENDING_PER_USER } from '../../shared/limits.ts';
import type { Answer, TestEdge } from './edge.ts';
import { startEdge } from './edge.ts';
import type { FakeRequest } from './fake-agent.ts';
import { FakeAgent } from './fake-agent.ts';
import { BrowserSocket, login, SAME_ORIGIN } from './socket-client.ts';

describe('a run that is asked for while the host is away', () => {
  let edge: TestEdge;
  let agent: FakeAgent | null = null;
  let cookie: string;
  let client: string;
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());
  /** Two sessions, and then the host goes. */
  beforeEach(async () => {
    agent = await FakeAgent.link(edge);
    cookie = await login(edge);
    client = await login(edge, 'client-a');
    await leave();
  });
  afterEach(async () => {
    await leave();
    for (const { request_id } of await pending()) await cancel(request_id);
  });

  async function leave(): Promise<void> {
    await agent?.stop();
    agent = null;
  }

  const post = (body: object, who = cookie): Promise<Answer> =>
    edge.ask('/api/runs', { method: 'POST', headers: { ...SAME_ORIGIN, cookie: who }, body: JSON.stringify(body) });
  const queue = (request_id: string, more: object = {}, who = cookie): Promise<Answer> =>
    post({ action: 'backup', inputs: { a: 1 }, request_id, when_away: 'queue', ...more }, who);
  const cancel = (request_id: string, who = cookie): Promise<Answer> =>
    edge.ask(`/api/hosts/${edge.host.id}/pending/${request_id}`, { method: 'DELETE', headers: { ...SAME_ORIGIN, cookie: who } });

  async function pending(who = cookie): Promise<PendingRun[]> {
    const answer = await edge.ask('/api/hosts', { headers: { cookie: who } });
    return z.object({ items: z.array(host) }).parse(answer.json()).items[0]?.pending_runs ?? [];
  }

  /** The host is back. @returns the first request to start a run. */
  async function back(): Promise<{ request: FakeRequest; body: unknown }> {
    agent = await FakeAgent.link(edge);
    return started(agent);
  }

  async function started(host: FakeAgent): Promise<{ request: FakeRequest; body: unknown }> {
    const request = await host.requests.take(({ head }) => head.path === '/api/runs');
    return { request, body: JSON.parse((await request.body()).toString()) };
  }

  async function settled(request_id: string): Promise<PendingRun | undefined> {
    for (let round = 0; round < 1000; round += 1) {
      const run = (await pending()).find((one) => one.request_id === request_id);
      if (run?.state !== 'waiting') return run;
      await sleep(50);
    }
    throw new Error('It still waits.');
  }

  it('is not kept when it comes too late, and nor is a withdrawal done', async () => {
    const request_id = randomUUID();
    const late = new Date(Date.now() - 1000).toISOString();
    const soon = new Date(Date.now() + 60_000).toISOString();
    const answer = await queue(request_id, { not_after: late });
    expect([answer.status, answer.json()]).toMatchObject([412, { error: { code: 'too_late' } }]);
    expect(await pending()).toEqual([]);
    expect((await queue(request_id, { not_after: soon })).status).toBe(202);
    // A repetition of what was kept in time is answered as before.
    expect((await queue(request_id, { not_after: late })).status).toBe(202);
    const headers = { ...SAME_ORIGIN, cookie, 'toru-not-after': late };
    const withdrawn = await edge.ask(`/api/hosts/${edge.host.id}/pending/${request_id}`, { method: 'DELETE', headers });
    expect([withdrawn.status, withdrawn.json()]).toMatchObject([412, { error: { code: 'too_late' } }]);
    expect(await pending()).toHaveLength(1);
    const { body } = await back();
    expect(body).not.toHaveProperty('not_after');
  });

  it('is refused, unless it says otherwise', async () => {
    for (const body of [{ action: 'backup' }, { action: 'backup', request_id: randomUUID(), when_away: 'refuse' }]) {
      const answer = await post(body);
      expect([answer.status, answer.json()]).toMatchObject([503, { error: { code: 'host_offline' } }]);
    }
    expect(await pending()).toEqual([]);
  });

  it('is kept, shown, and started once under its session when the host is back', async () => {
    const id = randomUUID();
    const answer = await queue(id);
    expect([answer.status, answer.json()]).toMatchObject([202, { queued: true, request_id: id, expires_at: expect.stringMatching(/Z$/) }]);
    expect(await pending()).toMatchObject([{ request_id: id, state: 'waiting', action: 'backup', script: null, message: null }]);
    const { request, body } = await back();
    expect(body).toEqual({ action: 'backup', inputs: { a: 1 }, request_id: id });
    expect(request.head.caller?.grant).toMatch(/\./);
    const task_id = randomUUID();
    request.answer(202, { task_id, state: 'running' });
    expect(await settled(id)).toMatchObject({ state: 'started', task_id, message: null });
    expect(agent?.requests.rest.filter(({ head }) => head.path === '/api/runs')).toEqual([]);
  });

  it('is asked for again, under the same id, when the link broke before the answer', async () => {
    const id = randomUUID();
    await queue(id);
    await back();
    await leave();
    expect(await pending()).toMatchObject([{ request_id: id, state: 'waiting' }]);
    const { request, body } = await back();
    expect(body).toMatchObject({ request_id: id });
    request.answer(202, {});
    expect(await settled(id)).toBeUndefined();
  });

  it('survives an eviction of the object', async () => {
    const id = randomUUID();
    await queue(id);
    await edge.mf.unsafeEvictDurableObject('toru', 'Host', { name: edge.host.id });
    expect(await pending()).toMatchObject([{ request_id: id, state: 'waiting' }]);
    (await back()).request.answer(202, {});
    expect(await settled(id)).toBeUndefined();
  });

  it('is asked for again when it has started, and the host is away again', async () => {
    const id = randomUUID();
    await queue(id);
    const task_id = randomUUID();
    (await back()).request.answer(202, { task_id, state: 'running' });
    expect(await settled(id)).toMatchObject({ state: 'started', task_id });
    await leave();
    expect((await queue(id)).status).toBe(202);
    expect(await pending()).toMatchObject([{ request_id: id, state: 'waiting', task_id: null }]);
    (await back()).request.answer(202, { task_id, state: 'exited' });
    expect(await settled(id)).toMatchObject({ state: 'started', task_id });
  });

  it('is told of, each change, to its owner and the admins and to nobody else', async () => {
    agent = await FakeAgent.link(edge);
    const other = await login(edge, 'client-b');
    await leave();
    const [owner, admin, stranger] = await Promise.all([client, cookie, other].map((who) => BrowserSocket.open(edge, who)));
    const id = randomUUID();
    await queue(id, {}, client);
    for (const socket of [owner, admin]) await socket?.next('pending');
    await cancel(id, client);
    for (const socket of [owner, admin]) await socket?.next('pending');
    await queue(randomUUID(), {}, other);
    await stranger?.next('pending');
    await admin?.next('pending');
    expect([owner, stranger].map((socket) => socket?.frames.rest.filter(({ type }) => type === 'pending').length)).toEqual([0, 0]);
    for (const socket of [owner, admin, stranger]) await socket?.stop();
  });

  it('expires by itself, and is not started then', async () => {
    const id = randomUUID();
    await queue(id, { expires_s: 1 });
    expect(await settled(id)).toMatchObject({ state: 'expired', message: expect.stringContaining('in time') });
    agent = await FakeAgent.link(edge);
    await expect(agent.requests.take(({ head }) => head.path === '/api/runs', 300)).rejects.toThrow();
  });

  it('expires with the session that asked for it', async () => {
    const id = randomUUID();
    await queue(id, {}, client);
    await edge.ask('/api/logout', { method: 'POST', headers: { ...SAME_ORIGIN, cookie: client } });
    agent = await FakeAgent.link(edge);
    expect(await settled(id)).toMatchObject({ state: 'expired', message: 'The session that asked for it has ended.' });
    expect(agent.requests.rest.filter(({ head }) => head.path === '/api/runs')).toEqual([]);
  });

  it('shows why the host refused it', async () => {
    const id = randomUUID();
    await queue(id);
    (await back()).request.refuse('unknown_action');
    expect(await settled(id)).toMatchObject({ state: 'refused', message: 'unknown_action' });
  });

  it('can be cancelled, by its owner and by an admin', async () => {
    const [mine, theirs] = [randomUUID(), randomUUID()];
    await queue(mine);
    await queue(theirs, {}, client);
    expect((await pending(client)).map(({ request_id }) => request_id)).toEqual([theirs]);
    expect((await cancel(mine, client)).status).toBe(404);
    expect((await cancel(theirs)).status).toBe(204);
    expect((await cancel(mine)).status).toBe(204);
    expect((await cancel(mine)).status).toBe(404);
    expect(await pending()).toEqual([]);
  });

  it('is the same one when it is asked for again, and never another', async () => {
    const id = randomUUID();
    expect((await queue(id)).json()).toEqual((await queue(id)).json());
    const other = await queue(id, { inputs: { a: 2 } });
    expect([other.status, other.json()]).toMatchObject([409, { error: { code: 'request_id_reused' } }]);
    expect(await pending()).toHaveLength(1);
  });

  it('is bounded: an id, a day, 16 KiB, and so many a user', async () => {
    expect((await post({ action: 'backup', when_away: 'queue' })).status).toBe(400);
    const large = await queue(randomUUID(), { inputs: { a: 'x'.repeat(MAX_PENDING_BYTES) } });
    expect([large.status, large.json()]).toMatchObject([413, { error: { code: 'too_large' } }]);
    // Far larger, the edge does not read it at all: only the host could.
    const unread = await queue(randomUUID(), { inputs: { a: 'x'.repeat(10 * MAX_PENDING_BYTES) } });
    expect([unread.status, unread.json()]).toMatchObject([503, { error: { code: 'host_offline' } }]);
    expect((await queue(randomUUID(), { expires_s: 86_401 })).status).toBe(503);
    for (let n = 0; n < MAX_PENDING_PER_USER; n += 1) expect((await queue(randomUUID(), {}, client)).status).toBe(202);
    const full = await queue(randomUUID(), {}, client);
    expect([full.status, full.json()]).toMatchObject([429, { error: { code: 'queue_full' } }]);
    expect((await queue(randomUUID())).status).toBe(202);
  });

  it('is asked for on the socket too', async () => {
    const browser = await BrowserSocket.open(edge, cookie);
    const request_id = randomUUID();
    browser.send({ type: 'run', script: 'x.sh', args: ['a'], request_id, when_away: 'queue' });
    expect(await browser.next('queued')).toMatchObject({ request_id });
    browser.send({ type: 'run', script: 'x.sh', when_away: 'queue' });
    expect(await browser.next('error')).toMatchObject({ code: 'bad_request' });
    const { request, body } = await back();
    expect(body).toEqual({ script: 'x.sh', args: ['a'], request_id });
    request.answer(202, {});
    await browser.stop();
  });

  it('goes straight to the host when that is there', async () => {
    agent = await FakeAgent.link(edge);
    const answer = queue(randomUUID());
    const { request, body } = await started(agent);
    expect(body).toMatchObject({ when_away: 'queue' });
    request.answer(202, { task_id: 'x' });
    expect((await answer).json()).toEqual({ task_id: 'x' });
  });
});
