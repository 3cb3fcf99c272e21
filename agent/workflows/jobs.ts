import { createHash, randomUUID } from 'node:crypto';
import type { List } from '../../shared/api.ts';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { FlowEvent, JobSource, Json } from '../../shared/flow/job.ts';
import { isEnded } from '../../shared/flow/job.ts';
import { findStep } from '../../shared/flow/steps.ts';
import { refuseLate } from '../../shared/in-time.ts';
import { MASK } from '../../shared/input-passing.ts';
import type { ApproveRequest, Job, JobStepView, JobSummary, JobsQuery } from '../../shared/workflows.ts';
import type { Audit } from '../audit/audit.ts';
import type { Runs } from '../runs/runs.ts';
import type { Sealer } from '../secrets/sealed.ts';
import type { Database } from '../store/database.ts';
import { checkDisk, MIN_FREE_BYTES } from '../store/disk.ts';
import type { Caller } from '../users/caller.ts';
import type { Driver } from './driver.ts';
import type { JobEffects } from './job-effects.ts';
import { inputOfJob } from './job-input.ts';
import { listJobs } from './job-list.ts';
import type { StepLog } from './job-logs.ts';
import { type DoneBy, jobOf, stepOf, summaryOf } from './job-shown.ts';
import type { JobStore, LiveJob, NewJob } from './job-store.ts';
import type { Revision, Revisions } from './revisions.ts';
import { sealInput } from './sealed-input.ts';
import { actionOf } from './step-context.ts';
import type { StepRuns } from './step-runs.ts';

export interface JobsOptions {
  db: Database;
  /** TORU_HOME: the disk that must have room. */
  home: string;
  store: JobStore;
  effects: JobEffects;
  revisions: Revisions;
  driver: () => Driver;
  runs: Pick<Runs, 'log'>;
  steps: Pick<StepRuns, 'message' | 'container'>;
  /** Seals secret inputs. */
  key: Sealer;
  audit: Pick<Audit, 'record'>;
  host: string;
}

/** A task that is to be executed: whoever calls this has looked whether the caller may. */
export interface Execution {
  revision: Revision;
  task: string;
  input: Record<string, Json>;
  /** The request to a webhook, which no task declares: `input.body`, `.headers`, `.method`, `.query`. */
  request?: Record<string, Json> | undefined;
  /** Inputs that hold a secret, though nothing declares it. */
  secret?: readonly string[] | undefined;
  source: JobSource;
  source_id?: string | undefined;
  request_id?: string | undefined;
  not_after?: string | undefined;
}

/** The jobs of this host, as people see them and act on them. A foreign job is an unknown one. */
export class Jobs {
  readonly #o: JobsOptions;
  /** Requests that are being written, by user and request id: a retry in the same moment joins the first. */
  readonly #pending = new Map<string, { hash: string; begun: Promise<{ job_id: string }> }>();

  constructor(options: JobsOptions) {
    this.#o = options;
  }

