import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCursor } from '../../agent/history/cursor.ts';
import type { Database } from '../../agent/store/database.ts';
import { ownTables } from '../../agent/store/own-tables.ts';
import { openDatabase } from '../../agent/tables.ts';
import { listJobs } from '../../agent/workflows/job-list.ts';
import { WORKFLOW_TABLES } from '../../agent/workflows/workflow-tables.ts';
import type { JobsQuery } from '../../shared/workflows.ts';
import type { Figure, Row } from '../row.ts';
import { exact } from '../row.ts';
import { quantile } from '../stats.ts';

const ROWS = 100_000;
const CALLS = 60;
const START = 1_750_000_000_000;
const STEP_MS = 60_000;

/** The agent's own list over a database of so many jobs, on the disk and warm. */
export const jobs: Row = {
  name: 'jobs',
  title: 'History of 100,000 jobs: list and filter',
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'toru-bench-jobs-'));
    const db = openDatabase(join(folder, 'toru.db'));
    try {
      ownTables(db, 'workflows', WORKFLOW_TABLES);
      fill(db);
      const deep = (): string => encodeCursor({ created_at: START + Math.floor(Math.random() * ROWS) * STEP_MS, task_id: randomUUID() });
      const figure = (what: string, query: () => Omit<JobsQuery, 'limit'>, owner: string | null = null): Figure => {
        const times = Array.from({ length: CALLS + 1 }, () => {
          const began = performance.now();
          listJobs(db, { limit: 50, ...query() }, owner);
          return performance.now() - began;
        });
        return { what: `${what}, p95`, unit: 'ms', value: exact(quantile(times.slice(1), 0.95)), target: { most: 50 } };
      };
      return {
        figures: [
          figure('the newest 50', () => ({})),
          figure('50 from anywhere', () => ({ cursor: deep() })),
          figure('of one task', () => ({ workspace: 'ws-1', task: 'task-3', cursor: deep() })),
          figure('one user’s own', () => ({ cursor: deep() }), 'user-3'),
          figure('one user’s own of a rare state', () => ({ status: ['cancelled'] }), 'user-3'),
          figure('of a rare state (1 in 1,000)', () => ({ status: ['cancelled'] })),
          figure('of two states, one of them rare', () => ({ status: ['cancelled', 'failed'], cursor: deep() })),
          figure('of states that no job has', () => ({ status: ['suspended', 'running'] })),
          figure('of a rare source (1 in 1,000)', () => ({ source: 'rerun' })),
          figure('of a rare source and a state', () => ({ source: 'rerun', status: ['failed'] })),
          figure('of one workspace and a rare state', () => ({ workspace: 'ws-1', status: ['cancelled'] })),
        ],
        notes: [`${CALLS} calls each, after one for warmth.`],
      };
    } finally {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function fill(db: Database): void {
  db.pragma('foreign_keys = OFF');
  const insert = db.prepare(
    `INSERT INTO jobs (job_id, workspace, task, revision, user_id, username, source, state, created_at, started_at, ended_at, events, kept_events, kept_state)
     VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, 9, 9, ?)`,
  );
  // About as large as a job of five steps leaves it.
  const kept = JSON.stringify({ state: 'completed', steps: 'x'.repeat(1500) });
  db.transaction(() => {
    for (let at = 0; at < ROWS; at += 1) {
      const created = START + at * STEP_MS;
      const source = at % 1000 === 7 ? 'rerun' : at % 3 === 0 ? 'trigger' : 'page';
      const state = at % 1000 === 3 ? 'cancelled' : at % 20 === 0 ? 'failed' : 'completed';
      const user = `user-${at % 12}`;
      insert.run(randomUUID(), `ws-${at % 3}`, `task-${at % 10}`, user, user, source, state, created, created + 5, created + 900, kept);
    }
  })();
}
