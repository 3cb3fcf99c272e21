import { expect, test } from 'vitest';
import { randomHex } from '../../shared/encoding.ts';
import { loginCode } from '../../shared/login-link-code.ts';
import type { Caller } from './caller.ts';
import { addUser, callerOf, makeServices, refusal } from './fixture.ts';

const from = { address: '192.0.2.1', user_agent: 'Firefox' };
const LOCAL: Caller = { user_id: 'local:0', username: 'local:root', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

test('a code logs in the one it was made for, once, as a fresh login, and both stand in the audit', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada', 'admin');
  const link = services.loginLinks.make(LOCAL, undefined);
  expect(link).toMatchObject({ username: 'ada', origin: 'https://toru.example' });
  expect(loginCode.parse(link.code)).toBe(link.code);
  const sid = randomHex(32);
  const { grant, user, auth_time } = services.login.loginByLink({ code: link.code, sid, ...from });
  expect([user.id, auth_time]).toEqual([ada.id, services.clock.now]);
  expect(services.grants.verify(grant, { sid })).toMatchObject({ user_id: ada.id });
  const again = () => services.login.loginByLink({ code: link.code, sid: randomHex(32), ...from });
  expect(await refusal(again)).toBe('invalid_credentials');
  expect(services.audit.list().items).toMatchObject([
    { event: 'login', outcome: 'refused', target: null, detail: { reason: 'login link used or too old' } },
    { event: 'login', outcome: 'ok', user: 'ada', detail: { by: 'login link' } },
    { event: 'login.link', outcome: 'ok', user: 'local:root', target: 'ada' },
  ]);
  expect(JSON.stringify(services.audit.list())).not.toContain(link.code);
});

test('a code is void after five minutes, and for a user who was removed, disabled or never asked for', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada', 'admin');
  const eve = await addUser(services, 'eve');
  const use = (code: string) => refusal(() => services.login.loginByLink({ code, sid: randomHex(32), ...from }));
  const late = services.loginLinks.make(LOCAL, 'ADA');
  services.clock.now += 5 * 60_000;
  expect(await use(late.code)).toBe('invalid_credentials');
  const disabled = services.loginLinks.make(LOCAL, 'eve');
  await services.users.change(eve.id, { disabled: true });
  expect(await use(disabled.code)).toBe('invalid_credentials');
  const before = services.loginLinks.make(LOCAL, 'ada');
  await services.users.change(ada.id, { password: 'another tall secret' });
  expect(await use(before.code)).toBe('invalid_credentials');
  const [claims] = services.loginLinks.make(LOCAL, undefined).code.split('.');
  expect(await use(`${claims}.${'A'.repeat(86)}`)).toBe('invalid_credentials');
  expect(services.users.get(ada.id)?.disabled).toBe(false);
});

test('only at the local socket, for who can log in', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada', 'admin');
  await addUser(services, 'bert', 'admin');
  const make = (caller: Caller, name?: string) => refusal(() => services.loginLinks.make(caller, name));
  expect(await make(callerOf(ada, services.clock.now), 'ada')).toBe('forbidden');
  expect(await make({ ...LOCAL, via: 'plugin', auth_time: services.clock.now }, 'ada')).toBe('forbidden');
  expect(await make(LOCAL)).toBe('bad_request');
  expect(await make(LOCAL, 'nobody')).toBe('unknown_user');
  expect(await make(LOCAL, 'bert')).toBeNull();
});

test('a session’s code lets one device of its user in, once its person confirmed it, and no younger than the session', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada');
  const maker: Caller = { ...callerOf(ada, services.clock.now), sid: randomHex(32) };
  const device = crypto.randomUUID();
  const come = (code: string, key: string | undefined = device) =>
    services.login.loginByLink({ code, sid: randomHex(32), device: key, ...from });
  services.clock.now += 60_000;
  const { id, code } = services.loginLinks.offer(maker);
  const state = () => services.loginLinks.offered(maker, id);
  expect(state()).toEqual({ state: 'open', device: null });
  expect(await refusal(() => services.loginLinks.decide(maker, id, true))).toBe('conflict');
  // Who can't wait for the confirmation takes nothing away.
  expect(await refusal(() => services.login.loginByLink({ code, sid: randomHex(32), ...from }))).toBe('invalid_credentials');
  expect(await refusal(() => come(code))).toBe('login_unconfirmed');
  expect(state()).toEqual({ state: 'asks', device: from });
  // A second one, with the same picture.
  expect(await refusal(() => come(code, crypto.randomUUID()))).toBe('invalid_credentials');
  expect(await refusal(() => services.loginLinks.decide({ ...maker, sid: randomHex(32) }, id, true))).toBe('not_found');
  services.loginLinks.decide(maker, id, true);
  expect(await refusal(() => come(code, crypto.randomUUID()))).toBe('invalid_credentials');
  const { user, auth_time } = come(code);
  expect([user.id, auth_time]).toEqual([ada.id, maker.auth_time]);
  expect(await refusal(() => come(code))).toBe('invalid_credentials');
  expect(state()).toEqual({ state: 'gone', device: null });
  const events = services.audit.list().items.map(({ event, outcome }) => `${event} ${outcome}`);
  expect(events).toEqual(expect.arrayContaining(['login.link ok', 'login.confirm ok', 'login ok']));
  expect(JSON.stringify(services.audit.list())).not.toContain(code);
});

