import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pairAnswer } from '../../shared/pairing.ts';
import { Candidate } from '../harness/candidate.ts';
import { Client } from '../harness/client.ts';
import { eventually } from '../harness/eventually.ts';
import type { Toru } from '../harness/toru.ts';
import { startToru } from '../harness/toru.ts';

/** A home host with its embedded edge, and members that are agents of their own. */

let toru: Toru;
let admin: Client;
beforeAll(async () => {
  toru = await startToru({ env: { ADMIN_PASSWORD: 'the password of the tests' } });
  admin = await Client.of(toru);
});
afterAll(() => toru?.[Symbol.asyncDispose]());

const at = (host: string, path: string): string => `/api/hosts/${host}${path}`;

/** Starts a member, and waits until the edge has its link. */
async function started(member: Candidate): Promise<void> {
  member.start();
  await eventually('the member is linked', async () => (await hostsOf(admin)).find(({ id }) => id === member.host)?.online, {
    holds: (online) => online === true,
  });
}

async function hostsOf(client: Client): Promise<{ id: string; name: string; home: boolean; online: boolean }[]> {
  return (await client.http('GET', '/api/hosts')).json().items;
}

test('a host is paired by its words, and serves the installation’s users by their roles', async () => {
  await using member = new Candidate(toru.url);
  await member.pair('garage', admin);
  await started(member);
  expect(await hostsOf(admin)).toMatchObject([{ home: true }, { id: member.host, name: 'garage', home: false, online: true }]);

  // Its users are those of the home host: nobody was made on it.
  const users = await admin.http('GET', at(member.host, '/users'));
  expect(users.json().items).toMatchObject([{ username: 'admin', role: 'admin' }]);
  expect(
    (await admin.http('POST', at(member.host, '/users'), { username: 'x', password: 'long enough a password', role: 'client' })).json(),
  ).toMatchObject({
    error: { code: 'not_home' },
  });

  // A script runs there.
  writeFileSync(join(member.home, 'scripts', 'where.sh'), '#!/bin/sh\necho "at $TORU_TEST home $(basename "$PWD")"\n', { mode: 0o755 });
  const run = await admin.http('POST', at(member.host, '/runs'), { script: 'where.sh' });
  expect([run.status, run.text]).toEqual([202, expect.stringContaining('task_id')]);
  const { task_id } = run.json();
  await eventually('it ran on the member', async () => (await admin.http('GET', at(member.host, `/runs/${task_id}`))).json().state, {
    holds: (state) => state === 'exited',
  });
  expect((await admin.http('GET', `/api/runs/${task_id}`)).status).toBe(404);

  // A client that is made now is known there at once, and may not do more.
  await admin.http('POST', '/api/users', { username: 'kim', password: 'a password of kim', role: 'client' });
  const kim = await Client.of(toru, 'kim', 'a password of kim');
  await eventually('the directory arrived', async () => (await kim.http('GET', at(member.host, '/actions'))).status, {
    holds: (status) => status === 200,
  });
  expect((await kim.http('GET', at(member.host, '/scripts'))).status).toBe(403);

  // An admin there alone, and a client at home.
  const { id } = (await admin.http('GET', '/api/users')).json().items.find(({ username }: { username: string }) => username === 'kim');
  expect((await admin.http('PATCH', `/api/members/${member.host}`, { roles: { [id]: 'admin' } })).status).toBe(200);
  await eventually('kim is an admin there', async () => (await kim.http('GET', at(member.host, '/scripts'))).status, {
    holds: (status) => status === 200,
  });
  expect((await kim.http('GET', '/api/scripts')).status).toBe(403);

  // Logged out is logged out there too: also when an edge keeps the grant.
  const socket = await kim.openSocket({}, at(member.host, '/ws'));
  await kim.http('POST', '/api/logout');
  await eventually('its socket is closed', () => socket.closed?.code, { holds: (code) => code !== undefined });
});

