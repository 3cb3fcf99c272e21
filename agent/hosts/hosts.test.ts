import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { toBase64Url } from '../../shared/encoding.ts';
import type { ErrorCode } from '../../shared/errors.ts';
import { purposed } from '../../shared/grant.ts';
import type { AgentControl } from '../../shared/link-protocol.ts';
import { DIRECTORY_LIFE_MS, MAX_ENDED_SIDS, MAX_MEMBER_ROLES, MAX_MEMBERS, MAX_USERS } from '../../shared/members.ts';
import { pairStatement } from '../../shared/pairing.ts';
import { MAX_SIGNED_CHARS } from '../../shared/signed.ts';
import type { ApiHarness } from '../systems-harness.ts';
import { asking, codeOf, host, installation, ORIGIN, session } from './hosts-harness.ts';

/** A home host and a member, and between them an edge that is the test: it carries what it likes, and makes up the rest. */

const HOUR = 3_600_000;

afterEach(() => void vi.useRealTimers());

test('a member serves whom its home host sends, and nobody else', async () => {
  const { home, member, id } = await installation();
  const { sid, grant } = session(home);
  const there = home.services.hosts.memberGrant(grant, id).grant;
  expect(member.services.grants.verify(there, { sid })).toMatchObject({ username: 'admin', role: 'admin', sid });
  // For another host, in another session, for the home host itself, or signed by the member's own key.
  expect(codeOf(() => member.services.grants.verify(grant, { sid }))).toBe('unauthenticated');
  expect(codeOf(() => home.services.grants.verify(there, { sid }))).toBe('unauthenticated');
  expect(codeOf(() => member.services.grants.verify(there, { sid: 'f'.repeat(64) }))).toBe('unauthenticated');
  expect(codeOf(() => member.services.grants.renew(there, { sid: 'f'.repeat(64) }))).toBe('unauthenticated');
  expect(codeOf(() => home.services.hosts.memberGrant(grant, randomUUID()))).toBe('unknown_host');
  const bent = there.replace(/^./, (first) => (first === 'e' ? 'f' : 'e'));
  expect(codeOf(() => member.services.grants.verify(bent, { sid }))).toBe('unauthenticated');
});

test('an edge that makes up users, hosts or older directories gets nothing', async () => {
  const { home, member, id, news } = await installation();
  const { hosts, membership, users } = member.services;
  const old = news();
  await home.users.insert({ username: 'kim', password: 'a password of kim', role: 'client' });
  hosts.takeDirectory(news());
  expect(users.list().map(({ username }) => username)).toEqual(['admin', 'kim']);
  const before = membership.directory;

  // One of an installation of its own, with a certificate for this very host.
  const thief = await host();
  const stranger = await installation();
  const forged = stranger.news();
  hosts.takeDirectory(forged);
  hosts.takeDirectory({ ...news(), directory: forged.directory });
  hosts.takeDirectory({ ...forged, moves: [forged.directory, 'e30.e30'] });
  // An older one, also beside the newest certificate; bytes that were changed.
  hosts.takeDirectory(old);
  hosts.takeDirectory({ ...news(), directory: old.directory });
  hosts.takeDirectory({ ...news(), directory: `${news().directory.slice(0, -2)}AA` });
  expect(codeOf(() => membership.join({ home: thiefsHome(home), ...old }))).toBe('access_denied');
  expect(membership.directory).toEqual(before);
  expect(users.list()).toHaveLength(2);

  // A member whom nobody approved: its own home host would have to sign for it.
  expect(codeOf(() => thief.services.membership.join({ home: thiefsHome(thief), ...news() }))).toBe('access_denied');
  expect(codeOf(() => thief.services.membership.join({ home: thiefsHome(home), ...news() }))).toBe('access_denied');
  expect(news().certificate).not.toBe('');
  expect(id).toBe(membership.shown(0).kind === 'member' ? id : '');
});

function thiefsHome({ services }: ApiHarness): { host: string; name: string; public_key: string } {
  return { host: services.settings.instance_id, name: 'x', public_key: toBase64Url(services.identity.publicKey) };
}