  /**
   * Makes a job, and begins it. The same request id never makes two.
   * @returns when the job is on the disk. @throws ToruError input_…, request_id_reused, too_late, disk_full
   */
  execute(caller: Caller, execution: Execution): Promise<{ job_id: string }> {
    const { request_id, revision, task, input, secret = [] } = execution;
    const fields = revision.definitions.tasks[task]?.input ?? {};
    // Even a hash of a short secret would give it away.
    // Of a webhook's request, headers are others at each try: a time, an id of the connection.
    const { headers: _headers, ...request } = execution.request ?? {};
    const shown = Object.entries({ ...input, ...request }).map(
      ([name, value]) => [name, fields[name]?.secret === true || secret.includes(name) ? MASK : value] as const,
    );
    const hash = createHash('sha256')
      .update(JSON.stringify([revision.workspace, task, shown.sort(([a], [b]) => (a < b ? -1 : 1))]))
      .digest('hex');
    if (request_id === undefined) return this.#execute(caller, execution, null);
    const key = `${caller.user_id}\n${request_id}`;
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      if (pending.hash !== hash) throw reused();
      return pending.begun;
    }
    const known = this.#byRequest(caller.user_id, request_id);
    if (known !== null) {
      if (known.request_hash !== hash) throw reused();
      return Promise.resolve({ job_id: known.job_id });
    }
    const begun = this.#execute(caller, execution, hash).finally(() => this.#pending.delete(key));
    this.#pending.set(key, { hash, begun });
    return begun;
  }

  async #execute(caller: Caller, execution: Execution, request_hash: string | null): Promise<{ job_id: string }> {
    refuseLate(execution.not_after, Date.now());
    checkDisk(this.#o.home, MIN_FREE_BYTES);
    const job_id = randomUUID();
    await this.#o.driver().transact(() => this.make(caller, execution, job_id, request_hash));
    return { job_id };
  }

  /** Makes a job and begins it, within the caller's transaction; one that is there already stays as it is. @throws ToruError input_…, not_found */
  make(caller: Caller, execution: Execution, job_id: string, request_hash: string | null): void {
    const { revision, task, source, source_id, request_id, secret = [] } = execution;
    if (this.#o.store.load(job_id) !== null) return;
    const defined = revision.definitions.tasks[task];
    if (defined === undefined) throw new ToruError('not_found', `There is no task “${task}” in the workspace “${revision.workspace}”.`);
    const input = { ...inputOfJob(defined.input, execution.input, revision.definitions), ...execution.request };
    for (const [name, value] of Object.entries(input))
      if (defined.input[name]?.secret === true || secret.includes(name)) input[name] = sealInput(this.#o.key, job_id, name, value);
    const made: NewJob = {
      job_id,
      workspace: revision.workspace,
      task,
      revision: revision.id,
      own_task: null,
      user_id: caller.user_id,
      username: caller.username,
      address: caller.address,
      source,
      source_id: source_id ?? null,
      parent_job: null,
      parent_step: null,
      parent_attempt: null,
      request_id: request_id ?? null,
      request_hash,
    };
    this.#o.driver().create({ made, input, depth: 0, retry: 0 });
    const detail = { workspace: made.workspace, task, source };
    this.#o.audit.record({ event: 'job.start', caller, target: job_id, outcome: 'ok', detail });
  }

  /** The jobs of a trigger that have not ended. */
  running(workspace: string, trigger: string): string[] {
    return this.#o.db
      .prepare<[string, string], string>(
        `SELECT job_id FROM jobs WHERE workspace = ? AND source_id = ? AND source = 'trigger' AND state IN ('pending', 'running', 'suspended')`,
      )
      .pluck()
      .all(workspace, trigger);
  }

  /** Newest first; a client's own only. @throws ToruError bad_cursor */
  list(caller: Caller, query: JobsQuery): List<JobSummary> {
    const { items, next_cursor } = listJobs(this.#o.db, query, caller.role === 'admin' ? null : caller.user_id);
    return { items: items.map((row) => summaryOf(row, this.#o.host, this.#o.revisions.get(row.revision).revision)), next_cursor };
  }

  /** @throws ToruError unknown_job */
  get(caller: Caller, jobId: string): Job {
    const live = this.#live(caller, jobId);
    const runs = new Map(this.#o.effects.runsOf(live.row.job_id).map(({ step, attempt, task_id }) => [`${step}/${attempt}`, task_id]));
    return jobOf(live, this.#o.host, (step, attempt) => {
      const run = runs.get(`${step}/${attempt}`) ?? null;
      return run === null ? this.#doneBy(live, step, attempt) : this.#byRun(live, step, run);
    });
  }

  /** For whoever may see it. */
  summary({ row, plan }: LiveJob): JobSummary {
    return summaryOf(row, this.#o.host, plan.revision);
  }

  /** For an admin; null when there is no such job any more. */
  find(jobId: string): JobSummary | null {
    const live = this.#o.store.load(jobId);
    return live === null ? null : this.summary(live);
  }

  /** For whoever may see its job. @param name of a step that the job has, or of an instance. */
  step(live: LiveJob, name: string): JobStepView {
    const { row, plan, job } = live;
    const state = job === null ? undefined : findStep(job, name);
    if (state === undefined) throw new Error(`no step ${name} in the job ${row.job_id}`);
    return stepOf(plan, name, state, this.#doneBy(live, name, state.attempt));
  }

  /** What its steps printed, by their runs; those that were removed with old history are left out. @param step null: of all. @throws ToruError unknown_job */
  logs(caller: Caller, jobId: string, step: string | null): StepLog[] {
    const { row } = this.#live(caller, jobId);
    const runs = this.#o.effects.runsOf(row.job_id).filter((run) => step === null || run.step === step);
    return runs.flatMap((run) => {
      try {
        return [{ step: run.step, log: this.#o.runs.log(run.task_id) }];
      } catch (error) {
        if (toToruError(error).code === 'unknown_task') return [];
        throw error;
      }
    });
  }

  /** @returns when the stop is under way. A second call changes nothing. @throws ToruError unknown_job, not_running */
  async cancel(caller: Caller, jobId: string): Promise<void> {
    const { row, job } = this.#live(caller, jobId);
    if (row.state === 'cancelled' || job?.cancelling !== undefined) return;
    if (isEnded(row.state)) throw new ToruError('not_running', 'It has already ended.');
    await this.#act(caller, 'job.cancel', row, jobId, { type: 'cancel', at: Date.now(), reason: `${caller.username} cancelled it.` });
  }

  /** Runs a job again from a step on, or what did not complete. @throws ToruError unknown_job, not_found, conflict while it has not ended. */
  async rerun(caller: Caller, jobId: string, from: string | null): Promise<void> {
    const { row, job } = this.#live(caller, jobId);
    if (job === null || !isEnded(row.state)) throw new ToruError('conflict', 'It has not ended. Cancel it, or wait for its end.');
    if (row.parent_job !== null)
      throw new ToruError('conflict', 'It was a step of another job. Run that one again, from this step.', {
        extra: { job_id: row.parent_job },
      });
    if (from !== null && findStep(job, from) === undefined)
      throw new ToruError('not_found', `There is no step “${from}” in this job.`, { extra: { field: 'from' } });
    if (from === null && row.state === 'completed')
      throw new ToruError('conflict', 'All of its steps have completed. Name the step to run again from.', { extra: { field: 'from' } });
    await this.#act(caller, 'job.rerun', row, jobId, { type: 'rerun_from', at: Date.now(), step: from }, { from });
  }

  /** Answers an approval. @throws ToruError unknown_job, not_found, conflict when nothing is asked there. */
  async approve(caller: Caller, jobId: string, step: string, answer: ApproveRequest): Promise<void> {
    const { row, job, plan } = this.#live(caller, jobId);
    const found = job === null ? undefined : findStep(job, step);
    if (found === undefined) throw new ToruError('not_found', `There is no step “${step}” in this job.`);
    if (actionOf(plan, step)?.type !== 'approval') throw new ToruError('conflict', `“${step}” asks for no approval.`);
    if (found.state !== 'suspended') throw new ToruError('conflict', `“${step}” does not wait for an answer: it is ${found.state}.`);
    const at = Date.now();
    const by = caller.username;
    const { approved, rejection_reason, input } = answer;
    const event: FlowEvent = approved
      ? { type: 'approved', at, step, by, ...(input === undefined ? {} : { input }) }
      : { type: 'rejected', at, step, by, reason: rejection_reason ?? '' };
    await this.#act(caller, approved ? 'job.approve' : 'job.reject', row, jobId, event, { step });
  }

  #doneBy(live: LiveJob, step: string, attempt: number): DoneBy {
    const { store, effects, steps } = this.#o;
    const { job_id } = live.row;
    const none: DoneBy = { run: null, child: null, message: null, container: null };
    if (attempt === 0) return none;
    switch (actionOf(live.plan, step)?.type) {
      case 'task':
        return { ...none, child: store.newestChild(job_id, step, attempt)?.job_id ?? null };
      case 'approval':
        return { ...none, message: steps.message(live, step) };
      default: {
        const run = effects.newestRun({ job_id, step, attempt });
        return run === null ? none : this.#byRun(live, step, run);
      }
    }
  }

  #byRun({ plan }: LiveJob, step: string, run: string): DoneBy {
    const action = actionOf(plan, step);
    return { run, child: null, message: null, container: action === undefined ? null : this.#o.steps.container(action, run) };
  }

  #act(
    caller: Caller,
    event: string,
    row: LiveJob['row'],
    jobId: string,
    flow: FlowEvent,
    detail: Record<string, unknown> = {},
  ): Promise<void> {
    return this.#o.driver().transact((apply) => {
      apply(jobId, flow);
      this.#o.audit.record({
        event,
        caller,
        target: jobId,
        outcome: 'ok',
        detail: { workspace: row.workspace, task: row.task, user: row.username, ...detail },
      });
    });
  }

  #live(caller: Caller, jobId: string): LiveJob {
    const live = this.#o.store.load(jobId);
    if (live === null) throw unknownJob();
    if (caller.role !== 'admin' && live.row.user_id !== caller.user_id) {
      this.#o.audit.record({ event: 'job.foreign', caller, target: jobId, outcome: 'refused', detail: { user: live.row.username } });
      throw unknownJob();
    }
    return live;
  }

  #byRequest(userId: string, requestId: string): { job_id: string; request_hash: string | null } | null {
    return (
      this.#o.db
        .prepare<[string, string], { job_id: string; request_hash: string | null }>(
          'SELECT job_id, request_hash FROM jobs WHERE user_id = ? AND request_id = ?',
        )
        .get(userId, requestId) ?? null
    );
  }
}

function unknownJob(): ToruError {
  return new ToruError('unknown_job', 'There is no such job. It may have been removed with old history.');
}

function reused(): ToruError {
  return new ToruError('request_id_reused', 'This request id was used for another request. Make a new one for each press.');
}
