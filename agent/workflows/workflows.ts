import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import type { Hook } from '../../shared/flow/definition.ts';
import { hookContext } from '../../shared/flow/hook-context.ts';
import type { FlowEffect, JobSource, Json } from '../../shared/flow/job.ts';
import { isFinal } from '../../shared/run-state.ts';
import type { JobSummary, TaskStep, TaskSummary, TaskView, Workspace } from '../../shared/workflows.ts';
import type { Actions } from '../actions/actions.ts';
import type { Audit } from '../audit/audit.ts';
import type { ContainerSettings } from '../config-containers.ts';
import { Leftovers } from '../containers/leftovers.ts';
import type { Log } from '../logger.ts';
import type { Notify } from '../notify/notify.ts';
import type { Runs } from '../runs/runs.ts';
import type { Sealer } from '../secrets/sealed.ts';
import type { Secrets } from '../secrets/secrets.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { ownTables } from '../store/own-tables.ts';
import { Timers } from '../store/timers.ts';
import type { Caller } from '../users/caller.ts';
import type { Users } from '../users/users.ts';
import { Driver, TIMERS, whose } from './driver.ts';
import { JobEffects } from './job-effects.ts';
import { JobStore, type LiveJob, type NewJob } from './job-store.ts';
import { Jobs } from './jobs.ts';
import { planOf, taskOfHook } from './plan.ts';
import { QuickActions } from './quick-actions.ts';
import { type Revision, Revisions } from './revisions.ts';
import { resealed } from './sealed-input.ts';
import { stepDurations } from './step-durations.ts';
import { StepRuns } from './step-runs.ts';
import { StepValues } from './step-values.ts';
import { TaskAllow } from './task-allow.ts';
import { TaskStates } from './task-states.ts';
import { Triggers } from './triggers.ts';
import { removeUnusedDependencies } from './unused-dependencies.ts';
import { uuidV5 } from './uuid-v5.ts';
import { Webhooks } from './webhooks.ts';
import { WORKFLOW_TABLES } from './workflow-tables.ts';
import { Workspaces } from './workspaces.ts';

const DAY_MS = 24 * 3_600_000;
/** Jobs that go at a time, where they are too old. */
const FORGOTTEN_AT_ONCE = 20;

export interface WorkflowsOptions {
  db: Database;
  /** TORU_HOME */
  home: string;
  runs: Runs;
  users: Pick<Users, 'get'>;
  actions: Pick<Actions, 'get' | 'usable'>;
  notify: Pick<Notify, 'flow'>;
  settings: Pick<Settings, 'instance_id' | 'max_steps' | 'env_allow' | 'keep_days' | 'poll_interval_s' | 'tags' | 'tags_found'>;
  secrets: Secrets;
  identity: Sealer;
  audit: Pick<Audit, 'record'>;
  log: Log;
  containers: ContainerSettings;
}

/** Workspaces, their tasks, and the jobs that execute them. */
export class Workflows {
  readonly workspaces: Workspaces;
  readonly jobs: Jobs;
  readonly triggers: Triggers;
  readonly webhooks: Webhooks;
  readonly quickActions: QuickActions;
  readonly store: JobStore;
  readonly driver: Driver;
  readonly #o: WorkflowsOptions;
  readonly #timers: Timers;
  readonly #leftovers: Leftovers;
  readonly #allow: TaskAllow;
  readonly #steps: StepRuns;
  readonly #listeners = new Set<(live: LiveJob) => void>();
  #removing: NodeJS.Timeout | null = null;

