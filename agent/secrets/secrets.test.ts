import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadIdentity } from '../link/identity.ts';
import type { Database } from '../store/database.ts';
import { openDatabase } from '../tables.ts';
import type { Caller } from '../users/caller.ts';
import { HostKey } from '../users/host-key.ts';
import { Secrets } from './secrets.ts';

let home: string;
let db: Database;
const events: unknown[] = [];
const audit = { record: (entry: unknown) => void events.push(entry) };
const ada: Caller = { user_id: 'u', username: 'ada', role: 'admin', via: 'local', sid: null, address: null, auth_time: 0 };

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'toru-secrets-'));
  db = openDatabase(join(home, 'toru.db'));
  events.length = 0;
});
afterEach(() => {
  db.close();
  rmSync(home, { recursive: true, force: true });
});

const open = (): Secrets => new Secrets({ db, identity: loadIdentity(home), audit });
const onDisk = (): string => {
  db.pragma('wal_checkpoint(TRUNCATE)');
  return readFileSync(join(home, 'toru.db'), 'latin1');
};

test('a secret is used, and never told; a workspace’s own comes before the host’s', () => {
  const secrets = open();
  secrets.set(ada, 'TOKEN', null, 'of the whole host');
  secrets.set(ada, 'TOKEN', 'site', 'of the site');
  secrets.set(ada, 'PIN', null, '1234');
  expect([secrets.valueOf('TOKEN'), secrets.valueOf('TOKEN', 'site'), secrets.valueOf('TOKEN', 'other'), secrets.valueOf('NONE')]).toEqual([
    'of the whole host',
    'of the site',
    'of the whole host',
    null,
  ]);
  expect(secrets.list()).toMatchObject([
    { name: 'PIN', workspace: null, shown_in_output: true, updated_by: 'ada' },
    { name: 'TOKEN', workspace: null, shown_in_output: false },
    { name: 'TOKEN', workspace: 'site' },
  ]);
  expect(JSON.stringify([secrets.list(), events])).not.toMatch(/of the|1234/);
  expect(onDisk()).not.toContain('of the whole host');
});

test('a secret that is replaced or removed is gone', () => {
  const secrets = open();
  secrets.set(ada, 'TOKEN', null, 'the first one');
  secrets.set(ada, 'TOKEN', null, 'the second one');
  expect(open().valueOf('TOKEN')).toBe('the second one');
  secrets.remove(ada, 'TOKEN', null);
  expect(secrets.valueOf('TOKEN')).toBeNull();
  expect(() => secrets.remove(ada, 'TOKEN', null)).toThrow('No secret “TOKEN” is stored.');
});

test('another key of the host opens none, and what lies in another row opens none', () => {
  const secrets = open();
  secrets.set(ada, 'TOKEN', null, 'the first one');
  secrets.set(ada, 'OTHER', null, 'the second one');
  db.exec("UPDATE secrets_sealed SET sealed = (SELECT sealed FROM secrets_sealed WHERE name = 'OTHER') WHERE name = 'TOKEN'");
  expect(() => secrets.valueOf('TOKEN')).toThrow('Store it again: toru secret set TOKEN');
  renameSync(join(home, 'agent.key'), join(home, 'lost.key'));
  expect(() => open().valueOf('OTHER')).toThrow('under another key');
  open().set(ada, 'OTHER', null, 'stored again');
  expect(open().valueOf('OTHER')).toBe('stored again');
  expect(db.prepare("SELECT count(*) FROM secrets_sealed WHERE name = 'OTHER'").pluck().get()).toBe(1);
});

test('a new key of the host takes all of them along, also when the agent dies in between', () => {
  const identity = loadIdentity(home);
  const secrets = new Secrets({ db, identity, audit });
  secrets.set(ada, 'TOKEN', null, 'the first one');
  const grants = { revokeAll: () => undefined };
  const key = new HostKey({ identity, settings: { instance_id: 'h' }, grants, audit, sealed: secrets });
  // It dies before the new key is in its place: everything is under the old one still.
  expect(() =>
    identity.rotate((fresh) => {
      secrets.sealFor(fresh);
      throw new Error('killed');
    }),
  ).toThrow('killed');
  expect(open().valueOf('TOKEN')).toBe('the first one');
  expect(db.prepare('SELECT count(*) FROM secrets_sealed').pluck().get()).toBe(1);
  // It dies after it: the next start finds them under the new one, and forgets the rest.
  identity.rotate((fresh) => secrets.sealFor(fresh));
  expect(open().valueOf('TOKEN')).toBe('the first one');
  expect(db.prepare('SELECT count(*) FROM secrets_sealed').pluck().get()).toBe(1);
  const before = key.binding;
  key.rotate(ada);
  expect(key.binding).not.toBe(before);
  expect([open().valueOf('TOKEN'), db.prepare('SELECT count(*) FROM secrets_sealed').pluck().get()]).toEqual(['the first one', 1]);
});

test('a thousand are kept, and no more', () => {
  const secrets = open();
  db.transaction(() => {
    for (let n = 0; n < 1000; n += 1) secrets.set(ada, `S${n}`, null, 'value of it');
  })();
  expect(() => secrets.set(ada, 'MORE', null, 'value of it')).toThrow('1000 secrets at most');
  secrets.set(ada, 'S1', null, 'another value');
  expect(secrets.valueOf('S1')).toBe('another value');
});
