import { utimesSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';

/** Makes it look as if a run had ended an hour ago: the next agent compresses its output as soon as it starts. */
export function ageRun(home: string, taskId: string): void {
  const db = new SQLite(join(home, 'toru.db'), { fileMustExist: true });
  db.prepare('UPDATE task_history SET ended_at = ended_at - 3600000 WHERE task_id = ?').run(taskId);
  db.close();
  const then = new Date(Date.now() - 3_600_000);
  for (const name of ['out', 'err']) utimesSync(join(home, 'runs', taskId, name), then, then);
}
