import type { Statement } from 'better-sqlite3';
import type { Database } from '../store/database.ts';

/** An attempt of a step. */
export interface Attempt {
  job_id: string;
  step: string;
  attempt: number;
}

export interface JobEffect extends Attempt {
  id: number;
}

export interface JobRun extends Attempt {
  task_id: string;
}

/** What jobs have asked for and nobody has done yet, and the runs that came of it. All of it within the caller's transaction. */
export class JobEffects {
  readonly #add: Statement<[Attempt & { type: 'start' | 'cancel' }]>;
  readonly #starts: Statement<[number], JobEffect>;
  readonly #cancels: Statement<[], JobEffect>;
  readonly #remove: Statement<[number]>;
  readonly #removeStart: Statement<[Attempt]>;
  readonly #addRun: Statement<[JobRun]>;
  readonly #closeRun: Statement<[string]>;
  readonly #run: Statement<[string], JobRun>;
  readonly #isOpen: Statement<[string], number>;
  readonly #openRun: Statement<[Attempt], string>;
  readonly #newestRun: Statement<[Attempt], string>;
  readonly #openRuns: Statement<[], JobRun>;
  readonly #countRuns: Statement<[Attempt], number>;
  readonly #runsOf: Statement<[string], JobRun>;

  constructor(db: Database) {
    this.#add = db.prepare(
      `INSERT INTO job_effects (job_id, type, step, attempt) VALUES (@job_id, @type, @step, @attempt) ON CONFLICT DO NOTHING`,
    );
    this.#starts = db.prepare(`SELECT id, job_id, step, attempt FROM job_effects WHERE type = 'start' ORDER BY id LIMIT ?`);
    this.#cancels = db.prepare(`SELECT id, job_id, step, attempt FROM job_effects WHERE type = 'cancel' ORDER BY id`);
    this.#remove = db.prepare('DELETE FROM job_effects WHERE id = ?');
    this.#removeStart = db.prepare(
      `DELETE FROM job_effects WHERE job_id = @job_id AND step = @step AND attempt = @attempt AND type = 'start'`,
    );
    this.#addRun = db.prepare('INSERT INTO job_runs (task_id, job_id, step, attempt) VALUES (@task_id, @job_id, @step, @attempt)');
    this.#closeRun = db.prepare('UPDATE job_runs SET is_open = 0 WHERE task_id = ? AND is_open = 1');
    this.#run = db.prepare('SELECT task_id, job_id, step, attempt FROM job_runs WHERE task_id = ?');
    this.#isOpen = db.prepare<[string], number>('SELECT is_open FROM job_runs WHERE task_id = ?').pluck();
    const ofAttempt = 'FROM job_runs WHERE job_id = @job_id AND step = @step AND attempt = @attempt';
    this.#openRun = db.prepare<[Attempt], string>(`SELECT task_id ${ofAttempt} AND is_open = 1`).pluck();
    this.#newestRun = db.prepare<[Attempt], string>(`SELECT task_id ${ofAttempt} ORDER BY rowid DESC LIMIT 1`).pluck();
    this.#openRuns = db.prepare('SELECT task_id, job_id, step, attempt FROM job_runs WHERE is_open = 1');
    this.#countRuns = db.prepare<[Attempt], number>(`SELECT count(*) ${ofAttempt}`).pluck();
    this.#runsOf = db.prepare('SELECT task_id, job_id, step, attempt FROM job_runs WHERE job_id = ? ORDER BY rowid');
  }

  add(type: 'start' | 'cancel', { job_id, step, attempt }: Attempt): void {
    this.#add.run({ type, job_id, step, attempt });
  }

  /** In the order in which the steps were ready. */
  starts(most: number): JobEffect[] {
    return this.#starts.all(most);
  }

  cancels(): JobEffect[] {
    return this.#cancels.all();
  }

  /** @returns whether it was still to be done. */
  remove(id: number): boolean {
    return this.#remove.run(id).changes > 0;
  }

  /** An attempt is started, or not to be started any more. @returns false when it was before, or was not requested. */
  removeStart({ job_id, step, attempt }: Attempt): boolean {
    return this.#removeStart.run({ job_id, step, attempt }).changes > 0;
  }

  addRun(run: JobRun): void {
    this.#addRun.run(run);
  }

  /** The job has heard how it ended. @returns false when it had before. */
  closeRun(taskId: string): boolean {
    return this.#closeRun.run(taskId).changes > 0;
  }

  /** Has the job not heard how it ended? */
  isOpen(taskId: string): boolean {
    return this.#isOpen.get(taskId) === 1;
  }

  run(taskId: string): JobRun | null {
    return this.#run.get(taskId) ?? null;
  }

  openRun({ job_id, step, attempt }: Attempt): string | null {
    return this.#openRun.get({ job_id, step, attempt }) ?? null;
  }

  /** The newest run of an attempt, ended or not. */
  newestRun({ job_id, step, attempt }: Attempt): string | null {
    return this.#newestRun.get({ job_id, step, attempt }) ?? null;
  }

  openRuns(): JobRun[] {
    return this.#openRuns.all();
  }

  /** How many runs an attempt has had: more than one where a run was accepted and the agent died before it began. */
  countRuns({ job_id, step, attempt }: Attempt): number {
    return this.#countRuns.get({ job_id, step, attempt }) ?? 0;
  }

  runsOf(jobId: string): JobRun[] {
    return this.#runsOf.all(jobId);
  }
}
