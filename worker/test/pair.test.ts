import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import type { AgentControl, LinkedMember } from '../../shared/link-protocol.ts';
import { MAX_PAIRINGS_PER_ADDRESS, pairAnswer, pairStatement } from '../../shared/pairing.ts';
import type { Answer, TestEdge, TestHostKey } from './edge.ts';
import { newHostKey, PUBLIC_ORIGIN, startEdge } from './edge.ts';
import { FakeAgent, userOf } from './fake-agent.ts';
import { login, SAME_ORIGIN, sidOf } from './socket-client.ts';

/** Requests to pair, as the edge counts them. What they say, the home host judges. */
describe('requests to pair', () => {
  let edge: TestEdge;
  let home: FakeAgent;
  /** So often the home host was asked. */
  let asked = 0;
  beforeAll(async () => {
    edge = await startEdge();
  });
  afterAll(() => edge.stop());
  beforeEach(async () => {
    asked = 0;
    await edge.forgetAccount();
    home = await FakeAgent.link(edge);
    home.handle = (request) => {
      if (request.head.path === '/link/pair-secret') {
        request.answer(204, null);
        return true;
      }
      if (request.head.path !== '/link/pair') return home.answerLogin(request);
      asked += 1;
      request.answer(200, { host: home.host.id, name: 'home', public_key: home.host.publicKey, nonce: 'ab'.repeat(32) });
      return true;
    };
  });
  afterEach(() => home.stop());

  const post = (path: string, body: object, address = '192.0.2.1'): Promise<Answer> =>
    edge.ask(path, { method: 'POST', headers: { ...SAME_ORIGIN, 'x-toru-peer': address }, body: JSON.stringify(body) });
  /** @param signer another key than the host's: a signature that is not its own. */
  const pair = (host = newHostKey(), address?: string, signer: Pick<TestHostKey, 'sign'> = host): Promise<Answer> => {
    const facts = { name: 'x', os_user: 'x', platform: 'linux x64', version: '1.0.0', nonce: 'ab'.repeat(32) };
    const said = { host: host.id, public_key: host.publicKey, ...facts };
    const signature = toBase64Url(signer.sign(purposed('pair', pairStatement(said, PUBLIC_ORIGIN))));
    return post('/api/pair', { ...said, signature }, address);
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

  it('withdrawn by who has the device code leave their place at once, and the home host is told; what was decided stays', async () => {
    const heard: string[] = [];
    const take = home.handle;
    home.handle = (request) => {
      if (request.head.path !== '/link/pair-withdraw') return take(request);
      void request.body().then((body) => {
        heard.push(JSON.parse(body.toString()).user_code);
        request.answer(204, null);
      });
      return true;
    };
    const [first, second] = await Promise.all(
      Array.from({ length: MAX_PAIRINGS_PER_ADDRESS }, async () => pairAnswer.parse((await pair()).json())),
    );
    if (first === undefined || second === undefined) throw new Error('unreachable');
    expect((await pair()).status).toBe(429);
    const withdraw = async (device_code: string): Promise<number> => (await post('/api/pair/withdraw', { device_code })).status;
    expect(await withdraw('A'.repeat(43))).toBe(204);
    expect((await pair()).status).toBe(429);
    expect([await withdraw(first.device_code), await withdraw(first.device_code)]).toEqual([204, 204]);
    expect(heard).toEqual([first.user_code]);
    expect((await pair()).status).toBe(200);
    home.control({ type: 'pairing', user_code: second.user_code, outcome: 'denied' });
    await expect.poll(async () => (await pair()).status).toBe(200);
    expect(await withdraw(second.device_code)).toBe(204);
    const outcome = await post('/api/pair/token', { device_code: second.device_code, secret: 'cd'.repeat(32) });
    expect(outcome.json()).toMatchObject({ error: { code: 'access_denied' } });
  });

  it('are kept thirty times in a row of one address, also where the same host asks over and over', async () => {
    const host = newHostKey();
    const before = asked;
    const codes: number[] = [];
    for (let time = 0; time < 32; time += 1) codes.push((await pair(host, '198.51.100.7')).status);
    expect(codes.slice(0, 30).every((status) => status === 200)).toBe(true);
    expect([codes.slice(30), asked - before]).toEqual([[429, 429], 30]);
    // From elsewhere it can be asked meanwhile.
    expect((await pair(newHostKey(), '203.0.113.7')).status).toBe(200);
  });

  it('take nothing from the host that they name, unless it signed them', async () => {
    const [host, stranger] = [newHostKey(), newHostKey()];
    const honest = pairAnswer.parse((await pair(host, '198.51.100.8')).json());
    const before = asked;
    const forged = await pair(host, '198.51.100.9', stranger);
    expect(forged.json()).toMatchObject({ error: { code: 'access_denied' } });
    // Under its id, by a key of their own.
    expect((await pair({ ...stranger, id: host.id }, '198.51.100.9')).status).toBe(200);
    expect(asked).toBe(before + 1);
    const { device_code } = honest;
    const waits = await post('/api/pair/token', { device_code, secret: 'cd'.repeat(32) });
    expect(waits.json()).toMatchObject({ error: { code: 'authorization_pending' } });
    const hasty = await post('/api/pair/token', { device_code, secret: 'cd'.repeat(32) });
    expect(hasty.json()).toMatchObject({ error: { code: 'slow_down' } });
  });

  it('wait on where somebody sends them again, and the home host will not have it', async () => {
    const host = newHostKey();
    const { device_code } = pairAnswer.parse((await pair(host, '198.51.100.8')).json());
    const take = home.handle;
    home.handle = (request) => {
      if (request.head.path !== '/link/pair') return take(request);
      request.refuse('conflict');
      return true;
    };
    expect((await pair(host, '198.51.100.9')).json()).toMatchObject({ error: { code: 'conflict' } });
    home.handle = take;
    const ask = async (code: string) => (await post('/api/pair/token', { device_code: code, secret: 'cd'.repeat(32) })).json();
    expect(await ask(device_code)).toMatchObject({ error: { code: 'authorization_pending' } });
    // One that the home host takes is in its place.
    const next = pairAnswer.parse((await pair(host, '198.51.100.9')).json());
    expect(await ask(device_code)).toMatchObject({ error: { code: 'expired_token' } });
    expect(await ask(next.device_code)).toMatchObject({ error: { code: 'authorization_pending' } });
  });

  it('and a host that says something else of itself all the time writes few rows for it', async () => {
    const cookie = await login(edge, 'admin');
    const heard = async (): Promise<void> => {
      home.control({ type: 'revoke', id: randomUUID(), sids: [] });
      await home.controls.take(({ type }) => type === 'revoked');
    };
    const name = async (): Promise<string> =>
      z.object({ items: z.tuple([z.object({ name: z.string() })]) }).parse((await edge.ask('/api/hosts', { headers: { cookie } })).json())
        .items[0].name;
    const sealed = { authorization: `vapid t=a.b.c, k=${'k'.repeat(87)}`, topic: 't', body: 'b' };
    const alert = (endpoint: string) => ({
      device: randomUUID(),
      sid: 'a'.repeat(64),
      endpoint,
      quiet: null,
      expires_at: Date.now(),
      away: sealed,
      back: sealed,
    });
    for (let at = 0; at < 20; at += 1) home.control({ type: 'name', name: `name ${at}` });
    await heard();
    expect(await name()).toBe('name 19');
    for (let at = 0; at < 200; at += 1) home.control({ type: 'alerts', alerts: [alert(`https://fcm.googleapis.com/${at}`)] });
    for (let at = 20; at < 220; at += 1) home.control({ type: 'name', name: `name ${at}` });
    await heard();
    expect(Number((await name()).split(' ')[1])).toBeLessThan(120);
  });

  const certificate = `e30.${'A'.repeat(86)}`;
  const members = (...all: LinkedMember[]): void => home.control({ type: 'members', members: all, directory: certificate, moves: [] });
  const member = ({ id, publicKey }: TestHostKey, roles: LinkedMember['roles'] = {}): LinkedMember => ({
    id,
    name: 'attic',
    public_key: publicKey,
    certificate,
    roles,
  });

  it('give no link to a key that counts no longer, by a place that it took before', async () => {
    const old = newHostKey();
    members(member(old));
    const early = await linked(() => FakeAgent.knock(edge, old));
    const next = { ...newHostKey(), id: old.id };
    members(member(next));
    // The edge has read that when the new key is let in.
    const late = await linked(() => FakeAgent.link(edge, next));
    await late.stop();
    early.prove(edge);
    expect((await early.closed).code).toBeGreaterThanOrEqual(4400);
    expect(early.controls.rest).toEqual([]);
  });

  it('are decided by the home host: a member that speaks as if it were that host changes nothing', async () => {
    const [there, other, stranger] = [newHostKey(), newHostKey(), newHostKey()];
    members(member(there), { ...member(other), name: 'barn' });
    const hostile = await linked(() => FakeAgent.link(edge, there));
    const cookie = await login(edge, 'admin');
    const hosts = async () => edge.ask('/api/hosts', { headers: { cookie } }).then((answer) => answer.json());
    const ids = { items: [edge.host, there, other].map(({ id }) => ({ id })) };
    await expect.poll(hosts).toMatchObject(ids);
    const { device_code, user_code } = pairAnswer.parse((await pair(stranger)).json());
    const ask = () => post('/api/pair/token', { device_code, secret: 'cd'.repeat(32) });
    // What the edge does with each of them, it does before it answers the last.
    const say = async (message: AgentControl): Promise<void> => {
      hostile.control(message);
      hostile.control({ type: 'revoke', id: 'after', sids: [await sidOf(cookie)] });
      await hostile.controls.take(({ type }) => type === 'revoked');
    };
    await say({ type: 'members', members: [member(there), member(stranger)], directory: `e30.${'B'.repeat(86)}`, moves: [] });
    await say({ type: 'pairing', user_code, outcome: 'approved' });
    await say({ type: 'pairing', user_code, outcome: 'denied' });
    expect((await ask()).json()).toMatchObject({ error: { code: 'authorization_pending' } });
    // Nobody's session is the member's to end, though it names it: `revoked` says that the edge took note of its own.
    expect(await hosts()).toMatchObject(ids);
    await expect(FakeAgent.knock(edge, stranger)).rejects.toThrow('answered 404');
    // The same from the home host counts.
    members(member(there), member(stranger));
    await expect.poll(hosts).toMatchObject({ items: [edge.host, there, stranger].map(({ id }) => ({ id })) });
    home.control({ type: 'pairing', user_code, outcome: 'denied' });
    await expect
      .poll(async () => (await ask()).json(), { interval: 1000, timeout: 30_000 })
      .toMatchObject({ error: { code: 'access_denied' } });
  });

  it('leave the runs that wait for a member to those who made them, where the asker is no admin there', async () => {
    const there = newHostKey();
    const [admin, maker] = [await login(edge, 'admin'), await login(edge, 'client-a')];
    members(member(there, { [userOf('admin').id]: 'client' }));
    const request_id = randomUUID();
    const headers = (cookie: string) => ({ ...SAME_ORIGIN, cookie });
    const body = JSON.stringify({ action: 'backup', request_id, when_away: 'queue' });
    const queue = () => edge.ask(`/api/hosts/${there.id}/runs`, { method: 'POST', headers: headers(maker), body });
    await expect.poll(async () => (await queue()).status).toBe(202);
    const cancel = (cookie: string) =>
      edge.ask(`/api/hosts/${there.id}/pending/${request_id}`, { method: 'DELETE', headers: headers(cookie) });
    expect((await cancel(admin)).status).toBe(404);
    expect((await cancel(maker)).status).toBe(204);
  });
});

/** As soon as the edge knows the host. */
async function linked(dial: () => Promise<FakeAgent>): Promise<FakeAgent> {
  const agents: FakeAgent[] = [];
  await expect
    .poll(async () =>
      agents.push(
        ...(await dial().then(
          (agent) => [agent],
          () => [],
        )),
      ),
    )
    .toBe(1);
  const [agent] = agents;
  if (agent === undefined) throw new Error('unreachable');
  return agent;
}