test('a device’s code is void when refused, after two minutes, after another one, and with a change of the user', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada');
  const maker: Caller = { ...callerOf(ada, services.clock.now), sid: randomHex(32) };
  const device = crypto.randomUUID();
  const come = (code: string) => refusal(() => services.login.loginByLink({ code, sid: randomHex(32), device, ...from }));
  const refused = services.loginLinks.offer(maker);
  expect(await come(refused.code)).toBe('login_unconfirmed');
  services.loginLinks.decide(maker, refused.id, false);
  expect(await come(refused.code)).toBe('invalid_credentials');
  const first = services.loginLinks.offer(maker);
  const second = services.loginLinks.offer(maker);
  expect(await come(first.code)).toBe('invalid_credentials');
  services.clock.now += 2 * 60_000;
  expect(await come(second.code)).toBe('invalid_credentials');
  const changed = services.loginLinks.offer(maker);
  expect(await come(changed.code)).toBe('login_unconfirmed');
  services.loginLinks.decide(maker, changed.id, true);
  await services.users.change(ada.id, { password: 'another tall secret' });
  expect(await come(changed.code)).toBe('invalid_credentials');
});

test('a device’s code is void when the session that made it ends, also once it was let in', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada');
  const device = crypto.randomUUID();
  for (const end of [
    (sid: string) => void services.grants.revokeSession(sid),
    () => services.grants.revokeUser(ada.id),
    () => services.grants.revokeAll(),
  ]) {
    const sid = randomHex(32);
    services.grants.mint({ user: ada, sid, auth_time: services.clock.now });
    const maker: Caller = { ...callerOf(ada, services.clock.now), sid };
    const { id, code } = services.loginLinks.offer(maker);
    const come = () => refusal(() => services.login.loginByLink({ code, sid: randomHex(32), device, ...from }));
    expect(await come()).toBe('login_unconfirmed');
    services.loginLinks.decide(maker, id, true);
    end(sid);
    expect(await come()).toBe('invalid_credentials');
  }
});

test('however many codes a user has made, another user’s and those made on the host stay', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada', 'admin');
  const eve = await addUser(services, 'eve');
  const of = (user: typeof ada): Caller => ({ ...callerOf(user, services.clock.now), sid: randomHex(32) });
  const come = (code: string, device?: string) => refusal(() => services.login.loginByLink({ code, sid: randomHex(32), device, ...from }));
  const adas = services.loginLinks.offer(of(ada));
  const links = [services.loginLinks.make(LOCAL, 'ada'), services.loginLinks.make(LOCAL, 'eve')];
  const first = services.loginLinks.offer(of(eve));
  for (let n = 0; n < 300; n += 1) services.loginLinks.offer(of(eve));
  expect(await come(adas.code, crypto.randomUUID())).toBe('login_unconfirmed');
  for (const { code } of links) expect(await come(code)).toBeNull();
  expect(await come(first.code, crypto.randomUUID())).toBe('invalid_credentials');
});

test('a device’s code is made by a session whose password was typed lately, and nobody else', async () => {
  const services = makeServices();
  const ada = await addUser(services, 'ada', 'admin');
  const maker: Caller = { ...callerOf(ada, services.clock.now), sid: randomHex(32) };
  const offer = (caller: Caller) => refusal(() => services.loginLinks.offer(caller));
  expect(await offer(LOCAL)).toBe('forbidden');
  expect(await offer({ ...maker, via: 'plugin' })).toBe('forbidden');
  expect(await offer({ ...maker, auth_time: services.clock.now - 16 * 60_000 })).toBe('reauth_required');
  expect(await offer(maker)).toBeNull();
});
