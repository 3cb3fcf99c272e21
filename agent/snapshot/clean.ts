import type SQLite from 'better-sqlite3';

/**
 * Takes out of a copied database what must not live on in another place or time: everyone's sessions,
 * the devices that go with them, and runs that were under way, which would begin again where they wait in a queue.
 */
export function clean(db: SQLite.Database, reason: string, now: number = Date.now()): void {
  db.pragma('secure_delete = ON');
  db.transaction(() => {
    db.exec('DELETE FROM grants; DELETE FROM revocations; UPDATE users SET epoch = epoch + 1');
    // As they are made with the first start of an agent that knows them.
    const has = db.prepare<[string], number>(`SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = ?`).pluck();
    for (const table of ['notify_key', 'notify_follows', 'notify_watches', 'notify_devices', 'notify_messages'])
      if (has.get(table) === 1) db.exec(`DELETE FROM ${table}`);
    db.prepare(
      `UPDATE task_history SET state = 'interrupted', reason = ?, ended_at = ? WHERE state IN ('queued', 'starting', 'running')`,
    ).run(reason, now);
  })();
}
