import argon2 from 'argon2';
import { expect, test } from 'vitest';
import { randomHex } from '../../shared/encoding.ts';
import { GRANT_LIFE_MS } from '../../shared/limits.ts';
import type { Caller } from './caller.ts';
import { addUser, makeServices, PASSWORD, refusal } from './fixture.ts';
import type { Argon2 } from './passwords.ts';

const from = { address: '192.0.2.1', user_agent: 'Firefox' };

function counting(): { engine: Argon2; digests: string[] } {
  const digests: string[] = [];
  const verify: Argon2['verify'] = (digest, password) => {
    digests.push(digest);
    return argon2.verify(digest, password);
  };
  return { engine: { ...argon2, verify }, digests };
}

test('the right password gives a grant of this session, and is noted', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada');
  const sid = randomHex(32);
  const { grant, user, auth_time, expires_at } = await services.login.login({ username: 'Ada', password: PASSWORD, sid, ...from });
  expect(user.id).toBe(ada.id);
  expect([auth_time, expires_at]).toEqual([services.clock.now, services.clock.now + GRANT_LIFE_MS]);
  expect(services.grants.verify(grant, { sid })).toMatchObject({ user_id: ada.id, auth_time });
  expect(services.users.get(ada.id)?.last_login_at).toBe(new Date(services.clock.now).toISOString());
  expect(services.audit.list().items).toMatchObject([
    { event: 'login', user: 'ada', outcome: 'ok', address: '192.0.2.1', detail: { user_agent: 'Firefox' } },
  ]);
});

test('an unknown, a disabled and a mistaken user: the same answer, after the same work', async () => {
  const { engine, digests } = counting();
  const services = makeServices({ argon2: engine });
  await addUser(services, 'root', 'admin');
  const eve = await addUser(services, 'eve');
  await services.users.change(eve.id, { disabled: true });
  const answers: unknown[] = [];
  for (const [username, password] of [
    ['nobody', PASSWORD],
    ['eve', PASSWORD],
    ['root', 'wrong'],
  ] as const) {
    await services.login.login({ username, password, sid: randomHex(32), ...from }).catch((error: unknown) => answers.push(error));
  }
  expect(answers).toMatchObject(Array(3).fill({ code: 'invalid_credentials', message: 'Username or password is wrong.', extra: {} }));
  expect(digests).toHaveLength(3);
  expect(digests[0]).toBe(digests[1]);
  expect(digests[2]).not.toBe(digests[0]);
  expect(services.db.prepare('SELECT count(*) FROM grants').pluck().get()).toBe(0);
});

test('a refusal never comes before its time, whatever it took to find out', async () => {
  const services = makeServices({ failureMs: 400 });
  const ada = await addUser(services, 'ada');
  await services.users.change(ada.id, { username: 'ada' });
  for (const password of ['wrong', 'x'.repeat(3000)]) {
    const asked = performance.now();
    expect(await refusal(() => services.login.login({ username: 'ada', password, sid: randomHex(32), ...from }))).toBe(
      'invalid_credentials',
    );
    // A lower bound only: a busy machine may be late.
    expect(performance.now() - asked).toBeGreaterThanOrEqual(399);
  }
});

test('refused logins are in the audit; a name that nobody has is not: it may be a password', async () => {
  const services = makeServices();
  await addUser(services, 'ada');
  for (const username of ['ada', 'my-password-1'])
    await refusal(() => services.login.login({ username, password: 'swordfish', sid: randomHex(32), ...from }));
  expect(services.audit.list().items).toMatchObject([
    { event: 'login', outcome: 'refused', target: null, user: null, address: '192.0.2.1', detail: { reason: 'unknown user' } },
    { event: 'login', outcome: 'refused', target: 'ada', user: null, detail: { reason: 'wrong password' } },
  ]);
  expect(JSON.stringify(services.audit.list())).not.toMatch(/my-password-1|swordfish/);
});

test('a hostile edge looks at few passwords, of one account and in all; the owner at the host gets in at once', async () => {
  const services = makeServices();
  await addUser(services, 'ada', 'admin');
  const guess = (username: string, password: string) =>
    refusal(() => services.login.login({ username, password, sid: randomHex(32), ...from }));
  const answers = [];
  // Seven seconds, as fast as the hashes allow.
  for (let n = 0; n < 52; n += 1) {
    services.clock.now += 135;
    answers.push(await guess('ada', `guess ${n}`));
  }
  expect(answers.filter((code) => code === 'invalid_credentials')).toHaveLength(21);
  expect(answers.filter((code) => code === 'too_many_attempts')).toHaveLength(31);
  // Now and then a row says so, not one for each.
  expect(services.audit.list().items.filter((row) => row.detail['reason'] === 'too many wrong passwords')).toHaveLength(1);
  for (let n = 0; n < 60; n += 1) answers.push(await guess(`nobody${n}`, 'x'));
  expect(answers.filter((code) => code === 'invalid_credentials').length).toBeLessThanOrEqual(70);

  const local: Caller = { user_id: 'local:0', username: 'local:root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };
  const { code } = services.loginLinks.make(local, undefined);
  expect(services.login.loginByLink({ code, sid: randomHex(32), ...from }).user.username).toBe('ada');
  // Nobody is locked out for longer than an interval.
  services.clock.now += 4000;
  expect(await guess('ada', PASSWORD)).toBeNull();
  for (let n = 0; n < 30; n += 1) expect(await guess('ada', PASSWORD)).toBeNull();
});

test('more logins at once than may wait are told to come back, without waiting', async () => {
  const services = makeServices();
  await addUser(services, 'ada');
  const all = await Promise.all(
    Array.from({ length: 12 }, () =>
      refusal(() => services.login.login({ username: 'ada', password: PASSWORD, sid: randomHex(32), ...from })),
    ),
  );
  expect(all.filter((code) => code === 'busy')).toHaveLength(3);
  expect(all.filter((code) => code === null)).toHaveLength(9);
});

test('renewed while the session lives; logged out, it is over and noted once', async () => {
  const services = makeServices();
  await addUser(services, 'ada');
  const sid = randomHex(32);
  const { grant } = await services.login.login({ username: 'ada', password: PASSWORD, sid, ...from });
  services.clock.now += GRANT_LIFE_MS;
  const renewed = services.login.renew(grant);
  expect(renewed.expires_at).toBe(services.clock.now + GRANT_LIFE_MS);
  services.login.logout(sid);
  services.login.logout(sid);
  expect(await refusal(() => services.login.renew(renewed.grant))).toBe('session_expired');
  expect(services.audit.list({ event: 'logout' }).items).toMatchObject([{ user: 'ada', outcome: 'ok' }]);
});
