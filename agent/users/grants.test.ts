import { generateKeyPairSync, sign } from 'node:crypto';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { fromBase64Url, toBase64Url } from '../../shared/encoding.ts';
import { purposed } from '../../shared/grant.ts';
import { GRANT_LIFE_MS, SESSION_ABSOLUTE_MS, SESSION_IDLE_MS } from '../../shared/limits.ts';
import type { User } from '../../shared/users.ts';
import { openDatabase } from '../tables.ts';
import type { TestServices } from './fixture.ts';
import { addUser, callerOf, INSTALLATION, makeServices, refusal, session } from './fixture.ts';

const DAY = 24 * 3_600_000;
const OTHER_ID = '22222222-2222-4222-8222-222222222222';

let services: TestServices;
let ada: User;
let sid: string;
let grant: string;

beforeEach(async () => {
  services = makeServices();
  ada = await addUser(services, 'ada');
  ({ sid, grant } = session(services, ada));
});

function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(new TextDecoder().decode(fromBase64Url(token.split('.')[0] ?? '')));
}

/** A token of these claims, signed with the host's own key unless another signer is given. */
function signed(
  claims: Record<string, unknown> | string,
  signer = (bytes: Uint8Array) => services.identity.sign(purposed('grant', bytes)),
): string {
  const bytes = new TextEncoder().encode(typeof claims === 'string' ? claims : JSON.stringify(claims));
  return `${toBase64Url(bytes)}.${toBase64Url(signer(bytes))}`;
}

test('a grant says who, and the role is the one in our table', () => {
  expect(services.grants.verify(grant, { sid, address: '192.0.2.1' })).toEqual({
    user_id: ada.id,
    username: 'ada',
    role: 'client',
    via: 'edge',
    sid,
    address: '192.0.2.1',
    auth_time: services.clock.now,
    expires_at: services.clock.now + GRANT_LIFE_MS,
  });
  expect(claimsOf(grant)).not.toHaveProperty('role');
  expect(services.grants.verify(signed(claimsOf(grant))).username).toBe('ada');
});

test('one bit turned anywhere, and it is refused', async () => {
  const [body = '', signature = ''] = grant.split('.');
  const turn = (text: string, at: number, bit: number): string => {
    const bytes = fromBase64Url(text);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    return toBase64Url(bytes);
  };
  for (let at = 0; at < fromBase64Url(body).length; at += 1) {
    expect(await refusal(() => services.grants.verify(`${turn(body, at, at % 8)}.${signature}`))).toBe('unauthenticated');
  }
  for (let at = 0; at < 64; at += 1)
    expect(await refusal(() => services.grants.verify(`${body}.${turn(signature, at, at % 8)}`))).toBe('unauthenticated');
});

test('another spelling of the same bytes is refused, and so is what is no token', async () => {
  const last = grant.at(-1) ?? '';
  const twin = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'].filter((char) => char !== last);
  for (const char of twin) expect(await refusal(() => services.grants.verify(grant.slice(0, -1) + char))).toBe('unauthenticated');
  for (const text of ['', '.', 'x', `${grant}.`, `${grant}=`, ` ${grant}`, grant.replace('.', ''), `x${grant}`, 'a'.repeat(5000)]) {
    expect(await refusal(() => services.grants.verify(text))).toBe('unauthenticated');
  }
});

test('a signature for another purpose, or for none, is no grant', async () => {
  const claims = claimsOf(grant);
  expect(await refusal(() => services.grants.verify(signed(claims, (bytes) => services.identity.sign(purposed('link', bytes)))))).toBe(
    'unauthenticated',
  );
  expect(await refusal(() => services.grants.verify(signed(claims, (bytes) => services.identity.sign(bytes))))).toBe('unauthenticated');
});

