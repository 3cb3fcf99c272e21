import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callerOf, makeServices, refusal, tempDir } from '../users/fixture.ts';
import { Settings } from './settings.ts';

const HOUR = 3_600_000;

function setup() {
  const services = makeServices();
  const admin = { id: 'a', username: 'root', role: 'admin' as const };
  return {
    ...services,
    lately: callerOf(admin, Date.now()),
    longAgo: callerOf(admin, Date.now() - HOUR),
    client: callerOf({ ...admin, role: 'client' }, Date.now()),
  };
}

test('the instance_id is made once; the folder of scripts is there from the start', () => {
  const { home, db, audit, settings } = setup();
  const again = new Settings(db, audit, { home, scripts_dir: null, version: '1' });
  expect(again.instance_id).toBe(settings.instance_id);
  expect(settings.instance_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  expect(settings.scripts_dir).toBe(join(home, 'scripts'));
  expect(statSync(settings.scripts_dir).mode & 0o777).toBe(0o700);
  expect(makeServices().settings.instance_id).not.toBe(settings.instance_id);
});

test('a change is kept, and in the audit as from and to', () => {
  const { home, db, audit, settings, lately, longAgo } = setup();
  settings.update({ host_name: 'attic', keep_days: 7, env_allow: ['LANG'] }, lately);
  expect(new Settings(db, audit, { home, scripts_dir: null, version: '1' }).all()).toMatchObject({
    host_name: 'attic',
    keep_days: 7,
    env_allow: ['LANG'],
  });
  expect(audit.list().items[0]).toMatchObject({
    event: 'settings.change',
    user: 'root',
    detail: { host_name: { to: 'attic' }, keep_days: { from: 90, to: 7 } },
  });
  settings.update({ keep_days: 7 }, longAgo);
  expect(audit.list().items).toHaveLength(1);
});

test('scripts_dir: only an admin who typed their password lately; the same one again is no change', async () => {
  const { settings, lately, longAgo, client } = setup();
  const dir = tempDir();
  expect(await refusal(() => settings.update({ scripts_dir: dir }, longAgo))).toBe('reauth_required');
  expect(await refusal(() => settings.update({ keep_days: 1 }, client))).toBe('forbidden');
  expect(settings.update({ scripts_dir: settings.scripts_dir, keep_days: 3 }, longAgo).keep_days).toBe(3);
  expect(settings.update({ scripts_dir: dir }, lately).scripts_dir).toBe(dir);
});

test('scripts_dir: a folder that is there, by its one name', async () => {
  const { settings, lately } = setup();
  const dir = tempDir();
  for (const wrong of ['scripts', `${dir}/../x`, `${dir}/missing`, `${dir}/`]) {
    expect(await refusal(() => settings.update({ scripts_dir: wrong, keep_days: 1 }, lately))).toBe('bad_request');
  }
  expect(settings.keep_days).toBe(90);
});

test('a folder of scripts that the configuration decides can’t be changed here', async () => {
  const { home, db, audit, lately } = setup();
  const fixed = join(tempDir(), 'not-mounted-yet');
  const settings = new Settings(db, audit, { home, scripts_dir: fixed, version: '1' });
  expect(settings.all()).toMatchObject({ scripts_dir: fixed, scripts_dir_fixed: true });
  expect(existsSync(fixed), fixed).toBe(false);
  mkdirSync(join(home, 'other'));
  expect(await refusal(() => settings.update({ scripts_dir: join(home, 'other') }, lately))).toBe('conflict');
});

test("the agent's own variables can't be handed to scripts", async () => {
  const { settings, lately } = setup();
  expect(await refusal(() => settings.update({ env_allow: ['LANG', 'ADMIN_PASSWORD'] }, lately))).toBe('bad_request');
  expect(await refusal(() => settings.update({ env_allow: ['TORU_HOME'] }, lately))).toBe('bad_request');
  for (const name of ['LD_PRELOAD', 'LD_LIBRARY_PATH', 'DYLD_INSERT_LIBRARIES', 'BASH_ENV', 'SHELLOPTS', 'GCONV_PATH'])
    expect([name, await refusal(() => settings.update({ env_allow: ['LANG', name] }, lately))]).toEqual([name, 'bad_request']);
});

test('env_allow: only an admin who typed their password lately; the same names again are no change', async () => {
  const { settings, lately, longAgo } = setup();
  expect(await refusal(() => settings.update({ env_allow: ['AWS_SECRET_ACCESS_KEY'] }, longAgo))).toBe('reauth_required');
  expect(settings.env_allow).toEqual([]);
  expect(settings.update({ env_allow: ['AWS_SECRET_ACCESS_KEY'] }, lately).env_allow).toEqual(['AWS_SECRET_ACCESS_KEY']);
  expect(settings.update({ env_allow: ['AWS_SECRET_ACCESS_KEY'], keep_days: 3 }, longAgo).keep_days).toBe(3);
  expect(await refusal(() => settings.update({ env_allow: [] }, longAgo))).toBe('reauth_required');
});