test('who is disabled, logged out or removed at the home host is so at the member', async () => {
  const { home, member, id, news } = await installation();
  const ended: string[] = [];
  member.services.grants.onRevoked((sids) => ended.push(...sids));
  const kim = await home.users.insert({ username: 'kim', password: 'a password of kim', role: 'client' });
  member.services.hosts.takeDirectory(news());
  const enter = (): { sid: string; token: string } => {
    const { sid, grant } = session(home, 'kim');
    const token = home.services.hosts.memberGrant(grant, id).grant;
    member.services.grants.verify(token, { sid });
    return { sid, token };
  };
  const out = enter();
  home.services.grants.revokeSession(out.sid);
  // The edge keeps the directory back: the grant's own end bounds it. When it comes, the session is over.
  expect(member.services.grants.verify(out.token).username).toBe('kim');
  member.services.hosts.takeDirectory(news());
  expect([ended, codeOf(() => member.services.grants.verify(out.token))]).toEqual([[out.sid], 'session_expired']);

  const disabled = enter();
  await home.users.change(kim.id, { disabled: true });
  member.services.hosts.takeDirectory(news());
  expect([ended.at(-1), codeOf(() => member.services.grants.verify(disabled.token))]).toEqual([disabled.sid, 'session_expired']);
  // A session that never was at the member, and ended before it came.
  await home.users.change(kim.id, { disabled: false });
  const { sid, grant } = session(home, 'kim');
  const late = home.services.hosts.memberGrant(grant, id).grant;
  home.services.grants.revokeSession(sid);
  member.services.hosts.takeDirectory(news());
  expect(codeOf(() => member.services.grants.verify(late))).toBe('session_expired');

  home.users.remove(kim.id, home.admin);
  member.services.hosts.takeDirectory(news());
  expect(member.users.byName('kim')).toBeNull();
});

test('names that two users exchanged arrive exchanged', async () => {
  const { home, member, news } = await installation();
  const ann = await home.users.insert({ username: 'ann', password: 'a password of ann', role: 'client' });
  const bob = await home.users.insert({ username: 'bob', password: 'a password of bob', role: 'client' });
  member.services.hosts.takeDirectory(news());
  await home.users.change(ann.id, { username: 'tmp' });
  await home.users.change(bob.id, { username: 'ann' });
  await home.users.change(ann.id, { username: 'bob' });
  member.services.hosts.takeDirectory(news());
  expect([member.users.get(ann.id)?.username, member.users.get(bob.id)?.username]).toEqual(['bob', 'ann']);
});

test('a clock that is off by an hour, and a home host that is away for a day, are said as such', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { home, member, id } = await installation();
  const { sid, grant } = session(home);
  const there = home.services.hosts.memberGrant(grant, id).grant;
  member.services.grants.verify(there, { sid });
  const now = Date.now();
  // Half an hour without the home host is nothing.
  vi.setSystemTime(now + HOUR / 2);
  expect(codeOf(() => member.services.grants.verify(there, { sid }))).toBeNull();
  for (const off of [-HOUR, HOUR + 61_000, 24 * HOUR]) {
    vi.setSystemTime(now + off);
    expect([off, codeOf(() => member.services.grants.verify(there, { sid }))]).toEqual([off, 'clock_skew']);
  }
  // The setting says for how long.
  vi.setSystemTime(now);
  home.services.settings.set({ grant_minutes: 1440 });
  const long = home.services.hosts.memberGrant(grant, id).grant;
  vi.setSystemTime(now + 23 * HOUR);
  expect(codeOf(() => member.services.grants.verify(long, { sid }))).toBeNull();
  // Whatever a home host of another version signs: no grant counts for longer than a day.
  vi.setSystemTime(now);
  const endless = home.services.grants.forMember(grant, { host: id, life_ms: 48 * HOUR }).grant;
  vi.setSystemTime(now + 25 * HOUR);
  expect(codeOf(() => member.services.grants.verify(endless, { sid }))).toBe('clock_skew');
});

test('a week without a directory serves nobody but the local socket, and the next one is taken', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { home, member, id, news } = await installation();
  const now = Date.now();
  vi.setSystemTime(now + DIRECTORY_LIFE_MS + 1000);
  const { sid, grant } = session(home);
  const there = (): string => home.services.hosts.memberGrant(grant, id).grant;
  expect(codeOf(() => member.services.grants.verify(there(), { sid }))).toBe('membership_over');
  expect(member.services.hosts.membership).toMatchObject({ kind: 'member', revoked: false, directory: { stale: true } });
  // Nothing changed, and yet it is signed again.
  member.services.hosts.takeDirectory(news());
  expect(member.services.grants.verify(there(), { sid }).username).toBe('admin');
});

