import { constants, cpSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../shared/flow/job.ts';
import type { Database } from '../store/database.ts';
import type { LiveJob } from './job-store.ts';

type State = Record<string, Json>;
type Place = Pick<LiveJob['row'], 'workspace' | 'task' | 'job_id'>;

/** So many states of a task are kept, the newest ones. */
const KEPT = 10;

/**
 * What a task's jobs leave for the next one: the values of their lines `STATE:` and the files in `$STATE_OUT`. A job finds those of the
 * newest completed one as `state.*` and in `$STATE_DIR`; its own begin as a copy of them, and count when it has completed.
 */
export class TaskStates {
  readonly #db: Database;
  readonly #folder: string;

  /** @param home TORU_HOME */
  constructor(db: Database, home: string) {
    this.#db = db;
    this.#folder = join(home, 'task-states');
  }

  /** With which a job of this task begins. */
  valuesFor({ workspace, task }: Omit<Place, 'job_id'>): State {
    const newest = this.#newest(workspace, task);
    // A text that `keep` wrote.
    return newest === null ? {} : JSON.parse(newest.state);
  }

  /** The folders of a job, which are made where they are missing. @throws when the disk is full. */
  foldersFor(place: Place): { before: string; out: string } {
    const newest = this.#newest(place.workspace, place.task);
    const before =
      newest === null || newest.job_id === place.job_id
        ? this.#folderOf({ ...place, job_id: 'none' })
        : this.#folderOf({ ...place, ...newest });
    const out = this.#folderOf(place);
    mkdirSync(before, { recursive: true, mode: 0o700 });
    if (!existsSync(out)) cpSync(before, out, { recursive: true, mode: constants.COPYFILE_FICLONE, preserveTimestamps: true });
    return { before, out };
  }

  /** A job has ended: its state is the task's now, where it completed and has any. Within the caller's transaction. */
  keep({ row, job }: LiveJob): void {
    const { workspace, task, job_id } = row;
    const out = this.#folderOf(row);
    const hasFiles = existsSync(out) && readdirSync(out).length > 0;
    const values = job?.task_state ?? {};
    if (job?.state !== 'completed' || (!hasFiles && Object.keys(values).length === 0)) {
      rmSync(out, { recursive: true, force: true });
      return;
    }
    this.#db
      .prepare('INSERT OR REPLACE INTO task_states (workspace, task, job_id, number, state) VALUES (?, ?, ?, ?, ?)')
      .run(workspace, task, job_id, (this.#newest(workspace, task)?.number ?? 0) + 1, JSON.stringify(values));
    const old = this.#db
      .prepare<[string, string, number], { job_id: string }>(
        'SELECT job_id FROM task_states WHERE workspace = ? AND task = ? ORDER BY number DESC LIMIT -1 OFFSET ?',
      )
      .all(workspace, task, KEPT);
    for (const one of old) {
      this.#db.prepare('DELETE FROM task_states WHERE workspace = ? AND task = ? AND job_id = ?').run(workspace, task, one.job_id);
      rmSync(this.#folderOf({ workspace, task, job_id: one.job_id }), { recursive: true, force: true });
    }
  }

  #newest(workspace: string, task: string): { job_id: string; number: number; state: string } | null {
    return (
      this.#db
        .prepare<[string, string], { job_id: string; number: number; state: string }>(
          'SELECT job_id, number, state FROM task_states WHERE workspace = ? AND task = ? ORDER BY number DESC LIMIT 1',
        )
        .get(workspace, task) ?? null
    );
  }

  #folderOf({ workspace, task, job_id }: Place): string {
    return join(this.#folder, workspace, encodeURIComponent(task), job_id);
  }
}
