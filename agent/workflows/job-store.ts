import type { Statement } from 'better-sqlite3';
import { task as taskSchema } from '../../shared/flow/definition.ts';
import type { FlowEvent, Job, JobSource, JobState, Plan } from '../../shared/flow/job.ts';
import { isEnded } from '../../shared/flow/job.ts';
import { reduce } from '../../shared/flow/reduce.ts';
import type { Database } from '../store/database.ts';
import { planOf } from './plan.ts';
import type { Revisions } from './revisions.ts';

/** A row of `jobs`. */
export interface JobRow {
  job_id: string;
  workspace: string;
  task: string;
  revision: number;
  own_task: string | null;
  user_id: string;
  username: string;
  address: string | null;
  source: JobSource;
  source_id: string | null;
  parent_job: string | null;
  parent_step: string | null;
  parent_attempt: number | null;
  request_id: string | null;
  request_hash: string | null;
  state: JobState;
  error: string | null;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
  events: number;
}

/** A job with what it is pinned to. */
export interface LiveJob {
  row: JobRow;
  plan: Plan;
  /** What the reducer made of its events; null before the first. */
  job: Job | null;
}

/** What a new job is made of. */
export type NewJob = Omit<JobRow, 'state' | 'error' | 'created_at' | 'started_at' | 'ended_at' | 'events'>;

/** Those of a `JobRow`. */
export const COLUMNS = `job_id, workspace, task, revision, own_task, user_id, username, address, source, source_id, parent_job, parent_step,
  parent_attempt, request_id, request_hash, state, error, created_at, started_at, ended_at, events`;

/** Jobs that have ended and are read again are kept in memory up to this number. */
const KEPT_ENDED = 64;

/**
 * The jobs: what is true of them is their events, in order. Memory holds what the reducer made of them; a row's count of events tells
 * whether that is still so, after a transaction that came to nothing.
 */
export class JobStore {
  readonly #revisions: Revisions;
  readonly #live = new Map<string, LiveJob>();
  readonly #insert: Statement<[NewJob & { created_at: number }]>;
  readonly #row: Statement<[string], JobRow>;
  readonly #count: Statement<[string], number>;
  readonly #event: Statement<[string, number, string]>;
  readonly #update: Statement<[Pick<JobRow, 'job_id' | 'state' | 'error' | 'started_at' | 'ended_at' | 'events'>]>;
  readonly #running: Statement<[string, string], number>;
  readonly #wait: Statement<[string | null, string]>;
  readonly #waits: Statement<[string], string | null>;
  readonly #next: Statement<[string, string], string>;
  readonly #child: Statement<[string, string, number], Pick<JobRow, 'job_id' | 'state'>>;
  readonly #kept: Statement<[string], { kept_state: string | null; kept_events: number }>;
  readonly #keep: Statement<[number, string, string]>;
  readonly #drop: Statement<[string, number]>;
  readonly #after: Statement<[string, number], string>;