test('a home host with a new key is followed, by the old key’s word alone', async () => {
  const { home, member, id, news } = await installation();
  const before = news();
  home.services.hostKey.rotate({ ...home.admin, via: 'local' });
  const after = news();
  // Without the step, or with a step of another key, the new key is a stranger's.
  member.services.hosts.takeDirectory({ ...after, moves: [] });
  const other = await installation();
  other.home.services.hostKey.rotate({ ...other.home.admin, via: 'local' });
  member.services.hosts.takeDirectory({ ...after, moves: other.news().moves });
  // Nor does it count with the certificate of the old key.
  member.services.hosts.takeDirectory({ ...after, certificate: before.certificate });
  const { sid, grant } = session(home);
  const there = home.services.hosts.memberGrant(grant, id).grant;
  expect(codeOf(() => member.services.grants.verify(there, { sid }))).toBe('unauthenticated');
  // Twice, while the member was away: each key led to the next.
  home.services.hostKey.rotate({ ...home.admin, via: 'local' });
  member.services.hosts.takeDirectory(news());
  const again = session(home);
  const token = home.services.hosts.memberGrant(again.grant, id).grant;
  expect(member.services.grants.verify(token, { sid: again.sid }).username).toBe('admin');
  expect(codeOf(() => member.services.grants.verify(there, { sid }))).toBe('unauthenticated');
});

test('a revoked member ends every session, and gets no grant', async () => {
  const { home, member, id, news } = await installation();
  const { sid, grant } = session(home);
  const there = home.services.hosts.memberGrant(grant, id).grant;
  member.services.grants.verify(there, { sid });
  home.services.hosts.revoke(home.admin, id);
  expect(codeOf(() => home.services.hosts.memberGrant(grant, id))).toBe('unknown_host');
  member.services.hosts.takeDirectory(news());
  expect(codeOf(() => member.services.grants.verify(there, { sid }))).toBe('membership_over');
  expect(member.services.hosts.membership).toMatchObject({ revoked: true });
});

test('an invite lets one host in, once, under its name', async () => {
  const home = await host();
  const { hosts } = home.services;
  const { token } = hosts.invite(home.admin, { name: 'attic', expires_minutes: 10 });
  const [inviteId = '', key = ''] = token.split('.');
  const come = async (code: string, mac?: string): Promise<{ machine: ApiHarness; act: () => unknown }> => {
    const machine = await host();
    const secret = randomBytes(32).toString('hex');
    const request = asking(machine, 'a name of its own', secret);
    const proof = createHmac('sha256', Buffer.from(key, 'base64url')).update(pairStatement(request, ORIGIN)).digest('hex');
    const asked = {
      user_code: code,
      address: '203.0.113.9',
      origin: ORIGIN,
      request: { ...request, invite: { id: inviteId, mac: mac ?? proof } },
    };
    const act = (): void => {
      hosts.pair(asked);
      hosts.pairSecret(code, secret);
    };
    return { machine, act };
  };
  const guess = await come('BBBB-BBBB', '0'.repeat(64));
  expect(codeOf(guess.act)).toBe('access_denied');
  const first = await come('CCCC-CCCC');
  expect(codeOf(first.act)).toBeNull();
  expect(hosts.members()).toMatchObject([{ id: first.machine.services.settings.instance_id, name: 'attic' }]);
  const second = await come('DDDD-DDDD');
  expect(codeOf(second.act)).toBe('access_denied');
  expect(hosts.members()).toHaveLength(1);
  expect(hosts.pairings()).toEqual([]);
});

test('what a home host decides is refused on a member, by name', async () => {
  const { home, member } = await installation();
  for (const [method, path, body] of [
    ['GET', '/api/members', undefined],
    ['GET', '/api/pairings', undefined],
    ['POST', '/api/invites', { name: 'x', expires_minutes: 10 }],
    ['POST', '/api/users', { username: 'x', password: 'a long enough password', role: 'client' }],
  ] as const) {
    const answer = await member.ask({ ...member.admin, via: 'local' }, method, path, body);
    expect([path, answer.status, answer.text]).toEqual([path, 409, expect.stringContaining(home.services.settings.host_name)]);
  }
});

test('a name that another host has is refused, and the host waits on for a better one', async () => {
  const { home } = await installation();
  const { hosts } = home.services;
  const second = await host();
  const secret = randomBytes(32).toString('hex');
  hosts.pair({ user_code: 'FFFF-FFFF', address: '203.0.113.9', origin: ORIGIN, request: asking(second, 'Garage', secret) });
  hosts.pairSecret('FFFF-FFFF', secret);
  const [{ words: seen = null } = {}] = hosts.pairings();
  if (seen === null) throw new Error('no words');
  expect(codeOf(() => hosts.approve(home.admin, 'FFFF-FFFF', { words: seen }))).toBe('conflict');
  expect(hosts.approve(home.admin, 'FFFF-FFFF', { words: seen, name: 'attic' })).toMatchObject({ name: 'attic' });
  expect(hosts.pairings()).toEqual([]);
});

