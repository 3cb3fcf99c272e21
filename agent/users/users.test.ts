import argon2 from 'argon2';
import { beforeEach, expect, test } from 'vitest';
import type { User } from '../../shared/users.ts';
import { username as usernameRule } from '../../shared/users.ts';
import type { Caller } from './caller.ts';
import type { TestServices } from './fixture.ts';
import { addUser, callerOf, makeServices, PASSWORD, refusal, session } from './fixture.ts';

const HOUR = 3_600_000;

let services: TestServices;
let root: User;
let ada: User;
let asRoot: Caller;
let asAda: Caller;

beforeEach(async () => {
  services = makeServices();
  root = await addUser(services, 'root', 'admin');
  ada = await addUser(services, 'Ada');
  asRoot = callerOf(root, services.clock.now);
  asAda = callerOf(ada, services.clock.now);
});

test('an admin makes a user, who can log in; the hash is nowhere to be seen', async () => {
  const bob = await services.users.create({ username: 'bob', password: PASSWORD, role: 'client' }, asRoot);
  expect(bob).toEqual({
    id: bob.id,
    username: 'bob',
    role: 'client',
    disabled: false,
    created_at: '2026-01-01T00:00:00.000Z',
    last_login_at: null,
  });
  expect(await services.users.verify('BOB', PASSWORD)).toEqual(bob);
  expect(await services.users.verify('bob', `${PASSWORD} `)).toBeNull();
  expect(services.users.list().map((user) => user.username)).toEqual(['Ada', 'bob', 'root']);
  expect(services.audit.list().items[0]).toMatchObject({ event: 'user.create', user: 'root', target: 'bob' });
});

test('names: one each, whatever the case', async () => {
  expect(await refusal(() => services.users.create({ username: 'ADA', password: PASSWORD, role: 'client' }, asRoot))).toBe(
    'username_taken',
  );
  expect(await refusal(() => services.users.update(root.id, { username: 'ada' }, asRoot))).toBe('username_taken');
  expect((await services.users.update(ada.id, { username: 'ada' }, asRoot)).username).toBe('ada');
  const both = await Promise.all(
    ['x1', 'X1'].map((username) => refusal(() => services.users.create({ username, password: PASSWORD, role: 'client' }, asRoot))),
  );
  expect(both.sort()).toEqual([null, 'username_taken'].sort());
  for (const wrong of ['', 'local:0', ' ada', 'a b', '-a', 'a'.repeat(65), 'é', 'a\n'])
    expect(usernameRule.safeParse(wrong).success, wrong).toBe(false);
  for (const good of ['a', 'ada.l', 'ada@home', 'A-1_x']) expect(usernameRule.safeParse(good).success, good).toBe(true);
});

test('a client changes nobody, an admin with an old login neither', async () => {
  const old = callerOf(root, services.clock.now - HOUR);
  const fields = { username: 'eve', password: PASSWORD, role: 'admin' as const };
  for (const [caller, code] of [
    [asAda, 'forbidden'],
    [old, 'reauth_required'],
  ] as const) {
    expect(await refusal(() => services.users.create(fields, caller))).toBe(code);
    expect(await refusal(() => services.users.update(root.id, { password: 'taken over' }, { ...caller, user_id: ada.id }))).toBe(code);
    expect(await refusal(() => services.users.update(ada.id, { role: 'admin' }, caller))).toBe(code);
    expect(
      await refusal(() => services.users.update(ada.id, { password: 'x'.repeat(9), current_password: PASSWORD, role: 'admin' }, caller)),
    ).toBe(code);
    expect(await refusal(() => services.users.remove(root.id, caller))).toBe(code);
  }
  expect(services.users.list()).toHaveLength(2);
});

test('one’s own password: with the current one, and all sessions end', async () => {
  const { grant } = session(services, ada);
  expect(await refusal(() => services.users.update(ada.id, { password: 'a new long one' }, asAda))).toBe('bad_request');
  await services.users.update(ada.id, { password: 'a new long one', current_password: PASSWORD }, asAda);
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  expect(await services.users.verify('ada', PASSWORD)).toBeNull();
  expect(await services.users.verify('ada', 'a new long one')).not.toBeNull();
});

test('an admin with an old login may change their own password by knowing it', async () => {
  const old = callerOf(root, services.clock.now - HOUR);
  expect(await refusal(() => services.users.update(root.id, { password: 'a new long one' }, old))).toBe('reauth_required');
  await services.users.update(root.id, { password: 'a new long one', current_password: PASSWORD }, old);
  await services.users.update(root.id, { password: 'another long one' }, asRoot);
});

