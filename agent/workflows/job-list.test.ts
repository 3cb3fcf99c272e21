import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ownTables } from '../store/own-tables.ts';
import { openDatabase } from '../tables.ts';
import { listJobs } from './job-list.ts';
import { WORKFLOW_TABLES } from './workflow-tables.ts';

it.each([
  ['the newest', {}, null, 'jobs_by_time'],
  ['one user’s', {}, 'user', 'jobs_by_user'],
  ['of a task', { workspace: 'ws', task: 'task' }, null, 'jobs_by_task'],
  ['of a state', { status: ['failed'] }, null, 'jobs_by_state'],
  ['of a source', { source: 'rerun' }, null, 'jobs_by_source'],
] as const)('a list of jobs, %s, is read from an index, in a long history, too', (_what, query, owner, index) => {
  const folder = mkdtempSync(join(tmpdir(), 'toru-jobs-'));
  const db = openDatabase(join(folder, 'toru.db'));
  try {
    ownTables(db, 'workflows', WORKFLOW_TABLES);
    const asked: string[] = [];
    const prepare = db.prepare.bind(db);
    db.prepare = (sql: string) => {
      asked.push(sql);
      return prepare(sql);
    };
    listJobs(db, { limit: 50, ...query, status: 'status' in query ? [...query.status] : undefined }, owner);
    const plan = prepare(`EXPLAIN QUERY PLAN ${asked[0]?.replaceAll(/@\w+/g, "''")}`).all();
    expect(JSON.stringify(plan)).toContain(index);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