test('an invite makes nobody another member, with what waits for it; its own host pairs again by one', async () => {
  const { home, member, id } = await installation();
  const { hosts } = home.services;
  const thief = await host();
  const come = (machine: ApiHarness, user_code: string): ErrorCode | null => {
    const [inviteId = '', key = ''] = hosts.invite(home.admin, { name: 'attic', expires_minutes: 10 }).token.split('.');
    const secret = randomBytes(32).toString('hex');
    const request = asking(machine, 'garage', secret, { host: id });
    const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(pairStatement(request, ORIGIN)).digest('hex');
    return codeOf(() => {
      hosts.pair({ user_code, address: '203.0.113.9', origin: ORIGIN, request: { ...request, invite: { id: inviteId, mac } } });
      hosts.pairSecret(user_code, secret);
    });
  };
  const before = hosts.members();
  expect(come(thief, 'CCCC-CCCC')).toBe('conflict');
  expect(hosts.members()).toEqual(before);
  expect(come(member, 'DDDD-DDDD')).toBeNull();
  expect(hosts.members()).toMatchObject([{ id, name: 'attic', public_key: before[0]?.public_key }]);
});

test('a request under another’s id leaves the one that waits, and says whom it would replace', async () => {
  const { home, member, id } = await installation();
  const { hosts } = home.services;
  const stranger = await host();
  const ask = (machine: ApiHarness, user_code: string): unknown =>
    hosts.pair({
      user_code,
      address: '203.0.113.9',
      origin: ORIGIN,
      request: asking(machine, 'garage', '11'.repeat(32), { host: id }),
    });
  ask(member, 'CCCC-CCCC');
  ask(stranger, 'DDDD-DDDD');
  expect(hosts.pairings()).toMatchObject([
    { user_code: 'CCCC-CCCC', replaces: 'garage' },
    { user_code: 'DDDD-DDDD', replaces: 'garage' },
  ]);
  ask(member, 'FFFF-FFFF');
  expect(hosts.pairings().map(({ user_code }) => user_code)).toEqual(['DDDD-DDDD', 'FFFF-FFFF']);
});

test('the edge hears of what changed, and not of every use of a session', async () => {
  const { home } = await installation();
  const { hosts, grants } = home.services;
  const said: AgentControl[] = [];
  onTestFinished(hosts.onSay((message) => said.push(message)));
  const waited = (): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 300));
  await waited();
  said.length = 0;
  // A session begins, is used, and goes on: no member has to know.
  const { sid, grant } = session(home);
  grants.verify(grant, { sid });
  await waited();
  grants.renew(grant);
  await waited();
  expect(said).toEqual([]);
  grants.revokeSession(sid);
  await expect.poll(() => said.length).toBe(1);
});

test('the longest directory that can come about is one that members take', async () => {
  const { home, member, news } = await installation();
  const { db, admin } = home;
  const insert = db.prepare(
    "INSERT INTO users (id, username, password_hash, role, disabled, epoch, created_at, updated_at) VALUES (?, ?, '!', 'client', 0, 1000, 1, 1)",
  );
  const ids = Array.from({ length: MAX_USERS - 1 }, () => randomUUID());
  const join = db.prepare("INSERT INTO hosts_members VALUES (?, ?, ?, 'x.y', ?, '{}')");
  const end = db.prepare('INSERT INTO grants (sid, sub, epoch, auth_time, created_at, last_seen, revoked_at) VALUES (?, ?, 1, ?, ?, ?, ?)');
  const now = Date.now();
  db.transaction(() => {
    for (const [at, user] of ids.entries()) insert.run(user, `${at}`.padEnd(64, 'x'));
    for (let at = 1; at < MAX_MEMBERS; at += 1) join.run(randomUUID(), `${at}`.padEnd(80, '屋'), 'A'.repeat(43), now + at);
    for (let at = 0; at < MAX_ENDED_SIDS; at += 1) end.run(randomBytes(32).toString('hex'), ids[0], now, now, now, now);
  })();
  const recent: typeof admin = { ...admin, via: 'local' };
  const more = await home.ask(recent, 'POST', '/api/users', { username: 'one-more', password: 'a password of one more', role: 'client' });
  expect(more.text).toContain('quota_exceeded');
  const roles = (count: number): Record<string, 'admin'> => Object.fromEntries(ids.slice(0, count).map((user) => [user, 'admin']));
  const { hosts } = home.services;
  const [first = '', second = ''] = hosts.members().map((one) => one.id);
  hosts.change(admin, first, { roles: roles(ids.length) });
  const rest = MAX_MEMBER_ROLES - ids.length;
  expect(codeOf(() => hosts.change(admin, second, { roles: roles(rest + 1) }))).toBe('quota_exceeded');
  hosts.change(admin, second, { roles: roles(rest) });
  expect(news().directory.length).toBeLessThan(MAX_SIGNED_CHARS);
  member.services.hosts.takeDirectory(news());
  expect(member.users.list()).toHaveLength(MAX_USERS);
});

