import { expect, test } from 'vitest';
import { randomHex } from '../../shared/encoding.ts';
import { loginCode } from '../../shared/login-link.ts';
import type { Caller } from './caller.ts';
import { addUser, callerOf, makeRooms, refusal } from './fixture.ts';

const from = { address: '192.0.2.1', user_agent: 'Firefox' };
const LOCAL: Caller = { user_id: 'local:0', username: 'local:root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

test('a code logs in the one it was made for, once, as a fresh login, and both stand in the audit', async () => {
  const rooms = makeRooms();
  const ada = await addUser(rooms, 'ada', 'admin');
  const link = rooms.loginLinks.make(LOCAL, undefined);
  expect(link).toMatchObject({ username: 'ada', origin: 'https://toru.example' });
  expect(loginCode.parse(link.code)).toBe(link.code);
  const sid = randomHex(32);
  const { grant, user, auth_time } = rooms.login.loginByLink({ code: link.code, sid, ...from });
  expect([user.id, auth_time]).toEqual([ada.id, rooms.clock.now]);
  expect(rooms.grants.verify(grant, { sid })).toMatchObject({ user_id: ada.id });
  const again = () => rooms.login.loginByLink({ code: link.code, sid: randomHex(32), ...from });
  expect(await refusal(again)).toBe('invalid_credentials');
  expect(rooms.audit.list().items).toMatchObject([
    { event: 'login', outcome: 'refused', target: null, detail: { reason: 'login link used or too old' } },
    { event: 'login', outcome: 'ok', user: 'ada', detail: { by: 'login link' } },
    { event: 'login.link', outcome: 'ok', user: 'local:root', target: 'ada' },
  ]);
  expect(JSON.stringify(rooms.audit.list())).not.toContain(link.code);
});

test('a code is void after five minutes, and for a user who was removed, disabled or never asked for', async () => {
  const rooms = makeRooms();
  const ada = await addUser(rooms, 'ada', 'admin');
  const eve = await addUser(rooms, 'eve');
  const use = (code: string) => refusal(() => rooms.login.loginByLink({ code, sid: randomHex(32), ...from }));
  const late = rooms.loginLinks.make(LOCAL, 'ADA');
  rooms.clock.now += 5 * 60_000;
  expect(await use(late.code)).toBe('invalid_credentials');
  const disabled = rooms.loginLinks.make(LOCAL, 'eve');
  await rooms.users.change(eve.id, { disabled: true });
  expect(await use(disabled.code)).toBe('invalid_credentials');
  const [claims] = rooms.loginLinks.make(LOCAL, undefined).code.split('.');
  expect(await use(`${claims}.${'A'.repeat(86)}`)).toBe('invalid_credentials');
  expect(rooms.users.get(ada.id)?.disabled).toBe(false);
});

test('only at the local socket, for who can log in', async () => {
  const rooms = makeRooms();
  const ada = await addUser(rooms, 'ada', 'admin');
  await addUser(rooms, 'bert', 'admin');
  const make = (caller: Caller, name?: string) => refusal(() => rooms.loginLinks.make(caller, name));
  expect(await make(callerOf(ada, rooms.clock.now), 'ada')).toBe('forbidden');
  expect(await make({ ...LOCAL, via: 'plugin', auth_time: rooms.clock.now }, 'ada')).toBe('forbidden');
  expect(await make(LOCAL)).toBe('bad_request');
  expect(await make(LOCAL, 'nobody')).toBe('unknown_user');
  expect(await make(LOCAL, 'bert')).toBeNull();
});
