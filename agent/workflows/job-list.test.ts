import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { encodeCursor } from '../history/cursor.ts';
import { ownTables } from '../store/own-tables.ts';
import { openDatabase } from '../tables.ts';
import { listJobs } from './job-list.ts';
import { WORKFLOW_TABLES } from './workflow-tables.ts';

const CURSOR = encodeCursor({ created_at: 1, task_id: '00000000-0000-4000-8000-000000000000' });

it.each([
  ['the newest', {}, null, 'jobs_by_time'],
  ['one user’s', {}, 'user', 'jobs_by_user'],
  ['of a task', { workspace: 'ws', task: 'task' }, null, 'jobs_by_task'],
  ['of a state', { status: ['failed'] }, null, 'jobs_by_state'],
  ['of a source', { source: 'rerun' }, null, 'jobs_by_source'],
  ['of a workspace', { workspace: 'ws' }, null, 'jobs_by_workspace'],
  ['of several states', { status: ['failed', 'completed'] }, null, 'jobs_by_state'],
  ['of several states of a task', { workspace: 'ws', task: 'task', status: ['failed', 'completed'] }, null, 'jobs_by_task'],
  ['of several states of one user', { status: ['failed', 'completed'] }, 'user', 'jobs_by_user'],
  ['the next page', { cursor: CURSOR }, null, 'jobs_by_time'],
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
    const plan = prepare<[], { parent: number; detail: string }>(`EXPLAIN QUERY PLAN ${asked[0]?.replaceAll(/@\w+/g, "''")}`).all();
    const steps = plan.map(({ parent, detail }) => ({ parent, detail }));
    expect(JSON.stringify(steps)).toContain(index);
    // Sorted by the index: else all that fits would be read and sorted for the newest fifty.
    const reading = new Set(steps.flatMap(({ parent, detail }) => (/^(?:SEARCH|SCAN) jobs/.test(detail) ? [parent] : [])));
    expect(steps.filter(({ parent, detail }) => reading.has(parent) && detail.includes('TEMP B-TREE'))).toEqual([]);
  } finally {
    db.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
