import { ToruError, toToruError, unreachable } from '../../shared/errors.ts';
import { outputOf } from '../../shared/flow/context.ts';
import type { Hook } from '../../shared/flow/definition.ts';
import type { FlowEffect, FlowEvent, Job, Json, Outcome } from '../../shared/flow/job.ts';
import { isEnded } from '../../shared/flow/job.ts';
import { reduce } from '../../shared/flow/reduce.ts';
import { findStep } from '../../shared/flow/steps.ts';
import { TemplateError } from '../../shared/flow/template/error.ts';
import { isFinal } from '../../shared/run-state.ts';
import type { RunRow } from '../history/run-row.ts';
import type { Log } from '../logger.ts';
import type { WithEnd } from '../runs/life/beside.ts';
import type { Runs } from '../runs/runs.ts';
import type { Timers } from '../store/timers.ts';
import { neededTags } from './host-tags.ts';
import type { Attempt, JobEffect, JobEffects } from './job-effects.ts';
import type { JobStore, LiveJob, NewJob } from './job-store.ts';
import { actionOf } from './step-context.ts';
import type { StepRuns } from './step-runs.ts';
import type { TaskStates } from './task-states.ts';
import { uuidV5 } from './uuid-v5.ts';

export const TIMERS = 'workflows';
/** While the disk is full, an end is written again so often. */
const RETRY_MS = 1000;
/** What a host has may change: an engine is started, a tag is added. */
const LOOK_FOR_TAGS_MS = 2000;
const CHILD_CANCELLED = 'The job that it is a step of was cancelled, or could not wait.';

export interface DriverOptions {
  store: JobStore;
  effects: JobEffects;
  steps: StepRuns;
  states: Pick<TaskStates, 'valuesFor' | 'keep'>;
  runs: Pick<Runs, 'startOwn' | 'cancel' | 'onChange' | 'history' | 'journal'>;
  timers: Pick<Timers, 'set' | 'clear' | 'arm'>;
  log: Pick<Log, 'warn' | 'error'>;
  /** Runs of steps at the same time. */
  maxSteps: () => number;
  /** What this host is good for. */
  tags: () => readonly string[];
  /** Hears of every job that may have changed, when the change is on the disk. */
  changed: (jobId: string) => void;
  /** Makes the job of a hook, or of a task's own retry, within the transaction. */
  makeHookJob: (
    of: LiveJob,
    effect: FlowEffect & { type: 'fire_hooks' },
    hook: Hook,
    index: number,
  ) => { made: NewJob; input: Record<string, Json> } | null;
  /** Hears that a job ended or asks something, within the transaction. */
  told: (live: LiveJob, what: 'ended' | 'asked', step: string | null) => void;
}

/** Applies an event to a job, within a transaction. */
export type Apply = (jobId: string, event: FlowEvent) => void;

/** Makes a job, within a transaction. */
export interface NewJobWithInput {
  made: NewJob;
  input: Record<string, Json>;
  depth: number;
  retry: number;
}

/**
 * Drives jobs: gives their events to the reducer, writes event and effects in one transaction, and does the effects after it. What happens
 * inside of Toru (a child's job, a timer, a step without a process) is done in that transaction; the start and the stop of a run are rows
 * until they are done, so that an agent that died goes on with them.
 */
export class Driver {
  readonly #o: DriverOptions;
  /** Effects that are being done, by `keyOf`. */
  readonly #starting = new Set<string>();
  readonly #cancelling = new Set<string>();
  /** Runs of steps that have not ended. */
  readonly #active = new Set<string>();
  /** Those of them whose processes are gone, while that is being written. */
  readonly #leaving = new Set<string>();
  readonly #changed = new Set<string>();
  /** Starts for which this host lacks something: looked at again after a while. */
  readonly #unmatched = new Set<string>();
  #lookAgain: NodeJS.Timeout | null = null;
  #stop = (): void => undefined;
  #closed = true;

  constructor(options: DriverOptions) {
    this.#o = options;
  }

