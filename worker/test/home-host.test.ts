import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { claimAnswer, claimStatement } from '../../shared/claim.ts';
import { sha256Hex } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import type { LinkedMember } from '../../shared/link-protocol.ts';
import type { HomeMoveClaims } from '../../shared/members.ts';
import type { RecoveryRequest } from '../../shared/recovery.ts';
import { recoveryStatement } from '../../shared/recovery.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import type { Answer, TestEdge, TestHostKey } from './edge.ts';
import { newHostKey, PUBLIC_ORIGIN, startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { login, SAME_ORIGIN } from './socket-client.ts';

/** Which host is the home host, after it was claimed: the edge follows the old one's word, or the recovery code. */

const hashOf = (code: string): Promise<string> => sha256Hex(readCode(code) ?? '');
const codeOf = (answer: Answer): string => /"code":"(\w+)"/.exec(answer.text)?.[1] ?? answer.text;
const signedBy = (host: TestHostKey, bytes: Uint8Array): string => Buffer.from(host.sign(bytes)).toString('base64url');
const TOKEN = `e30.${'A'.repeat(86)}`;

let edge: TestEdge;
let home: TestHostKey;
let recovery = '';
let installation = '';

beforeEach(async () => {
  const setup_code = newCode();
  edge = await startEdge({ EMBEDDED: '', FRONT_TOKEN: '', HOST_KEYS: '', SETUP_CODE_HASH: await hashOf(setup_code) });
  home = newHostKey();
  const claim = { host: home.id, public_key: home.publicKey, name: 'vault', nonce: 'ab'.repeat(32) };
  const signature = signedBy(home, purposed('claim', claimStatement(claim, PUBLIC_ORIGIN)));
  const answer = await edge.ask('/api/claim', {
    method: 'POST',
    headers: SAME_ORIGIN,
    body: JSON.stringify({ ...claim, setup_code, signature }),
  });
  ({ installation, recovery_code: recovery } = claimAnswer.parse(answer.json()));
});
afterEach(() => edge.stop());

function memberOf({ id, publicKey }: TestHostKey, name: string): LinkedMember {
  return { id, name, public_key: publicKey, certificate: TOKEN, roles: {} };
}

/** The word of `from`, by its key: `to` is the home host from now on. */
function stepOf(from: TestHostKey, to: TestHostKey, changes: Partial<HomeMoveClaims> = {}): string {
  const claims: HomeMoveClaims = {
    v: 1,
    ins: installation,
    seq: 7,
    old_key: from.publicKey,
    new_key: to.publicKey,
    new_host: to.id,
    iat: 1,
    ...changes,
  };
  const bytes = Buffer.from(JSON.stringify(claims));
  return `${bytes.toString('base64url')}.${signedBy(from, purposed('home', bytes))}`;
}

async function hostsOf(cookie: string): Promise<string[]> {
  const answer = await edge.ask('/api/hosts', { headers: { cookie } });
  return Object(answer.json()).items.map(({ id }: { id: string }) => id);
}

/** Two members of the home host, linked, and everybody's view. */
async function withMembers(): Promise<{ there: TestHostKey; agents: { home: FakeAgent; member: FakeAgent; other: FakeAgent } }> {
  const [there, other] = [newHostKey(), newHostKey()];
  const atHome = await FakeAgent.link(edge, home);
  atHome.control({ type: 'members', members: [memberOf(there, 'attic'), memberOf(other, 'barn')], directory: TOKEN, moves: [] });
  const cookie = await login(edge);
  await expect.poll(() => hostsOf(cookie)).toEqual([home.id, there.id, other.id]);
  return { there, agents: { home: atHome, member: await FakeAgent.link(edge, there), other: await FakeAgent.link(edge, other) } };
}

describe('a home host that hands over', () => {
  it('is a member, and the other one the home host, in one step with all members', async () => {
    const { there, agents } = await withMembers();
    await agents.member.controls.take(({ type }) => type === 'directory');
    // Another host's step, one of another installation, one for another purpose: none leads anywhere.
    const wrong = [stepOf(there, there, { old_key: home.publicKey }), stepOf(home, there, { ins: randomUUID() }), TOKEN];
    const right = stepOf(home, there);
    const others = [memberOf(agents.other.host, 'barn')];
    agents.home.control({ type: 'members', members: [memberOf(there, 'attic'), ...others], directory: TOKEN, moves: wrong });
    agents.home.control({
      type: 'members',
      members: [...others, memberOf(home, 'vault')],
      directory: `e31.${'A'.repeat(86)}`,
      moves: [...wrong, right],
    });
    // The new one hears its step, the old one and the others what it signed.
    const heard = await agents.member.controls.take(({ type }) => type === 'home');
    expect(heard).toMatchObject({ moves: [...wrong, right] });
    for (const agent of [agents.home, agents.other])
      await agent.controls.take(
        (message) => message.type === 'directory' && message.directory.startsWith('e31') && message.key === there.publicKey,
      );
    const cookie = await login(edge);
    expect(await hostsOf(cookie)).toEqual([there.id, agents.other.host.id, home.id]);
    // What the old one says of the installation counts no longer, as after a restart of it; the new one's does.
    agents.home.control({ type: 'members', members: [], directory: TOKEN, moves: [right] });
    agents.member.control({ type: 'members', members: [memberOf(home, 'cellar')], directory: TOKEN, moves: [right] });
    await expect.poll(() => hostsOf(cookie)).toEqual([there.id, home.id]);
    // A new life of the object, and a new link of the new home host: it is so.
    await edge.mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });
    await agents.member.stop();
    const again = await FakeAgent.link(edge, there);
    await again.controls.take(({ type }) => type === 'home');
    expect(await hostsOf(cookie)).toEqual([there.id, home.id]);
  });

  it('reaches its members alone, and only it does', async () => {
    const { there, agents } = await withMembers();
    const ask = async (agent: FakeAgent, host: string) => {
      const id = randomUUID();
      agent.control({ type: 'handover', id, host, offer: null });
      return agent.controls.take((message) => message.type === 'handover' && message.id === id);
    };
    agents.member.handle = (request) => {
      if (request.head.path !== '/link/handover') return false;
      void request.body().then((body) => request.answer(200, { got: JSON.parse(body.toString()) }));
      return true;
    };
    expect(await ask(agents.home, there.id)).toMatchObject({ answer: { ok: true, value: { got: { offer: null } } } });
    expect(await ask(agents.home, randomUUID())).toMatchObject({ answer: { ok: false, code: 'unknown_host' } });
    expect(await ask(agents.home, home.id)).toMatchObject({ answer: { ok: false, code: 'unknown_host' } });
    expect(await ask(agents.other, there.id)).toMatchObject({ answer: { ok: false, code: 'not_home' } });
    await agents.member.stop();
    await expect.poll(async () => JSON.stringify(await ask(agents.home, there.id))).toContain('host_offline');
  });
});