test('a session that was stolen guesses no password: five tries in a quarter of an hour', async () => {
  const guess = () => refusal(() => services.users.update(ada.id, { password: 'a new long one', current_password: 'guess' }, asAda));
  expect(await Promise.all([guess(), guess(), guess(), guess(), guess()])).toEqual(Array(5).fill('invalid_credentials'));
  expect(await guess()).toBe('too_many_attempts');
  expect(await refusal(() => services.users.update(ada.id, { password: 'a new long one', current_password: PASSWORD }, asAda))).toBe(
    'too_many_attempts',
  );
  services.clock.now += HOUR;
  expect(await guess()).toBe('invalid_credentials');
  // The first of them at once, its repetitions as one entry, and after an hour a first one again.
  const kept = services.audit.list({ outcome: 'refused' }).items.map(({ detail }) => detail['repeated'] ?? 1);
  expect(kept).toEqual([1, 4, 1]);
});

test('tries side by side are no more than five, and a right password is none', async () => {
  const asked = (current_password: string) =>
    refusal(() => services.users.update(ada.id, { password: 'a new long one', current_password }, asAda));
  for (let n = 0; n < 6; n += 1) {
    expect(await asked(n === 0 ? PASSWORD : 'a new long one')).toBeNull();
    asAda = callerOf(ada, services.clock.now);
  }
  const answers = await Promise.all(Array.from({ length: 8 }, () => asked('guess')));
  expect(answers.filter((code) => code === 'invalid_credentials')).toHaveLength(5);
  expect(answers.filter((code) => code === 'too_many_attempts')).toHaveLength(3);
});

test('the last admin who can log in stays one', async () => {
  for (const patch of [{ role: 'client' as const }, { disabled: true }]) {
    expect(await refusal(() => services.users.update(root.id, patch, asRoot))).toBe('last_admin');
  }
  expect(await refusal(() => services.users.remove(root.id, asRoot))).toBe('last_admin');
  const second = await services.users.create({ username: 'second', password: PASSWORD, role: 'admin' }, asRoot);
  await services.users.update(second.id, { disabled: true }, asRoot);
  expect(await refusal(() => services.users.remove(root.id, asRoot))).toBe('last_admin');
  await services.users.update(second.id, { disabled: false }, asRoot);
  services.users.remove(root.id, asRoot);
  expect(services.users.get(root.id)).toBeNull();
});

test('a refused change ends no session', async () => {
  const { grant } = session(services, root);
  expect(await refusal(() => services.users.update(root.id, { disabled: true }, asRoot))).toBe('last_admin');
  expect(services.grants.verify(grant).username).toBe('root');
});

test('a new name ends no session, a new password leaves nothing of itself in the audit', async () => {
  const { grant } = session(services, ada);
  await services.users.update(ada.id, { username: 'lovelace' }, asRoot);
  expect(services.grants.verify(grant).username).toBe('lovelace');
  await services.users.update(ada.id, { password: 'swordfish 12' }, asRoot);
  expect(services.audit.list().items[0]).toMatchObject({ event: 'user.update', target: 'lovelace', detail: { password: true } });
  expect(JSON.stringify(services.audit.list())).not.toContain('swordfish');
});

test('a disabled user’s password is good for nothing', async () => {
  await services.users.update(ada.id, { disabled: true }, asRoot);
  expect(await services.users.verify('ada', PASSWORD)).toBeNull();
  await services.users.update(ada.id, { disabled: false }, asRoot);
  expect(await services.users.verify('ada', PASSWORD)).not.toBeNull();
});

test('disabled while the hash was computed: not logged in', async () => {
  const asked = services.users.verify('ada', PASSWORD);
  services.db.prepare('UPDATE users SET disabled = 1 WHERE id = ?').run(ada.id);
  expect(await asked).toBeNull();
});

test('a weaker hash of old becomes today’s at the next login, and no session ends', async () => {
  services = makeServices({ argon2 });
  ada = await addUser(services, 'Ada');
  const weak = await argon2.hash(PASSWORD, { memoryCost: 8192, timeCost: 2, parallelism: 1 });
  services.db.prepare('UPDATE users SET password_hash = ? WHERE id = ?').run(weak, ada.id);
  const { grant } = session(services, ada);
  expect(await services.users.verify('ada', PASSWORD)).not.toBeNull();
  expect(services.db.prepare('SELECT password_hash FROM users WHERE id = ?').pluck().get(ada.id)).toMatch(/m=19456,p=1,t=2/);
  expect(services.grants.verify(grant).username).toBe('Ada');
  expect(await services.users.verify('ada', PASSWORD)).not.toBeNull();
});

test('who is not there can’t be changed', async () => {
  const id = '99999999-9999-4999-8999-999999999999';
  expect(await refusal(() => services.users.update(id, { role: 'admin' }, asRoot))).toBe('unknown_user');
  expect(await refusal(() => services.users.remove(id, asRoot))).toBe('unknown_user');
});
