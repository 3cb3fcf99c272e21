import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tools/root.ts';
import { bareEnvironment } from '../harness/bare-environment.ts';
import { Client } from '../harness/client.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** The login of a whole Toru behind a proxy of its owner, while somebody floods it. */

const PASSWORD = 'a password that nobody else has';

let toru: Toru;

beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_USERNAME: 'owner', ADMIN_PASSWORD: PASSWORD, TORU_TRUSTED_PROXIES: '127.0.0.0/8' } });
});
afterAll(async () => {
  await toru?.[Symbol.asyncDispose]();
});

test('a weak ADMIN_PASSWORD is taken, and said on the console', async () => {
  await using weak = await startToru({ env: { ADMIN_PASSWORD: 'letmein1' } });
  expect(weak.output()).toContain('ADMIN_PASSWORD is weak');
  expect(weak.output()).not.toContain('letmein1');
  expect((await new Client(weak.url).login('admin', 'letmein1')).status).toBe(200);
  expect(toru.output()).not.toContain('is weak');
});

/** A login as it comes through the proxy. */
function login(username: string, password: string, address: string) {
  return new Client(toru.url).http('POST', '/api/login', { username, password }, { 'x-forwarded-for': `6.6.6.6, ${address}` });
}

/** `toru …` at the local socket. */
async function cli(...args: string[]): Promise<string> {
  const run = promisify(execFile);
  return (
    await run(process.execPath, [join(root, 'dist/agent/cli.js'), ...args], { env: { ...bareEnvironment(), TORU_HOME: toru.home } })
  ).stdout.trim();
}

test('a flood of random names from the owner’s own address: the right password gets in at the second try', async () => {
  for (let n = 0; n < 60; n += 1) await login(`nobody${n}`, `guess${n}`, '198.51.100.7');
  expect((await login('owner', PASSWORD, '198.51.100.7')).status).toBe(429);
  for (let n = 60; n < 100; n += 1) await login(`nobody${n}`, `guess${n}`, '198.51.100.7');
  expect((await login('owner', PASSWORD, '198.51.100.7')).status).toBe(200);
  const mine = await Client.of(toru, 'owner', PASSWORD);
  const sessions: { address: string }[] = (await mine.http('GET', '/api/sessions')).json().items;
  expect(sessions.map(({ address }) => address).sort()).toEqual(['127.0.0.1', '198.51.100.7']);
});

test('a login link logs in once, whatever the flood, by POST alone; it is made on the host alone', async () => {
  for (let n = 0; n < 30; n += 1) await login('owner', `guess${n}`, '198.51.100.7');
  const link = new URL(await cli('login-link'));
  expect([link.origin, link.pathname, link.search]).toEqual([toru.url, '/login', '']);
  const code = link.hash.replace('#code=', '');
  const client = new Client(toru.url);
  expect((await client.http('GET', `/api/login/link?code=${code}`)).status).toBe(405);
  expect((await client.http('POST', '/api/login/link', { code: `${code.slice(0, -4)}AAAA` })).status).toBe(401);
  expect((await client.http('POST', '/api/login/link', { code }, { origin: 'https://elsewhere.example' })).status).toBe(403);
  const answer = await client.http('POST', '/api/login/link', { code });
  expect([answer.status, answer.json().user]).toMatchObject([200, { username: 'owner', role: 'admin' }]);
  // As fresh as a password that was just typed.
  expect((await client.http('POST', '/api/users', { username: 'anna', password: 'a client of the tests', role: 'client' })).status).toBe(
    201,
  );
  const again = await new Client(toru.url).http('POST', '/api/login/link', { code });
  expect([again.status, again.json().error.code]).toEqual([401, 'invalid_credentials']);
  expect((await client.http('POST', '/api/login-links', {})).status).toBe(403);
  expect((await client.http('GET', '/api/audit?event=login.link')).json().items).toMatchObject([{ target: 'owner', outcome: 'ok' }]);
  expect(await cli('login-link', '--user', 'anna', '--url', 'https://toru.example.com/x')).toMatch(
    /^https:\/\/toru\.example\.com\/login#code=[\w-]+\.[\w-]{86}$/,
  );
});