test('an older directory is put away by its number, before any signature is looked at', async () => {
  const { home, member, news } = await installation();
  const { membership, identity } = { membership: member.services.membership, identity: home.services.identity };
  const known = membership.directory;
  if (known === null) throw new Error('no directory');
  const { v, seq, ...rest } = known;
  // The last of two says what counts, for whoever looks past the first.
  const late = JSON.stringify({ v, seq: seq + 5, ...rest }).replace(/"seq":\d+/, `"seq":${seq},$&`);
  const sign = (text: string): string => {
    const bytes = new TextEncoder().encode(text);
    return `${toBase64Url(bytes)}.${toBase64Url(identity.sign(purposed('directory', bytes)))}`;
  };
  expect(membership.take({ ...news(), directory: sign(late) })).toBeNull();
  expect(membership.take({ ...news(), directory: sign(JSON.stringify({ v, seq: seq + 5, ...rest })) })?.seq).toBe(seq + 5);
});

test('a thousand later logouts push one out of the directory: where it was used it is over, and else its grant’s end bounds it', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const { home, member, id, news } = await installation();
  const [used, unused] = [session(home), session(home)];
  const grantOf = ({ grant }: { grant: string }): string => home.services.hosts.memberGrant(grant, id).grant;
  const [there, kept] = [grantOf(used), grantOf(unused)];
  member.services.grants.verify(there, { sid: used.sid });
  for (const { sid } of [used, unused]) home.services.grants.revokeSession(sid);
  member.services.hosts.takeDirectory(news());
  const now = Date.now();
  const end = home.db.prepare(
    'INSERT INTO grants (sid, sub, epoch, auth_time, created_at, last_seen, revoked_at) VALUES (?, ?, 1, ?, ?, ?, ?)',
  );
  const sub = home.users.byName('admin')?.id;
  home.db.transaction(() => {
    for (let at = 0; at < MAX_ENDED_SIDS; at += 1) end.run(randomBytes(32).toString('hex'), sub, now, now, now, now + 1000);
  })();
  vi.setSystemTime(now + 2000);
  expect(member.services.hosts.membership).toMatchObject({ kind: 'member' });
  member.services.hosts.takeDirectory(news());
  expect(member.services.membership.directory?.ended_sids).not.toContain(unused.sid);
  expect(codeOf(() => member.services.grants.verify(there, { sid: used.sid }))).toBe('session_expired');
  // An edge that kept it has it until its end, and gets no other.
  expect(codeOf(() => grantOf(unused))).toBe('session_expired');
  vi.setSystemTime(now + HOUR + 61_000);
  expect(codeOf(() => member.services.grants.verify(kept, { sid: unused.sid }))).toBe('clock_skew');
});

test('an invite under a name that a host has is not made; where the name was taken meanwhile, it is said, and the invite is not used up', async () => {
  const { home, id } = await installation();
  const { hosts } = home.services;
  expect(codeOf(() => hosts.invite(home.admin, { name: 'Garage', expires_minutes: 10 }))).toBe('conflict');
  const [inviteId = '', key = ''] = hosts.invite(home.admin, { name: 'attic', expires_minutes: 10 }).token.split('.');
  hosts.change(home.admin, id, { name: 'attic' });
  const machine = await host();
  const come = (user_code: string): void => {
    const secret = randomBytes(32).toString('hex');
    const request = asking(machine, 'whatever', secret);
    const mac = createHmac('sha256', Buffer.from(key, 'base64url')).update(pairStatement(request, ORIGIN)).digest('hex');
    hosts.pair({ user_code, address: '203.0.113.9', origin: ORIGIN, request: { ...request, invite: { id: inviteId, mac } } });
    hosts.pairSecret(user_code, secret);
  };
  expect(() => come('CCCC-CCCC')).toThrow('toru hosts rename');
  expect([hosts.invites().length, hosts.members().length]).toEqual([1, 1]);
  hosts.change(home.admin, id, { name: 'garage' });
  come('DDDD-DDDD');
  expect(hosts.members().map(({ name }) => name)).toEqual(['garage', 'attic']);
});