test('the key of somebody else is refused, even with our kid', async () => {
  const { privateKey } = generateKeyPairSync('ed25519');
  const forged = signed(claimsOf(grant), (bytes) => new Uint8Array(sign(null, purposed('grant', bytes), privateKey)));
  expect(await refusal(() => services.grants.verify(forged))).toBe('unauthenticated');
});

test('nothing is parsed before the signature holds; what we signed and is no grant is refused too', async () => {
  const unsigned = `${toBase64Url(new TextEncoder().encode('{not json'))}.${'A'.repeat(86)}`;
  expect(await refusal(() => services.grants.verify(unsigned))).toBe('unauthenticated');
  expect(await refusal(() => services.grants.verify(signed('{not json')))).toBe('unauthenticated');
  expect(await refusal(() => services.grants.verify(signed('null')))).toBe('unauthenticated');
});

test.each([
  ['another host’s grant', { aud: OTHER_ID }],
  ['another home host', { iss: OTHER_ID }],
  ['another installation', { ins: OTHER_ID }],
  ['another key’s name', { kid: 'a'.repeat(64) }],
  ['another version', { v: 2 }],
  ['a claim too many', { role: 'admin' }],
  ['two audiences', { aud: ['x', 'y'] }],
  ['a claim of another type', { epoch: '1' }],
])('%s is refused, though we signed it', async (_, change) => {
  expect(await refusal(() => services.grants.verify(signed({ ...claimsOf(grant), ...change })))).toBe('unauthenticated');
});

test('the grant of one session is refused in another', async () => {
  const other = session(services, ada);
  expect(await refusal(() => services.grants.verify(grant, { sid: other.sid }))).toBe('unauthenticated');
  expect(await refusal(() => services.grants.verify(signed({ ...claimsOf(grant), sid: other.sid, sub: OTHER_ID })))).toBe(
    'session_expired',
  );
  const bob = await addUser(services, 'bob', 'admin');
  expect(await refusal(() => services.grants.verify(signed({ ...claimsOf(grant), sub: bob.id })))).toBe('session_expired');
  expect(await refusal(() => services.grants.verify(signed({ ...claimsOf(grant), sid: 'f'.repeat(64) })))).toBe('session_expired');
});

test('after an hour it is over, and is renewed from the live session only', async () => {
  services.clock.now += GRANT_LIFE_MS - 1;
  services.grants.verify(grant);
  services.clock.now += 1;
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  const next = services.grants.renew(grant);
  const { auth_time, expires_at } = services.grants.verify(next, { sid });
  expect(expires_at).toBe(services.clock.now + GRANT_LIFE_MS);
  // Renewing is not typing a password.
  expect(auth_time).toBe(services.clock.now - GRANT_LIFE_MS);
  services.grants.revokeSession(sid);
  expect(await refusal(() => services.grants.renew(next))).toBe('session_expired');
});

test('a clock that went back does not lengthen a grant', async () => {
  services.clock.now -= DAY;
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
});

test('seven days without use end a session; renewing alone does not keep it', async () => {
  let token = grant;
  for (let day = 0; day < 6; day += 1) {
    services.clock.now += DAY;
    token = services.grants.renew(token);
  }
  services.grants.verify(token);
  services.clock.now += SESSION_IDLE_MS - 1;
  token = services.grants.renew(token);
  services.clock.now += 1;
  expect(await refusal(() => services.grants.renew(token))).toBe('session_expired');
  expect(await refusal(() => services.grants.verify(token))).toBe('session_expired');
});

test('thirty days end it, however much it is used', async () => {
  let token = grant;
  for (; services.clock.now < claimed() + SESSION_ABSOLUTE_MS - DAY; services.clock.now += DAY) {
    token = services.grants.renew(token);
    services.grants.verify(token);
  }
  services.grants.renew(token);
  services.clock.now += DAY;
  expect(await refusal(() => services.grants.renew(token))).toBe('session_expired');
});

function claimed(): number {
  return Number(claimsOf(grant)['auth_time']) * 1000;
}

