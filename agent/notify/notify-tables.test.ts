import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { ownTables } from '../store/own-tables.ts';
import { NOTIFY_TABLES } from './notify-tables.ts';
import { Outbox } from './outbox.ts';

it('what waited before thresholds were told waits on, and an action keeps its addresses', () => {
  const db = new Database(':memory:');
  db.pragma('foreign_keys = ON');
  db.exec('CREATE TABLE users (id TEXT PRIMARY KEY, role TEXT) STRICT; CREATE TABLE quick_actions (id TEXT PRIMARY KEY) STRICT');
  ownTables(db, 'notify', NOTIFY_TABLES.slice(0, 1));
  const run = {
    task_id: '9b1e0000-0000-4000-8000-000000000000',
    user_id: 'u',
    action: 'backup',
    label: 'Backup',
    state: 'exited',
    exit_code: 0,
    created_at: '2026-03-01T00:00:00.000Z',
    started_at: null,
    ended_at: null,
  };
  db.prepare('INSERT INTO quick_actions VALUES (?)').run('backup');
  db.prepare(`INSERT INTO notify_targets (action, kind, url, tell_when) VALUES ('backup', 'ntfy', 'https://ntfy.sh/x', 'always')`).run();
  db.prepare(
    `INSERT INTO notify_messages (id, task_id, target, run, state, created_at) VALUES ('m', ?, 'ntfy/backup', ?, 'waiting', 1)`,
  ).run(run.task_id, JSON.stringify(run));
  ownTables(db, 'notify', NOTIFY_TABLES);
  expect(new Outbox(db).waiting('ntfy/backup', 10)).toMatchObject([{ id: 'm', about: { run } }]);
  expect(db.prepare('SELECT action, url FROM notify_targets').all()).toEqual([{ action: 'backup', url: 'https://ntfy.sh/x' }]);
  db.prepare('DELETE FROM quick_actions').run();
  expect(db.prepare('SELECT count(*) FROM notify_targets').pluck().get()).toBe(0);
  db.close();
});