  constructor(db: Database, revisions: Revisions) {
    this.#revisions = revisions;
    this.#insert = db.prepare(
      `INSERT INTO jobs (job_id, workspace, task, revision, own_task, user_id, username, address, source, source_id, parent_job, parent_step,
         parent_attempt, request_id, request_hash, state, created_at)
       VALUES (@job_id, @workspace, @task, @revision, @own_task, @user_id, @username, @address, @source, @source_id, @parent_job, @parent_step,
         @parent_attempt, @request_id, @request_hash, 'pending', @created_at)`,
    );
    this.#row = db.prepare(`SELECT ${COLUMNS} FROM jobs WHERE job_id = ?`);
    this.#count = db.prepare<[string], number>('SELECT events FROM jobs WHERE job_id = ?').pluck();
    this.#event = db.prepare('INSERT INTO job_events (job_id, number, event) VALUES (?, ?, ?)');
    this.#update = db.prepare(
      `UPDATE jobs SET state = @state, error = @error, started_at = @started_at, ended_at = @ended_at, events = @events WHERE job_id = @job_id`,
    );
    this.#running = db
      .prepare<[string, string], number>(
        `SELECT count(*) FROM jobs WHERE workspace = ? AND task = ? AND state IN ('pending', 'running', 'suspended') AND events > 0`,
      )
      .pluck();
    this.#wait = db.prepare('UPDATE jobs SET waits = ? WHERE job_id = ?');
    this.#waits = db.prepare<[string], string | null>('SELECT waits FROM jobs WHERE job_id = ?').pluck();
    this.#next = db
      .prepare<[string, string], string>(
        'SELECT job_id FROM jobs WHERE workspace = ? AND task = ? AND waits IS NOT NULL ORDER BY created_at, rowid LIMIT 1',
      )
      .pluck();
    this.#child = db.prepare(
      `SELECT job_id, state FROM jobs WHERE parent_job = ? AND parent_step = ? AND parent_attempt = ? ORDER BY created_at DESC, rowid DESC LIMIT 1`,
    );
    this.#kept = db.prepare('SELECT kept_state, kept_events FROM jobs WHERE job_id = ?');
    this.#keep = db.prepare('UPDATE jobs SET kept_events = ?, kept_state = ? WHERE job_id = ?');
    this.#drop = db.prepare('DELETE FROM job_events WHERE job_id = ? AND number <= ?');
    this.#after = db
      .prepare<[string, number], string>('SELECT event FROM job_events WHERE job_id = ? AND number > ? ORDER BY number')
      .pluck();
  }

  /** Within the caller's transaction. The first event has to follow in it. @throws when the id, or the request, is taken. */
  create(made: NewJob, created_at: number): void {
    this.#insert.run({ ...made, created_at });
  }

  /** Jobs of the same task that have begun and not ended. */
  running({ workspace, task }: Pick<JobRow, 'workspace' | 'task'>): number {
    return this.#running.get(workspace, task) ?? 0;
  }

  /** A job is not begun yet. Within the caller's transaction. */
  wait(jobId: string, created: FlowEvent): void {
    this.#wait.run(JSON.stringify(created), jobId);
  }

  /** The event with which a job that waits begins; it waits no longer then. Null when it did not wait. */
  unwait(jobId: string): FlowEvent | null {
    const text = this.#waits.get(jobId) ?? null;
    if (text === null) return null;
    this.#wait.run(null, jobId);
    // A text that `wait` wrote.
    return JSON.parse(text);
  }

  /** The job of a task that waits for the longest. */
  nextWaiting({ workspace, task }: Pick<JobRow, 'workspace' | 'task'>): string | null {
    return this.#next.get(workspace, task) ?? null;
  }

  /** Null when there is no such job. */
  load(jobId: string): LiveJob | null {
    const known = this.#live.get(jobId);
    const count = this.#count.get(jobId);
    if (count === undefined) {
      this.#live.delete(jobId);
      return null;
    }
    if (known !== undefined && known.row.events === count) return known;
    const row = this.#row.get(jobId);
    if (row === undefined) return null;
    const live = this.#read(row);
    this.#remember(live);
    return live;
  }

  /** The job that executes an attempt of a step; where its task tried again by itself, the newest. */
  newestChild(jobId: string, step: string, attempt: number): Pick<JobRow, 'job_id' | 'state'> | null {
    return this.#child.get(jobId, step, attempt) ?? null;
  }

  /** Writes an event, and what the reducer made of it, within the caller's transaction. */
  append(live: LiveJob, event: FlowEvent, job: Job): LiveJob {
    const events = live.row.events + 1;
    this.#event.run(live.row.job_id, events, JSON.stringify(event));
    const row: JobRow = {
      ...live.row,
      state: job.state,
      error: job.error ?? null,
      started_at: job.started_at ?? null,
      ended_at: job.ended_at ?? null,
      events,
    };
    this.#update.run(row);
    const next: LiveJob = { ...live, row, job };
    this.#live.set(row.job_id, next);
    return next;
  }

  /** An ended job is kept as its last state: its events have said what they had to. Within the caller's transaction. */
  settle({ row, job }: LiveJob): void {
    this.#keep.run(row.events, JSON.stringify(job), row.job_id);
    this.#drop.run(row.job_id, row.events);
  }

  #read(row: JobRow): LiveJob {
    const own = row.own_task === null ? null : taskSchema.parse(JSON.parse(row.own_task));
    const plan = planOf(this.#revisions.get(row.revision), row.task, own);
    const { kept_state, kept_events } = this.#kept.get(row.job_id) ?? { kept_state: null, kept_events: 0 };
    // Both are texts that this class wrote.
    let job: Job | null = kept_state === null ? null : JSON.parse(kept_state);
    for (const text of this.#after.all(row.job_id, kept_events)) job = reduce(plan, job, JSON.parse(text)).job;
    return { row, plan, job };
  }

  #remember(live: LiveJob): void {
    this.#live.delete(live.row.job_id);
    this.#live.set(live.row.job_id, live);
    if (this.#live.size <= KEPT_ENDED) return;
    for (const [id, { row }] of this.#live) {
      if (isEnded(row.state)) {
        this.#live.delete(id);
        return;
      }
    }
  }
}