test('logout ends one session; the others live', async () => {
  const other = session(services, ada);
  expect(services.grants.revokeSession(sid)).toBe(true);
  expect(services.grants.revokeSession(sid)).toBe(false);
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  expect(services.grants.verify(other.grant).username).toBe('ada');
});

test('a session that ended can’t be begun again, nor taken over', async () => {
  const bob = await addUser(services, 'bob');
  expect(await refusal(() => services.grants.mint({ user: bob, sid, auth_time: services.clock.now }))).toBe('conflict');
  services.grants.revokeSession(sid);
  expect(await refusal(() => services.grants.mint({ user: ada, sid, auth_time: services.clock.now }))).toBe('conflict');
});

test.each([
  ['password', { password: 'another long one' }],
  ['role', { role: 'admin' as const }],
  ['disabled', { disabled: true }],
])('a change of %s ends all sessions of that user, at once', async (_, patch) => {
  await addUser(services, 'root', 'admin');
  const revoked: string[] = [];
  services.grants.onRevoked((sids) => revoked.push(...sids));
  const other = session(services, ada);
  const epoch = () => services.db.prepare('SELECT epoch FROM users WHERE id = ?').pluck().get(ada.id);
  await services.users.change(ada.id, patch);
  // Both the rows and the epoch: either alone would do, and must, should the other be restored from a backup.
  expect(epoch()).toBe(2);
  for (const token of [grant, other.grant]) {
    expect(await refusal(() => services.grants.verify(token))).toBe('session_expired');
    expect(await refusal(() => services.grants.renew(token))).toBe('session_expired');
  }
  expect(revoked.sort()).toEqual([sid, other.sid].sort());
});

test('an older epoch is refused even where the row still lives, and a disabled user too', async () => {
  services.db.prepare('UPDATE users SET epoch = 2').run();
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  services.db.prepare('UPDATE grants SET epoch = 2').run();
  // The row is of the new epoch; the token is not.
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  services.db.exec('UPDATE users SET epoch = 1, disabled = 1; UPDATE grants SET epoch = 1');
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  services.db.exec('UPDATE users SET disabled = 0');
  expect(services.grants.verify(grant).username).toBe('ada');
});

test('a removed user’s grant is refused', async () => {
  const root = await addUser(services, 'root', 'admin');
  services.users.remove(ada.id, callerOf(root, services.clock.now));
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  expect(services.grants.pendingRevocations().flatMap(({ sids }) => sids)).toEqual([sid]);
});

test('revocations wait for the edge, across a restart, until it has taken note', async () => {
  const told: string[] = [];
  const stop = services.grants.onRevoked((_, id) => told.push(id));
  services.grants.revokeSession(sid);
  stop();
  const later = session(services, ada);
  services.grants.revokeSession(later.sid);
  const again = makeServices({ home: services.home });
  const pending = again.grants.pendingRevocations();
  expect(pending.map(({ sids }) => sids)).toEqual([[sid], [later.sid]]);
  expect(told).toEqual([pending[0]?.id]);
  again.grants.acknowledged(pending[0]?.id ?? '');
  expect(again.grants.pendingRevocations().map(({ sids }) => sids)).toEqual([[later.sid]]);
});

test('two thousand sessions end in frames that the link takes', () => {
  services.db.transaction(() => {
    for (let i = 0; i < 1500; i += 1) session(services, ada);
  })();
  services.grants.revokeUser(ada.id);
  expect(services.grants.pendingRevocations().map(({ sids }) => sids.length)).toEqual([1000, 501]);
});

test('a change that fails ends no session, and nobody is told', async () => {
  services.grants.onRevoked(() => expect.unreachable());
  expect(() =>
    services.grants.revokeUser(ada.id, () => {
      throw new Error('torn');
    }),
  ).toThrow('torn');
  expect(services.grants.verify(grant).username).toBe('ada');
  expect(services.grants.pendingRevocations()).toEqual([]);
});

