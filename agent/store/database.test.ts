import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { MIGRATIONS, openDatabase } from '../tables.ts';
import { tempDir } from '../users/fixture.ts';

test('an empty folder gets every table, for its owner only', () => {
  const file = join(tempDir(), 'toru.db');
  const db = openDatabase(file);
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all();
  expect(tables).toEqual(
    expect.arrayContaining([
      'settings',
      'users',
      'grants',
      'revocations',
      'quick_actions',
      'task_history',
      'plugin_kv',
      'plugin_events',
      'audit',
    ]),
  );
  expect(db.pragma('user_version', { simple: true })).toBe(MIGRATIONS.length);
  for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
  db.close();
});

test('a step that was released is never edited, nor its place changed', () => {
  const released = MIGRATIONS.slice(0, 8).map((step) => step.replaceAll(/\s+/g, ' ').trim());
  expect(createHash('sha256').update(released.join('\n')).digest('hex')).toBe(
    '67578cbdc159f2a9c6f8301fb995dcf610115c5861d7e35709c997a0f28ce07f',
  );
});

test('commits are durable, references are checked', () => {
  const db = openDatabase(join(tempDir(), 'toru.db'));
  expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
  expect(db.pragma('synchronous', { simple: true })).toBe(2);
  expect(() => db.exec("INSERT INTO grants VALUES ('s', 'nobody', 1, 0, 0, 0, NULL)")).toThrow(/FOREIGN KEY/);
  db.close();
});

test('what is stored survives opening again, and a step is taken once', () => {
  const file = join(tempDir(), 'toru.db');
  const first = openDatabase(file);
  first.exec("INSERT INTO settings VALUES ('host_name', '\"attic\"')");
  first.close();
  const again = openDatabase(file);
  expect(again.prepare('SELECT value FROM settings').pluck().get()).toBe('"attic"');
  again.close();
});

test('the tables of a newer Toru are left alone', () => {
  const file = join(tempDir(), 'toru.db');
  const newer = new SQLite(file);
  newer.pragma(`user_version = ${MIGRATIONS.length + 1}`);
  newer.close();
  expect(() => openDatabase(file)).toThrow(/newer Toru/);
});

test('a step that fails leaves nothing of itself behind', () => {
  const file = join(tempDir(), 'toru.db');
  const old = new SQLite(file);
  // In the way of a table that comes late in the first step.
  old.exec('CREATE TABLE audit (something)');
  old.close();
  expect(() => openDatabase(file)).toThrow(/audit/);
  const after = new SQLite(file);
  expect(after.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()).toEqual(['audit']);
  expect(after.pragma('user_version', { simple: true })).toBe(0);
  after.close();
});

test('the index outlives the step that gave it notes: what was found before is found after', () => {
  const file = join(tempDir(), 'toru.db');
  const old = new SQLite(file);
  for (const step of MIGRATIONS.slice(0, 3)) old.exec(step);
  old.pragma('user_version = 3');
  old.exec(
    `INSERT INTO task_history (task_id, user_id, username, label, script, args, inputs, source, state, created_at)
       VALUES ('t1', 'u', 'ada', 'Nightly backup', 'b.sh', '["--all"]', '{"to":"attic"}', 'api', 'exited', 1)`,
  );
  old.close();
  const db = openDatabase(file);
  const found = (word: string): unknown[] =>
    db
      .prepare(`SELECT task_id FROM search_index i JOIN task_history h ON h.search_text = i.rowid WHERE search_index MATCH '"${word}"'`)
      .pluck()
      .all();
  for (const word of ['nightly', 'attic', '--all']) expect(found(word), word).toEqual(['t1']);
  db.exec("UPDATE task_history SET note = 'the disk was full' WHERE task_id = 't1'");
  expect([found('disk was'), found('nightly')]).toEqual([['t1'], ['t1']]);
  db.exec("DELETE FROM task_history WHERE task_id = 't1'");
  expect([found('disk was'), found('nightly')]).toEqual([[], []]);
  expect(db.prepare('SELECT count(*) FROM search_texts').pluck().get()).toBe(0);
  db.exec("INSERT INTO search_index (search_index) VALUES ('integrity-check')");
  db.close();
});

test('what plugins kept outlives the step that gave it versions: text becomes JSON, and events stay', () => {
  const file = join(tempDir(), 'toru.db');
  const old = new SQLite(file);
  for (const step of MIGRATIONS.slice(0, 4)) old.exec(step);
  old.pragma('user_version = 4');
  old.exec(`INSERT INTO plugin_kv VALUES ('weather', 'city', 'Bern “Stadt”'), ('weather', 'days', '[1,2]');
    INSERT INTO plugin_events (plugin_id, event, detail, created_at) VALUES ('weather', 'started', '{}', 7)`);
  old.close();
  const db = openDatabase(file);
  expect(db.prepare('SELECT key, value, version, expires_at, bytes FROM plugin_kv ORDER BY key').all()).toEqual([
    { key: 'city', value: '"Bern “Stadt”"', version: 1, expires_at: null, bytes: 4 + 18 },
    { key: 'days', value: '[1,2]', version: 1, expires_at: null, bytes: 4 + 5 },
  ]);
  expect(db.prepare('SELECT event, created_at FROM plugin_events').all()).toEqual([{ event: 'started', created_at: 7 }]);
  db.close();
});