  constructor(options: WorkflowsOptions) {
    this.#o = options;
    const { db, home, runs, users, actions, notify, settings, secrets, identity, audit, log } = options;
    ownTables(db, 'workflows', WORKFLOW_TABLES);
    const revisions = new Revisions(db);
    const effects = new JobEffects(db);
    this.#timers = new Timers(db, {
      failed: (err, timer) => log.error({ err, timer }, 'what was due could not be done; it is tried again'),
    });
    this.#allow = new TaskAllow(db);
    this.store = new JobStore(db, revisions);
    this.workspaces = new Workspaces({
      db,
      home,
      revisions,
      settings,
      audit,
      log,
      changed: (name, revision) => this.#defined(name, revision),
    });
    const values = new StepValues({ secrets, identity, settings, revisions, environment: process.env });
    const states = new TaskStates(db, home);
    this.#leftovers = new Leftovers(
      home,
      (taskId) => {
        const run = runs.history.get(taskId);
        return run === null ? null : run.state === 'starting' || !isFinal(run.state);
      },
      (detail, message) => log.warn(detail, message),
    );
    const steps = new StepRuns({
      ...{ runs, revisions, users, values, states, home, host: settings.instance_id },
      ...{ containers: options.containers, leftovers: this.#leftovers, environment: process.env },
    });
    this.#steps = steps;
    this.driver = new Driver({
      store: this.store,
      effects,
      steps,
      states,
      runs,
      timers: this.#timers,
      log,
      maxSteps: () => settings.max_steps,
      tags: () => [...settings.tags_found, ...settings.tags],
      changed: (jobId) => this.#changed(jobId),
      makeHookJob: (of, effect, hook, index) => this.#hookJob(of, effect, hook, index),
      told: (live, what, step) => this.#told(live, what, step, effects),
    });
    this.jobs = new Jobs({
      db,
      home,
      store: this.store,
      effects,
      revisions,
      driver: () => this.driver,
      runs,
      steps,
      key: identity,
      audit,
      host: settings.instance_id,
    });
    this.triggers = new Triggers({
      db,
      timers: this.#timers,
      audit,
      log,
      host: settings.instance_id,
      current: (name) => this.workspaces.current(name),
      jobs: this.jobs,
      values,
      transact: (work) => this.driver.transact(work),
      switched: () => this.webhooks.defined(),
      ownerOf: (workspace, name) => (workspace === this.workspaces.ownName() ? this.quickActions.callerOf(name) : null),
      failed: (failure) => notify.flow({ what: 'trigger', ...failure }),
    });
    this.quickActions = new QuickActions({
      db,
      actions,
      users,
      runs,
      secrets,
      workspaces: this.workspaces,
      triggers: this.triggers,
      audit,
      log,
      transact: (work) => this.driver.transact(work),
    });
    this.webhooks = new Webhooks({
      host: settings.instance_id,
      revisions: () => this.workspaces.allCurrent(),
      triggers: this.triggers,
      jobs: this.jobs,
      store: this.store,
      values,
      audit,
      onChange: (listener) => this.onChange(listener),
    });
    this.#timers.register(TIMERS, (name) => this.#due(name));
  }

  /** To be called after runs have recovered: goes on with what an earlier agent left, then fires what came due meanwhile. */
  async start(): Promise<void> {
    await this.quickActions.start();
    await this.workspaces.start();
    await this.driver.start();
    void this.#leftovers.sweep();
    void removeUnusedDependencies(this.#o.home);
    this.#removing = setInterval(() => void removeUnusedDependencies(this.#o.home), DAY_MS).unref();
    this.#timers.start();
  }

  close(): void {
    this.#timers.stop();
    if (this.#removing !== null) clearInterval(this.#removing);
    this.#leftovers.close();
    this.workspaces.close();
    this.driver.close();
  }

  /** Calls back with a job that has changed, when that is on the disk. @returns stops that. */
  onChange(listener: (live: LiveJob) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** All of them for an admin. A client gets those that have tasks for them, and not where they lie or what is wrong with them. */
  list(caller: Caller): List<Workspace> {
    const all = this.workspaces.list();
    if (caller.role === 'admin') return all;
    const items = all.items.flatMap((workspace): Workspace[] => {
      const { tasks } = this.workspaces.current(workspace.name)?.definitions ?? { tasks: {} };
      const may = Object.keys(tasks).filter((name) => this.#allow.mayUse(caller, workspace.name, name)).length;
      if (may === 0) return [];
      return [{ ...workspace, path: null, url: null, ref: null, libraries: [], problems: [], error: null, tasks: may, triggers: 0 }];
    });
    return { items, next_cursor: null };
  }

  /** The tasks of a workspace that the caller may execute. @throws ToruError not_found */
  tasks(caller: Caller, workspace: string): List<TaskSummary> {
    const revision = this.#current(caller, workspace);
    const names = revision === null ? [] : Object.keys(revision.definitions.tasks);
    const may = names.filter((name) => this.#allow.mayUse(caller, workspace, name));
    if (may.length === 0 && caller.role !== 'admin') throw noWorkspace(workspace);
    return { items: revision === null ? [] : may.map((name) => this.#summary(caller, revision, name)), next_cursor: null };
  }

  /** @throws ToruError not_found, for a task that is not the caller's too. */
  task(caller: Caller, workspace: string, name: string): TaskView {
    const revision = this.#usable(caller, workspace, name);
    const plan = planOf(revision, name);
    const { task } = plan;
    const { on_success, on_error, on_cancel, on_suspended } = task;
    const durations = stepDurations(this.#o.db, workspace, name);
    return {
      ...this.#summary(caller, revision, name),
      revision: revision.revision,
      input: task.input,
      flow: Object.entries(task.flow).map(([step, defined]): TaskStep => {
        const action = plan.actions[defined.action];
        return {
          name: step,
          title: defined.name ?? step,
          description: defined.description ?? '',
          action: defined.action,
          action_type: action?.type ?? 'script',
          library: action?.library ?? null,
          depends_on: defined.depends_on,
          when: defined.when ?? null,
          loop: defined.for_each !== undefined,
          sequential: defined.sequential,
          continue_on_failure: defined.continue_on_failure,
          timeout_s: defined.timeout_s ?? action?.timeout_s ?? null,
          retry: defined.retry ?? action?.retry ?? null,
          p50_ms: durations.get(step)?.p50_ms ?? null,
          p95_ms: durations.get(step)?.p95_ms ?? null,
        };
      }),
      timeout_s: task.timeout_s ?? null,
      hooks: { on_success, on_error, on_cancel, on_suspended },
      last_jobs: this.#lastJobs(caller, workspace, name, 10),
      ...(caller.role === 'admin'
        ? { triggers: Object.values(revision.definitions.triggers).filter((trigger) => trigger.task === name).length }
        : {}),
      ...(caller.role === 'admin' && workspace === this.workspaces.ownName() && this.quickActions.isChain(name) ? { chain: true } : {}),
    };
  }

  /** Which clients may execute a task. @throws ToruError not_found */
  allow(caller: Caller, workspace: string, name: string, allow: 'everyone' | string[]): TaskView {
    this.#usable(caller, workspace, name);
    this.#allow.set(workspace, name, allow);
    const detail = { allow: allow === 'everyone' ? allow : allow.length };
    this.#o.audit.record({ event: 'task.allow', caller, target: `${workspace}/${name}`, outcome: 'ok', detail });
    return this.task(caller, workspace, name);
  }

  /** @returns when the job is on the disk. @throws ToruError not_found, input_…, request_id_reused, too_late, disk_full */
  async execute(
    caller: Caller,
    workspace: string,
    task: string,
    asked: { input: Record<string, Json>; request_id?: string | undefined; not_after?: string | undefined; source: JobSource },
  ): Promise<{ job_id: string }> {
    return this.jobs.execute(caller, { ...asked, revision: this.#usable(caller, workspace, task), task });
  }

  #usable(caller: Caller, workspace: string, task: string): Revision {
    const revision = this.#current(caller, workspace);
    const defined = revision !== null && Object.hasOwn(revision.definitions.tasks, task);
    if (revision === null || !defined || !this.#allow.mayUse(caller, workspace, task))
      throw new ToruError(
        'not_found',
        `There is no task “${task}” in the workspace “${workspace}” for you. ${this.#whereToLook(caller, workspace)}`,
      );
    return revision;
  }

  /** A task that was just written is missing where its files have a problem. */
  #whereToLook(caller: Caller, workspace: string): string {
    const isBroken = caller.role === 'admin' && this.workspaces.get(workspace).problems.length > 0;
    return isBroken
      ? `Its files have a problem, and the last good ones count. See: toru workspace refresh ${workspace}`
      : 'See: toru tasks';
  }

  #current(caller: Caller, workspace: string): Revision | null {
    try {
      return this.workspaces.current(workspace);
    } catch (error) {
      // Names of workspaces can't be probed.
      throw caller.role === 'admin' ? error : noWorkspace(workspace);
    }
  }

  #summary(caller: Caller, revision: Revision, name: string): TaskSummary {
    const { workspace, definitions } = revision;
    const task = definitions.tasks[name];
    const next = this.triggers.nextOf(revision, name);
    const [last = null] = this.#lastJobs(caller, workspace, name, 1);
    return {
      workspace,
      name,
      title: task?.name ?? name,
      description: task?.description ?? '',
      folder: task?.folder ?? '',
      steps: Object.keys(task?.flow ?? {}).length,
      library: task?.library ?? null,
      last_job: last,
      next_fire_at: next === null ? null : new Date(next).toISOString(),
      ...(caller.role === 'admin' ? { allow: this.#allow.of(workspace, name) } : {}),
    };
  }

  #lastJobs(caller: Caller, workspace: string, task: string, limit: number): JobSummary[] {
    return this.jobs.list(caller, { workspace, task, limit }).items;
  }

  #hookJob(
    of: LiveJob,
    { on, key }: FlowEffect & { type: 'fire_hooks' },
    hook: Hook,
    index: number,
  ): { made: NewJob; input: Record<string, Json> } | null {
    const { row, job, plan } = of;
    if (job === null) return null;
    const about = hookContext(plan, job, on, row.source_id);
    const job_id = uuidV5(row.job_id, `hook/${key}/${index}`);
    let input: Record<string, Json> = {};
    try {
      input = this.#steps.inputOfHook({ ...of, job }, hook, about, job_id);
    } catch (error) {
      this.#o.log.error({ err: error, job_id: row.job_id, on }, 'the input of a hook could not be rendered');
      this.#o.audit.record({
        event: 'job.hook',
        caller: null,
        target: row.job_id,
        outcome: 'refused',
        detail: { on, action: hook.action },
      });
      return null;
    }
    const own = taskOfHook(hook, input);
    const made: NewJob = {
      ...whose(of),
      job_id,
      task: `${row.task}:${on}`,
      own_task: JSON.stringify(own),
      source: 'hook',
      source_id: row.job_id,
      parent_job: null,
      parent_step: null,
      parent_attempt: null,
    };
    return { made, input };
  }

  async #due(name: string): Promise<void> {
    const [kind, jobId = '', ...rest] = name.split('/');
    const at = Date.now();
    await this.driver.transact((apply) => {
      this.#timers.clear(TIMERS, name);
      if (kind === 'job') apply(jobId, { type: 'timer', at, timer: rest.join('/') });
      else if (kind === 'retry') this.#retry(jobId, Number(rest[0]));
      else if (kind === 'trigger') this.triggers.due(jobId, rest.join('/'), apply);
    });
  }

  /** A task's own retry: another job with the same input. */
  #retry(jobId: string, retry: number): void {
    const live = this.store.load(jobId);
    if (live?.job == null) return;
    const { row, job } = live;
    const made: NewJob = {
      ...whose(live),
      job_id: uuidV5(jobId, `retry/${job.round}/${retry}`),
      task: row.task,
      own_task: row.own_task,
      source: row.source,
      source_id: row.source_id,
      parent_job: row.parent_job,
      parent_step: row.parent_step,
      parent_attempt: row.parent_attempt,
    };
    if (this.store.load(made.job_id) === null)
      this.driver.create({ made, input: resealed(this.#o.identity, job.input, jobId, made.job_id), depth: job.depth, retry });
  }

  /** Within the transaction in which a workspace's definitions are others. */
  #defined(workspace: string, revision: Revision | null): void {
    this.triggers.sync(workspace, revision);
    queueMicrotask(() => {
      this.#timers.arm();
      this.webhooks.defined();
    });
  }

  /** A job ended, or asks something: whoever wants to know is told. Within its transaction. */
  #told({ row, job, plan }: LiveJob, what: 'ended' | 'asked', step: string | null, effects: JobEffects): void {
    const { job_id, user_id } = row;
    const title = plan.task.name ?? row.task;
    if (what === 'asked') {
      if (step !== null) this.#o.notify.flow({ what: 'approval', job_id, user_id, title, step });
      return;
    }
    this.#forgetOld();
    const state = job?.state;
    if (state !== 'completed' && state !== 'failed' && state !== 'cancelled' && state !== 'skipped') return;
    // A step's job is told by the job that it belongs to; a hook's only where it failed.
    if (row.parent_job !== null || (row.source === 'hook' && state !== 'failed')) return;
    const isPress = Object.keys(plan.task.flow).join() === 'run' && row.workspace === this.workspaces.ownName();
    const run = isPress ? (effects.runsOf(job_id).at(-1)?.task_id ?? null) : null;
    const alone = row.source === 'trigger' || row.source === 'webhook' || row.source === 'hook';
    this.#o.notify.flow({ what: 'job', job_id, user_id, title, state, alone, run });
  }

  /** Jobs are kept as long as runs are. A few old ones go whenever one ends, within its transaction. */
  #forgetOld(): void {
    const days = this.#o.settings.keep_days;
    if (days === 0) return;
    this.#o.db
      .prepare(
        `DELETE FROM jobs WHERE job_id IN (SELECT job_id FROM jobs WHERE created_at < ? AND ended_at < ? ORDER BY created_at LIMIT ${FORGOTTEN_AT_ONCE})`,
      )
      .run(Date.now() - days * DAY_MS, Date.now() - days * DAY_MS);
  }

  #changed(jobId: string): void {
    const live = this.store.load(jobId);
    if (live === null) return;
    for (const listener of [...this.#listeners]) listener(live);
  }
}

function noWorkspace(name: string): ToruError {
  return new ToruError('not_found', `There is no workspace “${name}” for you.`);
}