  /** To be called after runs have recovered: takes up what an earlier agent left. @returns when ended runs have been heard. */
  async start(): Promise<void> {
    this.#closed = false;
    this.#stop = this.#o.runs.onChange((run) => {
      if (isFinal(run.state) && this.#active.has(run.task_id)) void this.#ended(run.task_id);
    });
    const open = this.#o.effects.openRuns();
    for (const { task_id } of open) this.#active.add(task_id);
    await Promise.all(open.map(({ task_id }) => this.#endedAlready(task_id)));
    this.#after();
  }

  close(): void {
    this.#closed = true;
    if (this.#lookAgain !== null) clearTimeout(this.#lookAgain);
    this.#stop();
  }

  /** Events of jobs in one transaction of the journal. @returns when they are on the disk. @throws what `work` throws: then nothing was written. */
  async transact(work: (apply: Apply) => void): Promise<void> {
    await this.#o.runs.journal.write(() => work((jobId, event) => this.apply(jobId, event)));
    this.#after();
  }

  /** Makes a job and begins it. Within the caller's transaction. */
  create({ made, input, depth, retry }: NewJobWithInput): void {
    const at = Date.now();
    this.#o.store.create(made, at);
    this.apply(made.job_id, {
      type: 'created',
      at,
      id: made.job_id,
      input,
      source: made.source,
      depth,
      retry,
      state: this.#o.states.valuesFor(made),
    });
  }

  /**
   * Within the caller's transaction. An event of a job that is gone, or that the reducer has no use for, changes nothing.
   * @param atOnce the job does not wait for others of its task.
   */
  apply(jobId: string, event: FlowEvent, atOnce = false): void {
    const waiting: { jobId: string; event: FlowEvent }[] = [{ jobId, event }];
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const live = this.#o.store.load(next.jobId);
      if (live === null) continue;
      if (live.job === null && !atOnce && this.#waits(live, next.event, waiting)) continue;
      const now = timed(next.event, live);
      const { job, effects } = reduce(live.plan, live.job, now);
      if (job === live.job) continue;
      const after = this.#o.store.append(live, now, job);
      this.#changed.add(next.jobId);
      const push = (id: string, follows: FlowEvent): void => void waiting.push({ jobId: id, event: follows });
      for (const effect of effects) this.#perform(after, job, effect, push);
      // A child that its own task tries again has not ended for its parent.
      if (effects.some(({ type }) => type === 'finish') && !effects.some(({ type }) => type === 'retry_job'))
        this.#tellParent(after, job, push);
      if (effects.some(({ type }) => type === 'finish')) this.#beginNext(after, push);
    }
  }

  /**
   * A job of a task that runs as often as it may waits for the end of another one. What comes for it meanwhile (a cancel) begins it first.
   * @returns whether the event is dealt with.
   */
  #waits({ row, plan }: LiveJob, event: FlowEvent, waiting: { jobId: string; event: FlowEvent }[]): boolean {
    const { store } = this.#o;
    const { concurrency } = plan.task;
    if (event.type === 'created') {
      if (concurrency === undefined || store.running(row) < concurrency) return false;
      store.wait(row.job_id, event);
      this.#changed.add(row.job_id);
      return true;
    }
    const created = store.unwait(row.job_id);
    if (created === null) return true;
    this.apply(row.job_id, { ...created, at: event.at }, true);
    waiting.unshift({ jobId: row.job_id, event });
    return true;
  }

  /** One of a task's jobs has ended: the one that waits for the longest begins. */
  #beginNext({ row, plan }: LiveJob, push: (jobId: string, event: FlowEvent) => void): void {
    const { store } = this.#o;
    if (plan.task.concurrency === undefined || store.running(row) >= plan.task.concurrency) return;
    const next = store.nextWaiting(row);
    const created = next === null ? null : store.unwait(next);
    if (next !== null && created !== null) push(next, { ...created, at: Date.now() });
  }

