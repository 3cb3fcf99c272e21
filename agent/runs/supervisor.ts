import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError, toToruError } from '../../shared/errors.ts';
import type { History } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { Ending, RunRow } from '../history/run-row.ts';
import { isDiskFull } from './disk.ts';
import { scriptEnvironment } from './environment.ts';
import { explainExit } from './explain.ts';
import { launch, makeFiles, STDIN_FILE } from './launch.ts';
import { LiveRun, readStatus } from './live-run.ts';
import type { ActionsSeam, RunsLog, ScriptsSeam, SettingsSeam, UsersSeam } from './needs.ts';
import type { OpenRun } from './open-run.ts';
import { endedAt, openRun, stdinOf, takeRest } from './open-run.ts';
import { readPlan, removePlan, writePlan } from './plan-file.ts';
import { bootId, identify } from './processes.ts';
import { RunQueue } from './queue.ts';
import { refusalOnLeaving } from './recheck.ts';
import { findOut } from './recover.ts';
import type { Prepared } from './request.ts';
import type { ProcessIdentity, RunStatus } from './status.ts';
import { stopRun } from './stop.ts';

export interface SupervisorOptions {
  folder: string;
  history: History;
  journal: Journal;
  settings: SettingsSeam;
  scripts: ScriptsSeam;
  actions: ActionsSeam;
  users: UsersSeam;
  log: RunsLog;
  environment: Readonly<Record<string, string | undefined>>;
  graceMs: number;
  maxRunning: number;
  /** Told after every change of a run's state, when it is on the disk. */
  changed: (row: RunRow) => void;
}

/** What is left of a run whose wrapper is gone gets a short grace. */
const ORPHAN_GRACE_MS = 2000;
const CHECK_MS = 1000;
const DISK_FULL = 'The host’s disk is full.';
/** While the disk is full, an end is written again so often. */
const RETRY_MS = 1000;