test('moved to another edge: the sessions of the old one are over, and it is told nothing', async () => {
  session(services, ada);
  services.grants.setInstallation(INSTALLATION);
  expect(services.grants.verify(grant).username).toBe('ada');
  services.grants.setInstallation(OTHER_ID);
  expect(await refusal(() => services.grants.verify(grant))).toBe('unauthenticated');
  services.grants.setInstallation(INSTALLATION);
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  expect(services.grants.pendingRevocations()).toEqual([]);
});

test('the next command of a connection is judged by the tables of that moment', async () => {
  expect(services.grants.verify(grant)).toMatchObject({ username: 'ada', role: 'client' });
  services.db.prepare("UPDATE users SET username = 'lovelace', role = 'admin'").run();
  expect(services.grants.verify(grant)).toMatchObject({ username: 'lovelace', role: 'admin' });
  services.grants.revokeSession(sid);
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
});

test.each([
  ['revoked', () => services.grants.revokeSession(sid)],
  ['without a user', () => services.users.remove(ada.id, callerOf({ ...ada, role: 'admin' }, services.clock.now))],
  ['of a disabled user', () => services.users.change(ada.id, { disabled: true })],
  ['of a user with another password', () => services.users.change(ada.id, { password: 'another long one' })],
  ['of a user who is no admin any more', () => services.users.change(ada.id, { role: 'client' })],
])('a session that was good a moment ago and is now %s is refused at the very next frame', async (_, end) => {
  await addUser(services, 'root', 'admin');
  await services.users.change(ada.id, { role: 'admin' });
  ({ sid, grant } = session(services, ada));
  const other = session(services, ada);
  for (let frame = 0; frame < 3; frame += 1) for (const token of [grant, other.grant]) services.grants.verify(token);
  await end();
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
});

test('what a torn transaction wrote is forgotten with it', async () => {
  services.grants.verify(grant);
  expect(() =>
    services.db.transaction(() => {
      services.db.prepare("UPDATE users SET role = 'admin'").run();
      expect(services.grants.verify(grant).role).toBe('admin');
      throw new Error('torn');
    })(),
  ).toThrow('torn');
  expect(services.grants.verify(grant).role).toBe('client');
});

test('a frame asks the tables only when they were written, or a second later', async () => {
  const elsewhere = openDatabase(join(services.home, 'toru.db'));
  onTestFinished(() => void elsewhere.close());
  services.grants.verify(grant);
  elsewhere.prepare('UPDATE users SET disabled = 1').run();
  services.clock.now += 999;
  expect(services.grants.verify(grant).username).toBe('ada');
  services.clock.now += 1;
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
});

test('use is written at most once a minute', () => {
  const seen = () => services.db.prepare('SELECT last_seen FROM grants').pluck().get();
  const start = services.clock.now;
  services.clock.now += 59_999;
  services.grants.verify(grant);
  expect(seen()).toBe(start);
  services.clock.now += 1;
  services.grants.verify(grant);
  expect(seen()).toBe(services.clock.now);
});

test('the rows of sessions that ended are gone a day later, those that live stay', () => {
  const sids = (): string[] =>
    services.db
      .prepare<[], { sid: string }>('SELECT sid FROM grants')
      .all()
      .map((row) => row.sid)
      .sort();
  const idle = session(services, ada);
  services.clock.now += SESSION_IDLE_MS;
  const [live, ended] = [session(services, ada), session(services, ada)];
  services.grants.revokeSession(ended.sid);
  services.clock.now += DAY;
  const next = session(services, ada);
  expect(sids()).toEqual([sid, idle.sid, live.sid, ended.sid, next.sid].sort());
  services.clock.now += 1;
  const last = session(services, ada);
  expect(sids()).toEqual([live.sid, next.sid, last.sid].sort());
  expect(services.grants.verify(services.grants.renew(live.grant)).user_id).toBe(ada.id);
});
