import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ClaimRequest } from '../../shared/claim.ts';
import { claimAnswer, claimStatement } from '../../shared/claim.ts';
import { sha256Hex } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { newCode, readCode } from '../../shared/setup-code.ts';
import type { Answer, TestEdge, TestHostKey } from './edge.ts';
import { newHostKey, PUBLIC_ORIGIN, startEdge } from './edge.ts';
import { FakeAgent } from './fake-agent.ts';
import { login, SAME_ORIGIN } from './socket-client.ts';

/** SECURITY rule 10. */
describe('claiming a fresh deployment', () => {
  let edge: TestEdge;
  afterEach(() => edge.stop());

  const hashOf = (code: string): Promise<string> => sha256Hex(readCode(code) ?? '');

  /** An edge as on Cloudflare, with the hash of this code as its secret. */
  async function fresh(code: string | null, bindings: Record<string, string> = {}): Promise<void> {
    const secret = code === null ? {} : { SETUP_CODE_HASH: await hashOf(code) };
    edge = await startEdge({ EMBEDDED: '', FRONT_TOKEN: '', HOST_KEYS: '', ...secret, ...bindings });
  }

  function claim(setup_code: string, host: TestHostKey = newHostKey(), changes: Partial<ClaimRequest> = {}): Promise<Answer> {
    const said = { host: host.id, public_key: host.publicKey, name: 'cellar', nonce: 'ab'.repeat(32) };
    const signature = Buffer.from(host.sign(purposed('claim', claimStatement(said, PUBLIC_ORIGIN)))).toString('base64url');
    return edge.ask('/api/claim', {
      method: 'POST',
      headers: SAME_ORIGIN,
      body: JSON.stringify({ setup_code, ...said, signature, ...changes }),
    });
  }
  const codeOf = (answer: Answer): string => /"code":"(\w+)"/.exec(answer.text)?.[1] ?? answer.text;
  const pair = ({ id, publicKey }: TestHostKey = newHostKey()): Promise<Answer> => {
    const [nonce, signature] = ['ab'.repeat(32), 'A'.repeat(86)];
    const body = { host: id, public_key: publicKey, name: 'x', os_user: 'x', platform: 'linux x64', version: '1.0.0', nonce, signature };
    return edge.ask('/api/pair', { method: 'POST', headers: SAME_ORIGIN, body: JSON.stringify(body) });
  };
  const evict = (): Promise<void> => edge.mf.unsafeEvictDurableObject('toru', 'Account', { name: 'account' });

  it('makes the host that brings the code the home host, which links and answers logins; the code is used up', async () => {
    const code = newCode();
    await fresh(code);
    expect((await edge.ask('/api/health')).json()).toMatchObject({ ok: true, host_online: false, claimed: false });
    expect([(await pair()).status, codeOf(await pair())]).toEqual([409, 'unclaimed']);
    const host = newHostKey();
    const answer = await claim(code.toLowerCase().replaceAll('-', ' '), host);
    expect(answer.status, answer.text).toBe(200);
    const { host: claimed, recovery_code } = claimAnswer.parse(answer.json());
    expect(claimed).toBe(host.id);
    expect(readCode(recovery_code)).not.toBeNull();
    expect(readCode(recovery_code)).not.toBe(readCode(code));
    const agent = await FakeAgent.link(edge, host);
    expect((await edge.ask('/api/health')).json()).toMatchObject({ host_online: true, claimed: true });
    expect(await login(edge)).not.toBe('');
    for (const again of [await claim(code), await claim(code, host), await claim(newCode())])
      expect([again.status, codeOf(again)]).toEqual([403, 'claim_refused']);
    await agent.stop();
    // Whoever lost the answer is told what this host is, though it is away.
    const itself = await pair(host);
    expect([itself.status, codeOf(itself)]).toEqual([409, 'conflict']);
    expect(itself.text).toContain('toru service install --edge');
    // Of neither code more than a hash is kept.
    const files = readdirSync(edge.state, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const kept = files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1')).join('\n');
    expect(kept).toContain(host.publicKey);
    for (const secret of [code, recovery_code])
      for (const form of [secret, readCode(secret) ?? '']) expect(kept.toUpperCase()).not.toContain(form);
  });

  it('stays claimed when the object starts again, and takes no code then either', async () => {
    const code = newCode();
    await fresh(code);
    const host = newHostKey();
    expect((await claim(code, host)).status).toBe(200);
    await evict();
    expect(codeOf(await claim(code))).toBe('claim_refused');
    expect((await edge.ask('/api/claim')).status).toBe(405);
    await (await FakeAgent.link(edge, host)).stop();
    await expect(FakeAgent.knock(edge, newHostKey())).rejects.toThrow('answered 404');
  });

  it('lets one of many claims at once win', async () => {
    const code = newCode();
    await fresh(code);
    const hosts = Array.from({ length: 4 }, newHostKey);
    const answers = await Promise.all(hosts.map((host) => claim(code, host)));
    const won = hosts.filter((_, at) => answers[at]?.status === 200);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 403, 403, 403]);
    for (const host of hosts) {
      if (won.includes(host)) await (await FakeAgent.link(edge, host)).stop();
      else await expect(FakeAgent.knock(edge, host)).rejects.toThrow('answered 404');
    }
  });

  it('takes five tries a minute in all, side by side and across a restart, and then not even the right one', async () => {
    const code = newCode();
    await fresh(code);
    const wrong = await Promise.all(Array.from({ length: 8 }, () => claim(newCode())));
    expect(wrong.map(codeOf).sort()).toEqual([...Array(5).fill('claim_refused'), ...Array(3).fill('too_many_attempts')]);
    await evict();
    const late = await claim(code);
    expect([late.status, codeOf(late)]).toEqual([429, 'too_many_attempts']);
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(late.headers['retry-after'])).toBeLessThanOrEqual(60);
    expect((await edge.ask('/api/health')).json()).toMatchObject({ claimed: false });
  });

  it('counts neither a slip of the hand nor what is no claim', async () => {
    const code = newCode();
    await fresh(code);
    const slip = code.startsWith('7') ? code.replace('7', '8') : code.replace(/./, '7');
    for (let n = 0; n < 8; n += 1) expect((await claim(slip)).status).toBe(400);
    for (const bad of [
      { signature: 'A'.repeat(86) },
      { host: newHostKey().id },
      { name: 'another' },
      { public_key: 'short' },
      { setup_code: '' },
    ])
      expect((await claim(code, newHostKey(), bad)).status, JSON.stringify(bad)).toBe(400);
    expect((await claim(code)).status).toBe(200);
  });

  it.each([
    ['without a setup code', null, {}],
    ['with a secret that is no hash', null, { SETUP_CODE_HASH: 'the hash of your setup code' }],
    ['with hosts of HOST_KEYS', newCode(), { HOST_KEYS: `${newHostKey().id}:${newHostKey().publicKey}` }],
    ['with HOST_KEYS that says nothing that counts', newCode(), { HOST_KEYS: 'paste it here' }],
  ])('is refused %s', async (_what, code, bindings) => {
    await fresh(code, bindings);
    for (const tried of [code ?? newCode(), newCode()]) {
      const answer = await claim(tried);
      expect([answer.status, codeOf(answer)]).toEqual([403, 'claim_refused']);
    }
  });

  it('has no route at the edge of one machine, and nothing there is claimed by it', async () => {
    const code = newCode();
    edge = await startEdge({ SETUP_CODE_HASH: await hashOf(code) });
    for (const method of ['POST', 'GET']) {
      const answer = await edge.ask('/api/claim', { method, headers: SAME_ORIGIN, ...(method === 'POST' ? { body: '{}' } : {}) });
      expect([answer.status, codeOf(answer)]).toEqual([404, 'not_found']);
    }
    expect((await claim(code)).status).toBe(404);
  });
});