/** The life of every run between its journal entry and its end. */
export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #boot = bootId();
  readonly #open = new Map<string, OpenRun>();
  readonly queue: RunQueue;
  #checking: NodeJS.Timeout | null = null;
  #launching: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: SupervisorOptions) {
    this.#o = options;
    this.queue = new RunQueue(options.maxRunning);
  }

  /** A run that has not ended, or undefined. */
  get(taskId: string): OpenRun | undefined {
    return this.#open.get(taskId);
  }

  folderOf(taskId: string): string {
    return join(this.#o.folder, taskId);
  }

  /**
   * Journals a run and starts it, or lets it wait.
   * @param row with state `starting` or `queued`, as the queue said in this same turn of the event loop.
   * @param path the script's, when it starts now. @param beside written in the same transaction.
   * @returns when it is on the disk. @throws ToruError disk_full
   */
  async accept(row: RunRow, prepared: Prepared, path: string | null, beside: () => void): Promise<void> {
    const run = this.#newRun(row, prepared);
    const starts = row.state === 'starting';
    let committed = false;
    let called = false;
    const action = row.action;
    if (starts) {
      run.path = path;
      this.queue.enter(action);
    } else {
      // Its place in the line is taken now; its turn may come before it is on the disk.
      const go = (): void => {
        called = true;
        if (committed) void this.#leaveQueue(run);
      };
      this.queue.wait({ taskId: row.task_id, action, max: prepared.action?.max_concurrent ?? 0, go });
    }
    try {
      if (!starts && !prepared.secret) await writePlan(run.folder, prepared);
      await this.#o.journal.write(() => {
        this.#o.history.insert(row);
        beside();
      });
    } catch (error) {
      if (starts || called) this.queue.leave(action);
      else this.queue.withdraw(row.task_id);
      rmSync(run.folder, { recursive: true, force: true });
      if (isDiskFull(error))
        throw new ToruError('disk_full', 'The host’s disk is full: the run could not be written down, so it was not started.', {
          cause: error,
        });
      throw error;
    }
    committed = true;
    this.#open.set(row.task_id, run);
    this.#o.changed(row);
    if (starts) this.#launchSoon(run);
    else if (called) void this.#leaveQueue(run);
  }

  /**
   * Stops a run: takes it from the queue, or TERM, grace, KILL.
   * @returns false when its script has already ended by itself.
   */
  stop(run: OpenRun, why: 'cancelled' | 'timed_out'): boolean {
    if (run.why !== null) return true;
    run.live?.poke();
    if (run.live !== null && run.live.status().exit !== null) return false;
    run.why = why;
    if (run.live !== null) this.#stopLive(run, run.live);
    // One that is being started sees `why` before or right after its spawn.
    else if (this.queue.withdraw(run.row.task_id)) void this.#end(run, { state: 'cancelled', reason: null }, false);
    return true;
  }

  /** Takes up every run that the journal calls open: resumes, closes, or lets it wait on. @returns when all are decided. */
  async recover(): Promise<void> {
    const rows = this.#o.history.open();
    await Promise.all(rows.filter((row) => row.state !== 'queued').map((row) => this.#takeUp(row)));
    for (const row of rows) if (row.state === 'queued') this.#queueAgain(row);
  }

  /** Stops following. Runs go on without us. */
  async close(): Promise<void> {
    this.#closed = true;
    if (this.#checking !== null) clearInterval(this.#checking);
    await this.#launching;
    for (const run of this.#open.values()) {
      if (run.timeout !== null) clearTimeout(run.timeout);
      run.live?.close();
      run.log.rest();
    }
    this.#open.clear();
  }

  #newRun(row: RunRow, prepared: Prepared | null): OpenRun {
    return openRun(row, prepared, this.folderOf(row.task_id), (error) => {
      this.#o.log.error({ err: error, task_id: row.task_id }, 'the order of a run’s output can’t be mended');
    });
  }

  async #leaveQueue(run: OpenRun): Promise<void> {
    const refusal = refusalOnLeaving(run.row, this.#o.users, this.#o.actions);
    if (refusal !== null) return this.#end(run, { state: 'refused', reason: refusal });
    const at = Date.now();
    try {
      await this.#o.journal.write(() => this.#o.history.start(run.row.task_id, at));
    } catch (error) {
      return this.#end(run, { state: 'refused', reason: isDiskFull(error) ? DISK_FULL : toToruError(error).message });
    }
    run.row = { ...run.row, state: 'starting', started_at: at };
    this.#o.changed(run.row);
    this.#launchSoon(run);
  }

  /** One spawn after another, with the event loop between: a spawn blocks it for a millisecond or two. */
  #launchSoon(run: OpenRun): void {
    this.#launching = this.#launching.then(async () => {
      await new Promise((next) => setImmediate(next));
      if (!this.#closed) await this.#launch(run);
    });
  }

  async #launch(run: OpenRun): Promise<void> {
    const { prepared, row } = run;
    if (prepared === null) return;
    if (run.why !== null) return void this.#end(run, { state: run.why, reason: null });
    let child: ChildProcess;
    try {
      run.path ??= await this.#o.scripts.resolve(row.script);
      child = await this.#spawn(run, prepared, run.path);
    } catch (error) {
      const known = toToruError(error);
      if (known.code === 'internal') this.#o.log.error({ err: error, task_id: row.task_id }, 'a run could not be started');
      return void this.#end(run, { state: 'refused', reason: isDiskFull(error) ? DISK_FULL : known.message });
    }
    const wrapper = child.pid === undefined ? null : identify(child.pid, this.#boot);
    try {
      const live = this.#follow(run, wrapper);
      child.once('exit', () => live.wrapperGone());
      if (run.why !== null) this.#stopLive(run, live);
    } catch (error) {
      // What nobody watches must not run on.
      this.#trouble(run, error);
      void this.#interrupt(
        run,
        { reason: 'The agent could not follow it, and stopped it. The log of the agent says why.', sweep: true },
        wrapper,
      );
    }
  }

  #spawn(run: OpenRun, prepared: Prepared, script: string): Promise<ChildProcess> {
    const { row, folder } = run;
    makeFiles(folder);
    return launch({
      taskId: row.task_id,
      folder,
      script,
      args: prepared.passed.args,
      environment: scriptEnvironment(this.#o.environment, this.#o.settings.env_allow, prepared.passed.env, {
        user: row.username,
        action: row.action,
      }),
      stdin: stdinOf(prepared),
      boot: this.#boot,
    });
  }

  #follow(run: OpenRun, spawned: ProcessIdentity | null): LiveRun {
    const { folder, log } = run;
    const live = new LiveRun(
      { taskId: run.row.task_id, folder, log, boot: this.#boot, spawned },
      { end: (status) => void this.#ended(run, status), trouble: (error) => this.#trouble(run, error) },
    );
    run.live = live;
    run.settle();
    this.#checking ??= setInterval(() => this.#check(), CHECK_MS).unref();
    const { timeout_s, started_at } = run.row;
    if (timeout_s > 0) {
      const left = Math.max(0, (started_at ?? Date.now()) + timeout_s * 1000 - Date.now());
      run.timeout = setTimeout(() => this.stop(run, 'timed_out'), left).unref();
    }
    live.poke();
    return live;
  }

  #stopLive(run: OpenRun, live: LiveRun): void {
    live.stop(this.#o.graceMs).catch((error: unknown) => {
      this.#o.log.error({ err: error, task_id: run.row.task_id }, 'a run could not be stopped cleanly');
    });
  }

  #trouble(run: OpenRun, error: unknown): void {
    this.#o.log.error({ err: error, task_id: run.row.task_id }, 'the output of a run can’t be followed at the moment');
  }

  #check(): void {
    for (const run of this.#open.values()) run.live?.check();
    if (this.#open.size > 0 || this.#checking === null) return;
    clearInterval(this.#checking);
    this.#checking = null;
  }

  async #ended(run: OpenRun, status: RunStatus): Promise<void> {
    const { exit } = status;
    if (exit === null && run.why === null) {
      const reason = 'The script’s processes were killed from outside: how far it got is not known.';
      return this.#interrupt(run, { reason, sweep: true });
    }
    await this.#end(run, {
      state: run.why ?? 'exited',
      reason: this.#reason(run, status),
      exit_code: exit?.code ?? null,
      signal: exit?.signal ?? null,
      ended_at: endedAt(run.folder),
    });
  }

  #reason(run: OpenRun, status: RunStatus): string | null {
    if (run.why === 'timed_out') return `It took longer than its ${run.row.timeout_s} seconds, and was stopped.`;
    const explained = run.why === null && run.path !== null ? explainExit(run.path, status.exit?.code ?? null) : null;
    if (explained !== null) return explained;
    return status.cut.length > 0 ? 'Some of its output is missing: it could not be written. Was the disk full?' : null;
  }

  /** Closes the row, frees the place, and tells everyone; when the disk is full, as soon as there is room. */
  async #end(run: OpenRun, how: Partial<Ending> & Pick<Ending, 'state' | 'reason'>, placed = true): Promise<void> {
    if (run.timeout !== null) clearTimeout(run.timeout);
    const ending: Ending = { exit_code: null, signal: null, ended_at: Date.now(), output_bytes: run.log.end, ...how };
    for (let failures = 0; ; failures += 1) {
      if (this.#closed) return;
      try {
        await this.#o.journal.write(() => this.#o.history.end(run.row.task_id, ending));
        break;
      } catch (error) {
        if (failures === 0) this.#o.log.error({ err: error, task_id: run.row.task_id }, 'the end of a run could not be written yet');
        await sleep(RETRY_MS, undefined, { ref: false });
      }
    }
    run.row = { ...run.row, ...ending };
    this.#open.delete(run.row.task_id);
    run.settle();
    removePlan(run.folder);
    rmSync(join(run.folder, STDIN_FILE), { force: true });
    run.log.finish();
    this.#o.changed(run.row);
    if (placed) this.queue.leave(run.row.action);
  }

  #queueAgain(row: RunRow): void {
    const prepared = readPlan(this.folderOf(row.task_id));
    const run = this.#newRun(row, prepared);
    this.#open.set(row.task_id, run);
    if (prepared === null) {
      const reason = 'The agent was restarted while it waited, and its secret inputs are kept nowhere: ask for it again.';
      void this.#end(run, { state: 'interrupted', reason }, false);
    } else if (row.cancel_requested_at !== null) {
      void this.#end(run, { state: 'cancelled', reason: null }, false);
    } else {
      this.queue.wait({
        taskId: row.task_id,
        action: row.action,
        max: prepared.action?.max_concurrent ?? 0,
        go: () => void this.#leaveQueue(run),
      });
    }
  }

  async #takeUp(row: RunRow): Promise<void> {
    const run = this.#newRun(row, null);
    this.#open.set(row.task_id, run);
    this.queue.enter(row.action);
    try {
      const finding = await findOut(run.folder, this.#boot);
      if (finding.kind === 'interrupted') return void this.#interrupt(run, finding);
      this.#follow(run, null);
      this.#o.log.info({ task_id: row.task_id }, 'took up a run that outlived the agent');
      if (row.cancel_requested_at === null) return;
      // It was being stopped when the agent went away. It may have ended since.
      if (!this.stop(run, 'cancelled')) run.why = 'cancelled';
    } catch (error) {
      this.#trouble(run, error);
      void this.#end(run, { state: 'interrupted', reason: 'What it left on the disk could not be read.' });
    }
  }

  /** @param wrapper as known from its start, if it may not have said yet who it is. */
  async #interrupt(run: OpenRun, how: { reason: string; sweep: boolean }, wrapper: ProcessIdentity | null = null): Promise<void> {
    if (how.sweep) {
      const status = (): RunStatus => {
        const said = readStatus(run.folder);
        return { ...said, identity: said.identity ?? wrapper };
      };
      await stopRun({ taskId: run.row.task_id, status }, this.#boot, ORPHAN_GRACE_MS);
    }
    takeRest(run, (error) => this.#trouble(run, error));
    await this.#end(run, { state: run.row.cancel_requested_at === null ? 'interrupted' : 'cancelled', reason: how.reason });
  }
}