test('a revoked host is cut off at once, and says so', async () => {
  await using member = new Candidate(toru.url);
  await member.pair('shed', admin);
  await started(member);
  expect((await admin.http('GET', at(member.host, '/actions'))).status).toBe(200);
  expect((await admin.http('DELETE', `/api/members/${member.host}`)).status).toBe(204);
  await eventually('nobody knows it', async () => (await admin.http('GET', at(member.host, '/actions'))).json().error.code, {
    holds: (code) => code === 'unknown_host',
  });
  expect((await hostsOf(admin)).some(({ id }) => id === member.host)).toBe(false);
});

test('what is wrong with a request to pair is said, and nothing comes of it', async () => {
  await using member = new Candidate(toru.url);
  const code = async (answer: Promise<{ json(): { error: { code: string } } }>): Promise<string> => (await answer).json().error.code;
  // Another key than the one that signed; a host that is there already.
  expect(await code(member.ask('a', { public_key: 'A'.repeat(43) }))).toBe('access_denied');
  const [home] = await hostsOf(admin);
  expect(await code(member.ask('a', { host: home?.id ?? '' }))).toBe('conflict');

  const asked = pairAnswer.parse((await member.ask('attic')).json());
  const approve = (words: string[]) => admin.http('POST', `/api/pairings/${asked.user_code}/approve`, { words });
  expect(await code(approve(member.words(asked)))).toBe('conflict');
  expect(await code(member.token(asked))).toBe('authorization_pending');
  expect(await code(member.token(asked))).toBe('slow_down');
  const [waiting] = (await admin.http('GET', '/api/pairings')).json().items;
  expect(waiting).toMatchObject({ name: 'attic', os_user: 'tester', words: member.words(asked), replaces: null });
  expect(await code(approve(['these', 'are', 'not', 'they']))).toBe('conflict');
  expect((await admin.http('POST', `/api/pairings/${asked.user_code}/deny`)).status).toBe(204);
  await eventually('it is told', () => code(member.token(asked)), { holds: (seen) => seen === 'access_denied' });
  expect(await code(approve(member.words(asked)))).toBe('expired_token');
  expect(await code(member.token({ device_code: 'A'.repeat(43) }))).toBe('expired_token');

  // Another secret than the one that it committed itself to.
  const again = pairAnswer.parse((await member.ask('attic')).json());
  expect(await code(member.token(again, '0'.repeat(64)))).toBe('access_denied');
});

test('of three hosts one falls silent: within 40 s it is away, a run on all three starts on two, and the third when it is back', async () => {
  // The host that was never decided about in the test before still holds a place.
  await using garage = new Candidate(toru.url);
  await using attic = new Candidate(toru.url);
  await garage.pair('barn', admin);
  await attic.pair('loft', admin);
  await Promise.all([started(garage), started(attic)]);
  const [home] = await hostsOf(admin);
  for (const folder of [toru.home, garage.home, attic.home])
    writeFileSync(join(folder, 'scripts', 'name.sh'), '#!/bin/sh\necho here\n', { mode: 0o755 });
  // Its machine lost power: no socket says so.
  attic.signal('SIGSTOP');
  const began = Date.now();
  await eventually('the edge knows', async () => (await hostsOf(admin)).find(({ id }) => id === attic.host)?.online, {
    holds: (online) => online === false,
  });
  const away = (await admin.http('GET', '/api/hosts')).json().items.find(({ id }: { id: string }) => id === attic.host);
  expect(Date.parse(away.last_seen)).toBeLessThan(began + 40_000);

  const press = (host: string, more: object = {}) => admin.http('POST', at(host, '/runs'), { script: 'name.sh', ...more });
  const [first, second, third] = await Promise.all([press(home?.id ?? ''), press(garage.host), press(attic.host)]);
  expect([first?.status, second?.status, third?.status]).toEqual([202, 202, 503]);
  expect(third?.json().error).toMatchObject({ code: 'host_offline', last_seen: expect.any(String) });
  const queued = await press(attic.host, { when_away: 'queue', request_id: randomUUID() });
  expect([queued.status, queued.json()]).toEqual([202, expect.objectContaining({ queued: true })]);

  attic.signal('SIGCONT');
  await eventually('what waited ran there', async () => (await admin.http('GET', at(attic.host, '/runs'))).json().items?.[0]?.state, {
    holds: (state) => state === 'exited',
  });
  expect((await admin.http('GET', at(attic.host, '/runs'))).json().items).toHaveLength(1);
});
