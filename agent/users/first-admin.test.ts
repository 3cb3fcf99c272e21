import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StartError } from '../start-error.ts';
import { ensureAdmin } from './first-admin.ts';
import { addUser, callerOf, makeServices, refusal, session } from './fixture.ts';

const config = { admin_username: 'admin', admin_password: null, production: false };

test('the first start makes an admin with a password that is told once and kept nowhere', async () => {
  const services = makeServices();
  const first = await ensureAdmin(config, services);
  const password = first?.generated_password ?? '';
  expect(first?.username).toBe('admin');
  // 20 of 31 letters: 99 bits.
  expect(password).toMatch(/^[2-9a-hjkmnp-z]{5}(-[2-9a-hjkmnp-z]{5}){3}$/);
  expect(await services.users.verify('admin', password)).toMatchObject({ role: 'admin', disabled: false });
  expect(await ensureAdmin(config, services)).toBeNull();
  for (const name of readdirSync(services.home).filter((file) => file.startsWith('toru.db'))) {
    expect(readFileSync(join(services.home, name)).indexOf(password), name).toBe(-1);
  }
  expect((await ensureAdmin(config, makeServices()))?.generated_password).not.toBe(password);
});

test('the chosen name and password are taken, and the password is not told back', async () => {
  const services = makeServices();
  expect(await ensureAdmin({ ...config, admin_username: 'owner', admin_password: 'chosen by me' }, services)).toEqual({
    username: 'owner',
    generated_password: null,
  });
  expect(await services.users.verify('owner', 'chosen by me')).toMatchObject({ role: 'admin' });
  expect(services.audit.list().items).toMatchObject([{ event: 'user.create', target: 'owner', user: null }]);
  expect(JSON.stringify(services.audit.list())).not.toContain('chosen');
});

test('production does not start without a chosen password, until there is a user', async () => {
  const services = makeServices();
  await expect(ensureAdmin({ ...config, production: true }, services)).rejects.toThrow(StartError);
  expect(services.users.list()).toEqual([]);
  await addUser(services, 'root', 'admin');
  expect(await ensureAdmin({ ...config, production: true }, services)).toBeNull();
});

test('forgotten: a new ADMIN_PASSWORD works after a restart, and ends the old sessions', async () => {
  const services = makeServices();
  await ensureAdmin(config, services);
  const admin = services.users.byName('admin') ?? expect.unreachable();
  const { grant } = session(services, admin);
  await ensureAdmin({ ...config, admin_password: 'set after it was lost' }, services);
  expect(await services.users.verify('admin', 'set after it was lost')).not.toBeNull();
  expect(await refusal(() => services.grants.verify(grant))).toBe('session_expired');
  expect(services.audit.list().items[0]).toMatchObject({ event: 'user.update', target: 'admin', detail: { by: 'ADMIN_PASSWORD' } });
});

test('the same ADMIN_PASSWORD at every start changes nothing, also not what was changed in the page since', async () => {
  const services = makeServices();
  const fixed = { ...config, admin_password: 'from the unit file' };
  await ensureAdmin(fixed, services);
  const admin = services.users.byName('admin') ?? expect.unreachable();
  const { grant } = session(services, admin);
  await ensureAdmin(fixed, services);
  expect(services.grants.verify(grant).username).toBe('admin');
  await services.users.update(admin.id, { password: 'changed in the page' }, callerOf(admin, services.clock.now));
  await ensureAdmin(fixed, services);
  expect(await services.users.verify('admin', 'changed in the page')).not.toBeNull();
  expect(await services.users.verify('admin', 'from the unit file')).toBeNull();
});

test('a new ADMIN_PASSWORD opens a disabled or demoted admin again, and makes one that is missing', async () => {
  const services = makeServices();
  await addUser(services, 'root', 'admin');
  const admin = await addUser(services, 'admin');
  await services.users.change(admin.id, { disabled: true });
  await ensureAdmin({ ...config, admin_password: 'open again please' }, services);
  expect(await services.users.verify('admin', 'open again please')).toMatchObject({ role: 'admin' });
  await ensureAdmin({ ...config, admin_username: 'second', admin_password: 'open again please' }, services);
  expect(await services.users.verify('second', 'open again please')).toMatchObject({ role: 'admin' });
});
