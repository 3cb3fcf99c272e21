import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StartError } from '../start-error.ts';
import { ensureAdmin } from './first-admin.ts';
import { addUser, callerOf, makeRooms, refusal, session } from './fixture.ts';

const config = { admin_username: 'admin', admin_password: null, production: false };

test('the first start makes an admin with a password that is told once and kept nowhere', async () => {
  const rooms = makeRooms();
  const first = await ensureAdmin(config, rooms);
  const password = first?.generated_password ?? '';
  expect(first?.username).toBe('admin');
  // 20 of 31 letters: 99 bits.
  expect(password).toMatch(/^[2-9a-hjkmnp-z]{5}(-[2-9a-hjkmnp-z]{5}){3}$/);
  expect(await rooms.users.verify('admin', password)).toMatchObject({ role: 'admin', disabled: false });
  expect(await ensureAdmin(config, rooms)).toBeNull();
  for (const name of readdirSync(rooms.home).filter((file) => file.startsWith('toru.db'))) {
    expect(readFileSync(join(rooms.home, name)).includes(password)).toBe(false);
  }
  expect((await ensureAdmin(config, makeRooms()))?.generated_password).not.toBe(password);
});

test('the chosen name and password are taken, and the password is not told back', async () => {
  const rooms = makeRooms();
  expect(await ensureAdmin({ ...config, admin_username: 'owner', admin_password: 'chosen by me' }, rooms)).toEqual({
    username: 'owner',
    generated_password: null,
  });
  expect(await rooms.users.verify('owner', 'chosen by me')).toMatchObject({ role: 'admin' });
  expect(rooms.audit.list().items).toMatchObject([{ event: 'user.create', target: 'owner', user: null }]);
  expect(JSON.stringify(rooms.audit.list())).not.toContain('chosen');
});

test('production does not start without a chosen password, until there is a user', async () => {
  const rooms = makeRooms();
  await expect(ensureAdmin({ ...config, production: true }, rooms)).rejects.toThrow(StartError);
  expect(rooms.users.list()).toEqual([]);
  await addUser(rooms, 'root', 'admin');
  expect(await ensureAdmin({ ...config, production: true }, rooms)).toBeNull();
});

test('forgotten: a new ADMIN_PASSWORD works after a restart, and ends the old sessions', async () => {
  const rooms = makeRooms();
  await ensureAdmin(config, rooms);
  const admin = rooms.users.byName('admin') ?? expect.unreachable();
  const { grant } = session(rooms, admin);
  await ensureAdmin({ ...config, admin_password: 'set after it was lost' }, rooms);
  expect(await rooms.users.verify('admin', 'set after it was lost')).not.toBeNull();
  expect(await refusal(() => rooms.grants.verify(grant))).toBe('session_expired');
  expect(rooms.audit.list().items[0]).toMatchObject({ event: 'user.update', target: 'admin', detail: { by: 'ADMIN_PASSWORD' } });
});

test('the same ADMIN_PASSWORD at every start changes nothing, also not what was changed in the page since', async () => {
  const rooms = makeRooms();
  const fixed = { ...config, admin_password: 'from the unit file' };
  await ensureAdmin(fixed, rooms);
  const admin = rooms.users.byName('admin') ?? expect.unreachable();
  const { grant } = session(rooms, admin);
  await ensureAdmin(fixed, rooms);
  expect(rooms.grants.verify(grant).username).toBe('admin');
  await rooms.users.update(admin.id, { password: 'changed in the page' }, callerOf(admin, rooms.clock.now));
  await ensureAdmin(fixed, rooms);
  expect(await rooms.users.verify('admin', 'changed in the page')).not.toBeNull();
  expect(await rooms.users.verify('admin', 'from the unit file')).toBeNull();
});

test('a new ADMIN_PASSWORD opens a disabled or demoted admin again, and makes one that is missing', async () => {
  const rooms = makeRooms();
  await addUser(rooms, 'root', 'admin');
  const admin = await addUser(rooms, 'admin');
  await rooms.users.change(admin.id, { disabled: true });
  await ensureAdmin({ ...config, admin_password: 'open again please' }, rooms);
  expect(await rooms.users.verify('admin', 'open again please')).toMatchObject({ role: 'admin' });
  await ensureAdmin({ ...config, admin_username: 'second', admin_password: 'open again please' }, rooms);
  expect(await rooms.users.verify('second', 'open again please')).toMatchObject({ role: 'admin' });
});
