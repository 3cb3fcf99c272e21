import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_PAIRINGS_PER_ADDRESS, pairAnswer } from '../../shared/pairing.ts';
import type { Answer, TestEdge } from './edge.ts';
import { newHostKey, startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { SAME_ORIGIN } from './socket-client.ts';

/** Requests to pair, as the edge counts them. What they say, the home host judges. */
describe('requests to pair', () => {
  let edge: TestEdge;
  let home: FakeAgent;
  beforeEach(async () => {
    edge = await startEdge();
    home = await FakeAgent.link(edge);
    home.handle = (request) => {
      if (request.head.path !== '/link/pair') return false;
      request.answer(200, { host: home.host.id, name: 'home', public_key: home.host.publicKey, nonce: 'ab'.repeat(32) });
      return true;
    };
  });
  afterEach(async () => {
    await home?.stop();
    await edge?.stop();
  });

  const post = (path: string, body: object): Promise<Answer> =>
    edge.ask(path, { method: 'POST', headers: SAME_ORIGIN, body: JSON.stringify(body) });
  const pair = (host = randomUUID()): Promise<Answer> => {
    const [nonce, signature] = ['ab'.repeat(32), 'A'.repeat(86)];
    const facts = { name: 'x', os_user: 'x', platform: 'linux x64', version: '1.0.0' };
    return post('/api/pair', { host, public_key: newHostKey().publicKey, ...facts, nonce, signature });
  };

  it('are revealed once more to a home host that came back, which may have forgotten them', async () => {
    const { device_code } = pairAnswer.parse((await pair()).json());
    const secrets: string[] = [];
    let knows = true;
    const take = home.handle;
    home.handle = (request) => {
      if (request.head.path !== '/link/pair-secret') return take(request);
      secrets.push(request.head.path);
      if (knows) request.answer(204, null);
      else request.refuse('expired_token');
      return true;
    };
    const handle = home.handle;
    const ask = () => post('/api/pair/token', { device_code, secret: 'cd'.repeat(32) });
    expect((await ask()).json()).toMatchObject({ error: { code: 'authorization_pending' } });
    await home.stop();
    home = await FakeAgent.link(edge);
    home.handle = handle;
    knows = false;
    // An edge that is asked too soon says so, and asks nobody.
    await expect
      .poll(async () => (await ask()).json(), { interval: 5000, timeout: 30_000 })
      .toMatchObject({ error: { code: 'expired_token' } });
    expect(secrets.length).toBe(2);
    home.handle = take;
  });

  it('wait, three of one address; one that was decided leaves its place to the next, and still hears what was decided', async () => {
    const open = await Promise.all(Array.from({ length: MAX_PAIRINGS_PER_ADDRESS }, () => pair()));
    expect(open.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await pair();
    expect([refused.status, refused.json()]).toEqual([429, { error: expect.objectContaining({ code: 'too_many_requests' }) }]);
    const [first] = open.map((answer) => pairAnswer.parse(answer.json()));
    if (first === undefined) throw new Error('unreachable');
    home.control({ type: 'pairing', user_code: first.user_code, outcome: 'denied' });
    await expect.poll(async () => (await pair()).status).toBe(200);
    const outcome = await post('/api/pair/token', { device_code: first.device_code, secret: 'cd'.repeat(32) });
    expect(outcome.json()).toMatchObject({ error: { code: 'access_denied' } });
    expect((await pair()).status).toBe(429);
  });
});