  /** What is inside of Toru is done at once; the rest becomes a row. */
  #perform(live: LiveJob, job: Job, effect: FlowEffect, push: (jobId: string, event: FlowEvent) => void): void {
    const { effects, timers, steps, store, states, told } = this.#o;
    const { job_id } = live.row;
    const at = Date.now();
    const end = (step: string, attempt: number, how: { outcome: Outcome; output?: Json; error?: string }): void =>
      push(job_id, { type: 'step_ended', at, step, attempt, chance: Math.random(), ...how });
    switch (effect.type) {
      case 'start_step': {
        const { step, attempt } = effect;
        if (actionOf(live.plan, step)?.type !== 'noop') return effects.add('start', { job_id, step, attempt });
        push(job_id, { type: 'step_started', at, step, attempt });
        return end(
          step,
          attempt,
          failing(() => ({ outcome: 'completed', output: steps.input({ ...live, job }, step) })),
        );
      }
      case 'cancel_step': {
        const { step, attempt } = effect;
        if (effects.removeStart({ job_id, step, attempt })) return end(step, attempt, { outcome: 'cancelled' });
        return effects.add('cancel', { job_id, step, attempt });
      }
      case 'start_child': {
        const { step, attempt, task } = effect;
        const child = uuidV5(job_id, `child/${step}/${attempt}`);
        const begun = failing(() => ({
          outcome: 'completed',
          output: steps.inputOfChild({ ...live, job }, step, { job_id: child, task }),
        }));
        if (begun.outcome === 'failed') return push(job_id, { ...begun, type: 'child_ended', at, step, attempt, chance: Math.random() });
        if (store.load(child) !== null) return;
        const made: NewJob = {
          ...whose(live),
          job_id: child,
          task,
          source: 'task',
          source_id: job_id,
          own_task: null,
          parent_job: job_id,
          parent_step: step,
          parent_attempt: attempt,
        };
        store.create(made, at);
        const input = asRecord(begun.output);
        return push(child, {
          type: 'created',
          at,
          id: child,
          input,
          source: 'task',
          depth: job.depth + 1,
          retry: 0,
          state: this.#o.states.valuesFor(made),
        });
      }
      case 'cancel_child': {
        const { step, attempt } = effect;
        const child = store.newestChild(job_id, step, attempt);
        if (child !== null && !isEnded(child.state)) return push(child.job_id, { type: 'cancel', at, reason: CHILD_CANCELLED });
        // It waits for the next try of its own.
        return push(job_id, { type: 'child_ended', at, step, attempt, outcome: 'cancelled' });
      }
      case 'ask': {
        const { step, attempt } = effect;
        const question = failing(() => ({ outcome: 'completed', output: steps.question({ ...live, job }, step) }));
        return question.outcome === 'failed' ? end(step, attempt, question) : told({ ...live, job }, 'asked', step);
      }
      case 'set_timer':
        return timers.set(TIMERS, `job/${job_id}/${effect.timer}`, effect.due);
      case 'clear_timer':
        return timers.clear(TIMERS, `job/${job_id}/${effect.timer}`);
      case 'fire_hooks':
        for (const [index, hook] of effect.hooks.entries()) {
          const hookJob = this.#o.makeHookJob({ ...live, job }, effect, hook, index);
          if (hookJob === null || store.load(hookJob.made.job_id) !== null) continue;
          const { made, input } = hookJob;
          store.create(made, at);
          push(made.job_id, { type: 'created', at, id: made.job_id, input, source: 'hook', depth: 0, retry: 0, state: {} });
        }
        return;
      case 'retry_job':
        return timers.set(TIMERS, `retry/${job_id}/${effect.retry}`, effect.due);
      case 'finish': {
        const ended = { ...live, job };
        store.settle(ended);
        states.keep(ended);
        return told(ended, 'ended', null);
      }
      default:
        return unreachable(effect);
    }
  }

  #tellParent({ row, plan }: LiveJob, job: Job, push: (jobId: string, event: FlowEvent) => void): void {
    const { parent_job, parent_step, parent_attempt } = row;
    if (parent_job === null || parent_step === null || parent_attempt === null) return;
    push(parent_job, {
      type: 'child_ended',
      at: Date.now(),
      step: parent_step,
      attempt: parent_attempt,
      outcome: job.state === 'failed' || job.state === 'cancelled' ? job.state : 'completed',
      output: outputOf(plan, job),
      chance: Math.random(),
      ...(job.error === undefined ? {} : { error: job.error }),
    });
  }

  /** After a transaction: what is on the disk now is told, and done. */
  #after(): void {
    if (this.#closed) return;
    this.#o.timers.arm();
    const changed = [...this.#changed];
    this.#changed.clear();
    this.#flush();
    for (const jobId of changed) this.#o.changed(jobId);
  }

  #flush(): void {
    for (const effect of this.#o.effects.cancels()) this.#once(this.#cancelling, effect, () => this.#cancelStep(effect));
    this.#startQueued();
  }

  /** How many more steps may begin. */
  get #room(): number {
    return this.#o.maxSteps() - this.#active.size + this.#leaving.size - this.#starting.size;
  }

  #startQueued(): void {
    const room = this.#room;
    if (room <= 0) return;
    // Those that are being started, or can't be, stand among the first.
    for (const effect of this.#o.effects.starts(room + this.#starting.size + this.#unmatched.size)) {
      if (this.#room <= 0) return;
      this.#begin(effect, this.#o.store.load(effect.job_id));
    }
  }

  /**
   * A run's end is about to be written: what begins in its place is begun beside that, in the same transaction. Those that wait in the queue
   * come first, and then what follows from the end.
   */
  #startBeside(taskId: string, jobId: string, event: FlowEvent): void {
    const { store } = this.#o;
    if (this.#closed) return;
    this.#leaving.add(taskId);
    this.#startQueued();
    const live = store.load(jobId);
    if (live === null || live.job === null || this.#room <= 0) return;
    const { job, effects } = reduce(live.plan, live.job, timed(event, live));
    for (const effect of effects) {
      if (this.#room <= 0) return;
      if (effect.type !== 'start_step' || actionOf(live.plan, effect.step)?.type === 'noop') continue;
      this.#begin({ job_id: jobId, step: effect.step, attempt: effect.attempt }, { ...live, job });
    }
  }

  /** @param live the job when the start has been written. */
  #begin(which: Attempt, live: LiveJob | null): void {
    if (live === null || this.#unmatched.has(keyOf(which))) return;
    this.#once(this.#starting, which, () => this.#startStep(which, live));
  }

  #once(busy: Set<string>, which: Attempt, work: () => Promise<void>): void {
    const key = keyOf(which);
    if (busy.has(key)) return;
    busy.add(key);
    work()
      .catch((error: unknown) =>
        this.#o.log.error({ err: error, job_id: which.job_id, step: which.step }, 'a step of a job failed to begin or to stop'),
      )
      .finally(() => {
        busy.delete(key);
        this.#after();
      });
  }

  async #startStep(which: Attempt, live: LiveJob): Promise<void> {
    const { store, effects, steps, runs } = this.#o;
    const { job_id, step, attempt } = which;
    if (await this.#lacks(which, live)) return;
    const times = effects.countRuns(which);
    const task_id = uuidV5(job_id, times === 0 ? `${step}/${attempt}` : `${step}/${attempt}/${times}`);
    try {
      const { prepared, caller, source } = await steps.prepare(live, step, task_id);
      await runs.startOwn(caller, {
        task_id,
        prepared,
        source,
        beside: {
          accepted: () => {
            // It was cancelled meanwhile; or the end that it follows was not written.
            if (!effects.removeStart(which)) throw new Withdrawn();
            effects.addRun({ task_id, ...which });
            this.#active.add(task_id);
            const known = store.load(job_id)?.job;
            const begun = known == null ? undefined : findStep(known, step);
            // A run before this one had been accepted, and never began.
            if (begun?.state !== 'running') this.apply(job_id, { type: 'step_started', at: Date.now(), step, attempt });
          },
          ending: (row) => this.#ending(row, task_id),
        },
      });
      this.#after();
      await this.#endedAlready(task_id);
    } catch (error) {
      this.#active.delete(task_id);
      steps.abandoned(task_id);
      if (error instanceof Withdrawn) return;
      const { code, message } = sayable(error);
      if (code === 'internal') this.#o.log.error({ err: error, job_id, step }, 'a step could not be started');
      await this.transact((apply) => {
        if (effects.removeStart(which))
          apply(job_id, { type: 'step_ended', at: Date.now(), step, attempt, outcome: 'failed', error: message, chance: Math.random() });
      });
    }
  }

  /** Is this host without something that the step needs? Then the job is told, and the start waits. */
  async #lacks(which: Attempt, { row, plan, job }: LiveJob): Promise<boolean> {
    const { step, attempt } = which;
    const action = actionOf(plan, step);
    // Every host has the first; what else it has costs a look at its files.
    const needed = action === undefined ? [] : neededTags(action).filter((tag) => tag !== 'local');
    if (needed.length === 0) return false;
    const has = this.#o.tags();
    const lacks = needed.filter((tag) => !has.includes(tag));
    if (lacks.length === 0) return false;
    this.#unmatched.add(keyOf(which));
    this.#lookAgain ??= setTimeout(() => this.#matchAgain(), LOOK_FOR_TAGS_MS).unref();
    if (job !== null && findStep(job, step)?.lacks === undefined)
      await this.transact((apply) => apply(row.job_id, { type: 'unmatched', at: Date.now(), step, attempt, lacks, has: [...has] }));
    return true;
  }

  #matchAgain(): void {
    this.#lookAgain = null;
    this.#unmatched.clear();
    if (!this.#closed) this.#flush();
  }

  async #cancelStep({ id, job_id, step, attempt }: JobEffect): Promise<void> {
    const { effects, runs, steps } = this.#o;
    const task_id = effects.openRun({ job_id, step, attempt });
    if (task_id !== null) {
      // It may have ended just now.
      await runs.cancel(steps.agent, task_id).catch((error: unknown) => {
        if (toToruError(error).code !== 'not_running' && toToruError(error).code !== 'unknown_task') throw error;
      });
    }
    await this.transact(() => void effects.remove(id));
  }

  /** An end that came before anybody listened. */
  async #endedAlready(taskId: string): Promise<void> {
    const row = this.#o.runs.history.get(taskId);
    if (row === null || (row.state !== 'starting' && isFinal(row.state))) await this.#ended(taskId);
  }

  /** A step's run has ended: its output is read. @returns what writes down what the job makes of it. */
  async #ending(row: RunRow | null, taskId: string): Promise<WithEnd> {
    const { store, effects, steps } = this.#o;
    const run = effects.run(taskId);
    if (run === null || this.#closed) return { write: () => undefined };
    const { job_id, step, attempt } = run;
    const result = await steps.result(row, taskId, store.load(job_id), step);
    if (result === 'never began')
      return { write: () => void (effects.closeRun(taskId) && effects.add('start', { job_id, step, attempt })) };
    // By the runner's clock, and never later than now: that clock may have been set back since.
    const at = Math.min(row?.ended_at ?? Date.now(), Date.now());
    const event: FlowEvent = { type: 'step_ended', at, step, attempt, chance: Math.random(), ...result };
    return {
      write: () => void (effects.closeRun(taskId) && this.apply(job_id, event)),
      waits: () => this.#startBeside(taskId, job_id, event),
    };
  }

  /** The end of a step's run is on the disk. The job has heard of it in the same transaction, unless an earlier agent started the run. */
  async #ended(taskId: string): Promise<void> {
    this.#leaving.delete(taskId);
    // Whoever comes first.
    if (!this.#active.delete(taskId)) return;
    if (this.#closed) return;
    const { effects, steps, runs } = this.#o;
    try {
      if (effects.isOpen(taskId)) {
        const { write } = await this.#ending(runs.history.get(taskId), taskId);
        await this.transact(write);
      } else this.#after();
      steps.clear(taskId);
    } catch (error) {
      this.#o.log.error({ err: error, task_id: taskId }, 'the end of a step could not be written; it is tried again');
      this.#active.add(taskId);
      setTimeout(() => void this.#ended(taskId), RETRY_MS).unref();
    }
  }
}

const keyOf = ({ job_id, step, attempt }: Attempt): string => `${job_id}/${attempt}/${step}`;

/** No event of a job is older than its beginning, whatever the clock says. */
function timed(event: FlowEvent, { job }: LiveJob): FlowEvent {
  return { ...event, at: Math.max(event.at, job?.started_at ?? 0) };
}

/** The step was cancelled between its readiness and its start. */
class Withdrawn extends Error {}

type Ended = { outcome: Outcome; output?: Json; error?: string };

/** What can't be rendered fails its step. */
function failing(work: () => Ended): Ended {
  try {
    return work();
  } catch (error) {
    return { outcome: 'failed', error: sayable(error).message };
  }
}

/** A template that can't be rendered says itself what is wrong with it. */
function sayable(error: unknown): ToruError {
  const { code, message } = error instanceof TemplateError ? { code: 'bad_request' as const, message: error.message } : toToruError(error);
  return new ToruError(code, withNextStep(message), { cause: error });
}

/** What a job that comes of another one has of it. */
export function whose({
  row,
}: LiveJob): Pick<NewJob, 'workspace' | 'revision' | 'user_id' | 'username' | 'address' | 'request_id' | 'request_hash'> {
  const { workspace, revision, user_id, username, address } = row;
  return { workspace, revision, user_id, username, address, request_id: null, request_hash: null };
}

function asRecord(value: Json | undefined): Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};
}

/** Whoever reads that a secret is missing learns how it is stored. */
function withNextStep(message: string): string {
  const name = /\bsecret\.(\w+) is not defined\.$/.exec(message)?.[1];
  return name === undefined ? message : `${message} Store it: toru secret set ${name}`;
}
