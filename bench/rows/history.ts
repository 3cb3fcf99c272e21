import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCursor } from '../../agent/history/cursor.ts';
import { History } from '../../agent/history/history.ts';
import type { HistoryQuery } from '../../agent/history/list-query.ts';
import type { RunRow } from '../../agent/history/run-row.ts';
import { sampleRun } from '../../agent/history/sample-run.ts';
import { openDatabase } from '../../agent/tables.ts';
import { stage } from '../deadline.ts';
import type { Figure, Row } from '../row.ts';
import { exact } from '../row.ts';
import { quantile } from '../stats.ts';

const ROWS = 1_000_000;
const CALLS = 60;
const USERS = 12;
const ACTIONS = 25;
const START = 1_750_000_000_000;
const STEP_MS = 20_000;
const TARGET = { most: 50 };

/** The agent's own History over a database of a million runs, on the disk and warm. */
export const history: Row = {
  name: 'history',
  deadline: 540,
  title: 'History of 1,000,000 runs: list, filter, search',
  async measure() {
    const folder = mkdtempSync(join(tmpdir(), 'toru-bench-history-'));
    const db = openDatabase(join(folder, 'toru.db'));
    try {
      const runs = new History(db);
      await fill(runs, db);
      const users = Array.from({ length: USERS }, (_, i) => userId(i));
      const deep = (): string => encodeCursor({ created_at: START + Math.floor(Math.random() * ROWS) * STEP_MS, task_id: randomUUID() });
      const pick = (of: readonly string[]): string => of[Math.floor(Math.random() * of.length)] ?? '';
      const figure = (what: string, query: () => HistoryQuery, owner: () => string | null = () => null): Figure => {
        stage(what);
        const times = Array.from({ length: CALLS }, () => timed(() => runs.list(query(), owner())));
        return { what: `${what}, p95`, unit: 'ms', value: exact(quantile(times, 0.95)), target: TARGET };
      };
      return {
        figures: [
          figure('the newest 50', () => ({ limit: 50 })),
          figure('50 from anywhere', () => ({ limit: 50, cursor: deep() })),
          figure(
            'one user’s own',
            () => ({ limit: 50, cursor: deep() }),
            () => pick(users),
          ),
          figure('by action', () => ({ limit: 50, cursor: deep(), action: `action-${Math.floor(Math.random() * ACTIONS)}` })),
          figure('by a rare state (1 in 1,000)', () => ({ limit: 50, cursor: deep(), status: ['interrupted'] })),
          figure(
            'by user and a rare state',
            () => ({ limit: 50, status: ['interrupted'] }),
            () => pick(users),
          ),
          figure('by username', () => ({ limit: 50, cursor: deep(), user: 'user-3' })),
          figure('search, a common word', () => ({ limit: 50, cursor: deep(), q: 'backup' })),
          figure('search, in one run of a million', () => ({ limit: 50, q: `--run=${Math.floor(Math.random() * ROWS)} ` })),
          figure('search, nothing found', () => ({ limit: 50, q: 'nowhere to be found' })),
          figure(
            'one user’s search, nothing found',
            () => ({ limit: 50, q: 'nowhere to be found' }),
            () => pick(users),
          ),
          figure(
            'one user’s search, a common word',
            () => ({ limit: 50, cursor: deep(), q: 'backup' }),
            () => pick(users),
          ),
          figure('search, a word of every run with a rare state', () => ({ limit: 50, q: 'verbose', status: ['interrupted'] })),
          figure('two characters, one part of it, nothing found', () => ({ limit: 50, cursor: deep(), q: 'qq' })),
          toTheEnd(runs, 'qq'),
        ],
        notes: [
          `${CALLS} calls each, after one call for warmth. Every run has arguments of its own, so the full-text index holds a million texts. What it can’t answer (one or two characters; a word in more than 500 texts) is looked for in a part of the history at a time, with a cursor to go on from.`,
        ],
      };
    } finally {
      db.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

/** All parts of a search that finds nothing. */
function toTheEnd(runs: History, q: string): Figure {
  let parts = 0;
  const took = timed(() => {
    for (let cursor: string | undefined; ; ) {
      stage(`part ${parts} of a search to the end`);
      const { next_cursor } = runs.list({ q, cursor }, null);
      parts += 1;
      if (next_cursor === null) return;
      cursor = next_cursor;
    }
  });
  return { what: `two characters, to the end, nothing found (${parts} parts)`, unit: 'ms', value: exact(took) };
}

async function fill(runs: History, db: ReturnType<typeof openDatabase>): Promise<void> {
  // Only for the filling: a commit need not reach the disk here.
  db.pragma('synchronous = OFF');
  const batch = db.transaction((from: number, to: number) => {
    for (let i = from; i < to; i += 1) runs.insert(rowOf(i));
  });
  for (let i = 0; i < ROWS; i += 10_000) {
    stage(`run ${i} of ${ROWS} is written`);
    batch(i, Math.min(ROWS, i + 10_000));
    // So that the deadline can come.
    await new Promise((next) => setImmediate(next));
  }
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.pragma('synchronous = FULL');
  runs.list({}, null);
}

function rowOf(i: number): RunRow {
  const action = i % 3 === 0 ? null : `action-${(i * 7) % ACTIONS}`;
  const script = ['backup.sh', 'deploy/web.sh', 'sync-photos.sh', 'check-disk.sh', 'restart.sh'][i % 5] ?? '';
  const created_at = START + i * STEP_MS;
  return sampleRun({
    user_id: userId((i * 5) % USERS),
    username: `user-${(i * 5) % USERS}`,
    action,
    action_revision: action === null ? null : 1,
    label: action === null ? script : `Do ${script.replace('.sh', '')} number ${i % 40}`,
    script,
    args: [`--run=${i}`, '--verbose'],
    inputs: action === null ? {} : { target: `host-${i % 17}`, dry_run: i % 2 === 0 },
    source: 'page',
    address: '192.0.2.7',
    state: i % 1000 === 0 ? 'interrupted' : i % 50 === 0 ? 'cancelled' : 'exited',
    exit_code: i % 9 === 0 ? 1 : 0,
    created_at,
    started_at: created_at + 3,
    ended_at: created_at + 4000,
    output_bytes: i % 100_000,
    request_id: randomUUID(),
  });
}

function userId(i: number): string {
  return `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`;
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