it('is the one that the owner set, where HOST_KEYS says so: it hands over to nobody, and no step is followed', async () => {
  await edge.stop();
  const there = newHostKey();
  edge = await startEdge({ EMBEDDED: '', FRONT_TOKEN: '', HOST_KEYS: `${home.id}:${home.publicKey}` });
  const agent = await FakeAgent.link(edge, home);
  installation = agent.installation;
  agent.control({ type: 'members', members: [memberOf(there, 'attic')], directory: TOKEN, moves: [stepOf(home, there)] });
  const cookie = await login(edge);
  await expect.poll(() => hostsOf(cookie)).toEqual([home.id, there.id]);
  const id = randomUUID();
  agent.control({ type: 'handover', id, host: there.id, offer: null });
  expect(await agent.controls.take(({ type }) => type === 'handover')).toMatchObject({ id, answer: { ok: false, code: 'conflict' } });
});

/** SECURITY rules 6 and 10, for the recovery code. */
describe('a home host that was lost', () => {
  async function recover(code: string, host: TestHostKey, changes: Partial<RecoveryRequest> = {}): Promise<Answer> {
    const said = {
      host: host.id,
      public_key: host.publicKey,
      name: 'vault',
      next: await hashOf(newCode()),
      installation,
      nonce: 'cd'.repeat(32),
      ...changes,
    };
    const signature = changes.signature ?? signedBy(host, purposed('recover', recoveryStatement(said, PUBLIC_ORIGIN)));
    const body = JSON.stringify({ ...said, recovery_code: code, signature });
    return edge.ask('/api/recover', { method: 'POST', headers: SAME_ORIGIN, body });
  }

  it('gives its place to who brings the code: it is out, everybody is signed out, and the code is used up', async () => {
    const { there, agents } = await withMembers();
    const cookie = await login(edge);
    const found = { ...newHostKey(), id: home.id };
    const next = newCode();
    const answer = await recover(recovery.toLowerCase(), found, { next: await hashOf(next) });
    expect([answer.status, answer.json()]).toEqual([200, { installation, host: home.id }]);
    expect((await agents.home.closed).code).toBe(4411);
    const lost = await FakeAgent.knock(edge, home);
    lost.prove(edge);
    expect((await lost.closed).code).toBe(4403);
    expect((await edge.ask('/api/me', { headers: { cookie } })).status).toBe(401);
    // Used up, also for the one that brought it; the answer that was lost comes again.
    for (const host of [newHostKey(), found]) expect((await recover(recovery, host)).status).toBeGreaterThanOrEqual(400);
    expect(codeOf(await recover(recovery, found))).toBe('conflict');
    expect((await recover(recovery, found, { next: await hashOf(next) })).status).toBe(200);

    const agent = await FakeAgent.link(edge, found);
    agent.control({ type: 'members', members: [memberOf(there, 'attic')], directory: `e32.${'A'.repeat(86)}`, moves: [] });
    await agents.member.controls.take((message) => message.type === 'directory' && message.key === found.publicKey);
    expect(await hostsOf(await login(edge))).toEqual([home.id, there.id]);
    // And again, by the code that counts now, after a new life of the object.
    await edge.mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });
    const third = newHostKey();
    expect((await recover(next, third)).status).toBe(200);
    expect((await agent.closed).code).toBe(4411);
    await expect(FakeAgent.knock(edge, found)).rejects.toThrow('answered 404');
    const files = readdirSync(edge.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const kept = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
    for (const secret of [recovery, next]) expect(kept.toUpperCase()).not.toContain(readCode(secret) ?? '');
  });

  it('takes five tries a minute in all, and counts neither a slip of the hand nor what nobody signed', async () => {
    for (let n = 0; n < 6; n += 1)
      expect(
        (
          await recover(
            recovery.replace(/.$/, (last) => (last === '7' ? '8' : '7')),
            newHostKey(),
          )
        ).status,
      ).toBe(400);
    for (const bad of [{ signature: 'A'.repeat(86) }, { next: 'short' }, { name: '' }, { public_key: 'short' }])
      expect((await recover(recovery, newHostKey(), bad)).status, JSON.stringify(bad)).toBe(400);
    expect(codeOf(await recover(recovery, newHostKey(), { installation: randomUUID() }))).toBe('conflict');
    const wrong = await Promise.all(Array.from({ length: 7 }, () => recover(newCode(), newHostKey())));
    expect(wrong.map(codeOf).sort()).toEqual([...Array(5).fill('claim_refused'), ...Array(2).fill('too_many_attempts')]);
    await edge.mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });
    const late = await recover(recovery, newHostKey());
    expect([late.status, codeOf(late), Number(late.headers['retry-after']) > 0]).toEqual([429, 'too_many_attempts', true]);
    await (await FakeAgent.link(edge, home)).stop();
  });

  it('gives its place to one of many at once', async () => {
    const hosts = Array.from({ length: 4 }, newHostKey);
    const answers = await Promise.all(hosts.map((host) => recover(recovery, host)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
    await expect(FakeAgent.knock(edge, home)).rejects.toThrow('answered 404');
  });

  it('has no place to give where its owner decides, or nobody claimed it', async () => {
    await edge.stop();
    edge = await startEdge({ EMBEDDED: '', FRONT_TOKEN: '', HOST_KEYS: `${home.id}:${home.publicKey}` });
    expect(codeOf(await recover(recovery, newHostKey()))).toBe('claim_refused');
    await edge.stop();
    edge = await startEdge({ EMBEDDED: '', FRONT_TOKEN: '', HOST_KEYS: '' });
    expect(codeOf(await recover(recovery, newHostKey()))).toBe('claim_refused');
    await edge.stop();
    edge = await startEdge();
    expect((await recover(recovery, newHostKey())).status).toBe(404);
  });
});
