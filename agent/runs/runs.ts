import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import { CANCEL_GRACE_MS, MAX_STDIN_FRAME } from '../../shared/limits.ts';
import { isFinal, resultOf } from '../../shared/run-state.ts';
import type { Run, RunsTotals, RunsTrend } from '../../shared/runs.ts';
import type { RunSize } from '../../shared/terminal-size.ts';
import { History } from '../history/history.ts';
import { Journal } from '../history/journal.ts';
import type { HistoryQuery, RunsFilter } from '../history/list-query.ts';
import type { RunRow } from '../history/run-row.ts';
import { forClient, runOf, stateOf } from '../history/run-row.ts';
import { trendOf } from '../history/trend.ts';
import type { Log } from '../logger.ts';
import { RunLog } from '../logs/run-log.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import type { Settings } from '../settings/settings.ts';
import type { Database } from '../store/database.ts';
import { MIN_FREE_BYTES } from '../store/disk.ts';
import type { Caller } from '../users/caller.ts';
import { CleanUp } from './keep/clean-up.ts';
import { Compression } from './keep/compression.ts';
import { Removal } from './keep/removal.ts';
import { Retention } from './keep/retention.ts';
import type { Prepared } from './life/prepared.ts';
import type { RunLife } from './life/run.ts';
import { Scheduler } from './life/scheduler.ts';
import type { GuardOptions } from './life/start-guard.ts';
import type { OwnRequest, RequestServices, StartRequest } from './submit/request.ts';
import type { Started } from './submit/submit.ts';
import { Submit } from './submit/submit.ts';

export type { OwnRequest, StartRequest } from './submit/request.ts';
export type { Started } from './submit/submit.ts';

/** The settings that runs obey. */
type RunSettings = Pick<
  Settings,
  'instance_id' | 'keep_days' | 'keep_runs' | 'keep_mb' | 'output_limit_mb' | 'when_output_full' | 'compress_after_minutes' | 'env_allow'
>;

export interface RunsOptions extends Omit<GuardOptions, 'actions'>, RequestServices {
  db: Database;
  /** TORU_HOME: runs live in `runs/<task_id>/` below it. */
  home: string;
  settings: RunSettings;
  log: Log;
  /** Hears of a run's end, in the transaction in which the end is written: what it throws takes the end back. */
  ended?: (row: RunRow) => void;
  /** The agent's environment, of which scripts get the allowed part. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** For tests: the shell wrapper, whatever the host has, and other limits. */
  runner?: 'shell';
  limits?: { cgroups?: boolean; checkMs?: number; graceMs?: number; maxRunning?: number; maxWaiting?: number; minFreeBytes?: number };
}

/** Runs at the same time; a run costs four descriptors of the agent and a runner of 40 to 60 KB (in shell half a megabyte in eight processes). */
const MAX_RUNNING = 256;
/** Runs that wait for a slot, of all actions together. */
const MAX_WAITING = 10_000;
/** So often a run is looked at: whether its script waits for input, and in case an event was lost. */
const CHECK_MS = 1000;
/** So many logs of ended runs are kept as objects (their files close by themselves). */
const KEPT_LOGS = 64;

/** Starts, shows and cancels runs. Who may do what with a run is decided here, for every transport. */
export class Runs {
  readonly history: History;
  readonly #o: RunsOptions;
  /** Whoever writes what must share a transaction with runs writes by it. */
  readonly journal: Journal;
  readonly #scheduler: Scheduler;
  readonly #submit: Submit;
  readonly #removal: Removal;
  readonly #cleanUp: CleanUp;
  readonly #retention: Retention;
  readonly #compression: Compression;
  readonly #listeners = new Set<(run: Run, userId: string) => void>();
  readonly #logs = new Map<string, RunLog>();

  constructor(options: RunsOptions) {
    this.#o = options;
    const folder = join(options.home, 'runs');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.history = new History(options.db);
    this.journal = new Journal(options.db);
    const { limits = {} } = options;
    const parts = {
      ...options,
      history: this.history,
      journal: this.journal,
      changed: (row: RunRow): void => this.#changed(row),
      ended: (row: RunRow): void => options.ended?.(row),
    };
    this.#scheduler = new Scheduler({
      ...parts,
      folder,
      environment: options.environment ?? process.env,
      cgroups: new Cgroups(limits.cgroups === false ? null : makeCgroupBase(options.home)),
      checkMs: limits.checkMs ?? CHECK_MS,
      graceMs: limits.graceMs ?? CANCEL_GRACE_MS,
      maxRunning: limits.maxRunning ?? MAX_RUNNING,
    });
    this.#submit = new Submit({
      ...parts,
      scheduler: this.#scheduler,
      minFreeBytes: limits.minFreeBytes ?? MIN_FREE_BYTES,
      maxWaiting: limits.maxWaiting ?? MAX_WAITING,
    });
    this.#compression = new Compression({
      ...parts,
      folder,
      minFreeBytes: limits.minFreeBytes ?? MIN_FREE_BYTES,
      inUse: (taskId) => this.#logs.get(taskId)?.inUse === true,
    });
    this.#removal = new Removal(folder, this.history, {
      release: (taskId) => this.#compression.release(taskId),
      forget: (taskId) => this.#logs.delete(taskId),
    });
    this.#retention = new Retention(this.history, options.settings, options.log, this.#removal);
    this.#cleanUp = new CleanUp(this.history, this.#removal, options.log);
  }

  /**
   * Journals a run and starts it, or lets it wait for its slot. The same request id never starts two runs: a retry gets the task of
   * the first request.
   * @returns when the run is on the disk. @throws ToruError: forbidden, unknown_action, unknown_script …, input_…, request_id_reused,
   * run_refused and queue_full (kept in the history, `extra.task_id`), busy, disk_full.
   */
  start(caller: Caller, request: StartRequest): Promise<Started> {
    return this.#submit.start(caller, request);
  }

  /**
   * What a press of an action with these inputs would run, for `startOwn`. Nothing is journalled.
   * @throws ToruError unknown_action, input_…, action_invalid
   */
  prepareAction(caller: Caller, request: { action: string; inputs: Record<string, unknown> }): Promise<Prepared> {
    return this.#submit.prepareAction(caller, request);
  }

  /**
   * Journals a run of the agent's own, and starts it or lets it wait for its slot. The rights were looked at where it was asked for.
   * @param caller whose run it is: they see it. @returns when the run is on the disk. @throws ToruError input_…, busy, disk_full.
   */
  startOwn(caller: Caller, request: OwnRequest): Promise<Started> {
    return this.#submit.startOwn(caller, request);
  }

  /**
   * Stops a run: one's own, or any for an admin. A run that waits leaves the queue.
   * @returns when the stop is under way. A second call changes nothing. @throws ToruError unknown_task, not_running.
   */
  async cancel(caller: Caller, taskId: string): Promise<void> {
    const row = this.#row(caller, taskId);
    const run = this.#scheduler.get(taskId);
    if (run === undefined) {
      if (row.state === 'cancelled') return;
      throw new ToruError('not_running', 'It has already ended.');
    }
    const stopped = run.stop('cancelled');
    if (stopped === 'late') throw new ToruError('not_running', 'It has just ended by itself.');
    if (stopped === 'again') return;
    this.#changed(run.row);
    // The stop does not wait for the journal: on a full disk a cancel must still cancel.
    await this.journal
      .write(() => {
        this.history.requestCancel(taskId, Date.now());
        this.#o.audit.record({
          event: 'run.cancel',
          caller,
          target: taskId,
          outcome: 'ok',
          detail: { label: row.label, user: row.username },
        });
      })
      .catch((error: unknown) => this.#o.log.error({ err: error, task_id: taskId }, 'a cancel could not be written down'));
  }

  /**
   * Types into a run whose action keeps standard input open. @param eof the input ends after `data`.
   * @throws ToruError unknown_task, not_running, input_not_accepted; with `extra.retry` when the script has not read enough yet.
   */
  async input(caller: Caller, taskId: string, data: string, eof = false): Promise<void> {
    const run = this.#typedInto(caller, taskId);
    if (!run.row.stdin)
      throw new ToruError('input_not_accepted', 'This script does not read what you type. An administrator can allow it in the action.');
    if (Buffer.byteLength(data) > MAX_STDIN_FRAME) throw new ToruError('too_large', 'At most 64 KiB can be typed at once.');
    await run.type(data, eof);
  }

  /** Gives the terminal of a run a size. @throws ToruError unknown_task, not_running, input_not_accepted where it has no terminal. */
  async resize(caller: Caller, taskId: string, size: RunSize): Promise<void> {
    const run = this.#typedInto(caller, taskId);
    if (!run.row.tty) throw new ToruError('input_not_accepted', 'This run has no terminal: its action says so (“Runs in a terminal”).');
    await run.resize(size);
  }

  /** @throws ToruError unknown_task, not_running, input_not_accepted while it is queued. */
  #typedInto(caller: Caller, taskId: string): RunLife {
    this.#row(caller, taskId);
    const run = this.#scheduler.get(taskId);
    if (run === undefined) throw new ToruError('not_running', 'It has already ended.');
    if (run.row.state === 'queued') throw new ToruError('input_not_accepted', 'It has not started yet: it waits for its turn.');
    return run;
  }

  /**
   * Writes a note on a run: one's own, or any for an admin. @param note plain text; '' removes the note.
   * @returns when the note is on the disk. @throws ToruError unknown_task.
   */
  async annotate(caller: Caller, taskId: string, note: string): Promise<void> {
    const { label, username: user, note: before } = this.#row(caller, taskId);
    if (note === before) return;
    await this.journal.write(() => {
      this.history.annotate(taskId, note);
      const detail = { label, user, ...(note === '' ? { removed: true } : {}) };
      this.#o.audit.record({ event: 'run.note', caller, target: taskId, outcome: 'ok', detail });
    });
    const open = this.#scheduler.get(taskId);
    if (open !== undefined) open.row = { ...open.row, note };
    const now = open?.row ?? this.history.get(taskId);
    if (now !== null) this.#changed(now);
  }

  /** @throws ToruError unknown_task, for a missing and for a foreign run alike. */
  get(caller: Caller, taskId: string): Run {
    return this.#shown(caller, this.#row(caller, taskId));
  }

  /** Does this run wait for something that a viewer types? */
  waitsForInput(taskId: string): boolean {
    return this.#scheduler.get(taskId)?.waitsForInput === true;
  }

  /** Newest first; a client's own only. @throws ToruError bad_cursor. */
  list(caller: Caller, query: HistoryQuery): List<Run> {
    const { items, next_cursor } = this.history.list(query, caller.role === 'admin' ? null : caller.user_id);
    return { items: items.map((row) => this.#shown(caller, row)), next_cursor };
  }

  /** All runs that are meant, newest first, a page at a time; a client's own only. */
  async *walk(caller: Caller, filter: RunsFilter): AsyncGenerator<Run[], void, undefined> {
    for await (const rows of this.history.walk(filter, caller.role === 'admin' ? null : caller.user_id)) {
      yield rows.map((row) => this.#shown(caller, row));
    }
  }

  /** How the newest runs of an action went; a client's own only. */
  trend(caller: Caller, action: string): RunsTrend {
    return trendOf(this.history, action, caller.role === 'admin' ? null : caller.user_id);
  }

  /** Takes an ended run out of the history, with its output. @throws ToruError unknown_task; conflict while it has not ended. */
  async remove(caller: Caller, taskId: string): Promise<void> {
    const row = this.#row(caller, taskId);
    if (!isFinal(stateOf(row.state)) || this.#scheduler.get(taskId) !== undefined)
      throw new ToruError('conflict', 'This run has not ended. Cancel it, then delete it.');
    await this.#removal.remove([taskId]);
    const detail = { label: row.label, user: row.username, result: resultOf({ state: stateOf(row.state), exit_code: row.exit_code }) };
    this.#o.audit.record({ event: 'run.delete', caller, target: taskId, outcome: 'ok', detail });
  }

  /** What a clean-up would remove, of everybody's ended runs. */
  totals(filter: RunsFilter): Promise<RunsTotals> {
    return this.#cleanUp.totals(filter);
  }

  /** Begins to remove what `totals` said. @throws ToruError busy; conflict when there are others now. */
  async cleanUp(caller: Caller, filter: RunsFilter, seen: { runs: number; before: number }): Promise<RunsTotals> {
    const totals = await this.#cleanUp.begin(filter, seen);
    this.#o.audit.record({
      event: 'runs.clean_up',
      caller,
      outcome: 'ok',
      detail: { ...filter, runs: totals.runs, before: totals.before },
    });
    return totals;
  }

  /** A run's output. The caller has checked with `get` who may read it. @throws ToruError unknown_task. */
  log(taskId: string): RunLog {
    const open = this.#scheduler.get(taskId);
    if (open !== undefined) return open.log;
    const kept = this.#logs.get(taskId);
    if (kept !== undefined) return kept;
    if (this.history.get(taskId) === null) throw unknownTask();
    return this.#keep(taskId, new RunLog(this.#scheduler.folderOf(taskId), true));
  }

  /** Where its files are. The caller has checked with `get` who may see it. */
  folderOf(taskId: string): string {
    return this.#scheduler.folderOf(taskId);
  }

  /** Calls back with the run after each change of its state or note, when the change is on the disk. @returns stops that. */
  onChange(listener: (run: Run, userId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** To be called at boot, before anything is started: takes up runs that outlived the agent, and closes those that did not. */
  async recover(): Promise<void> {
    await this.#scheduler.recover();
    this.#o.uploads.recover((taskId) => this.#scheduler.get(taskId) !== undefined);
    this.#retention.start();
    this.#compression.start();
  }

  /** Lets go of everything. Runs go on by themselves, and `recover` of the next agent takes them up. */
  async close(): Promise<void> {
    this.#retention.close();
    this.#o.uploads.close();
    this.#cleanUp.close();
    await this.#compression.close();
    await this.#scheduler.close();
    this.journal.flush();
    for (const log of this.#logs.values()) log.closeFiles();
    this.#listeners.clear();
  }

  /** @throws ToruError unknown_task */
  #row(caller: Caller, taskId: string): RunRow {
    const row = this.#scheduler.get(taskId)?.row ?? this.history.get(taskId);
    if (row === null) throw unknownTask();
    if (caller.role !== 'admin' && row.user_id !== caller.user_id) {
      // The caller gets the same answer as for a run that is not there.
      this.#o.audit.record({ event: 'run.foreign', caller, target: taskId, outcome: 'refused', detail: { user: row.username } });
      throw unknownTask();
    }
    return row;
  }

  #shown(caller: Caller, row: RunRow): Run {
    const run = this.#describe(row);
    return caller.role === 'admin' ? run : forClient(run);
  }

  #describe(row: RunRow): Run {
    const open = this.#scheduler.get(row.task_id);
    if (open === undefined) return runOf(row, this.#o.settings.instance_id);
    const { queuePlace, finishing, stopping, waitsForInput, hidesInput } = open;
    return {
      ...runOf({ ...row, output_bytes: open.log.end }, this.#o.settings.instance_id),
      ...(finishing ? { finishing } : waitsForInput ? { waiting_for_input: true, ...(hidesInput ? { input_hidden: true } : {}) } : {}),
      ...(stopping && !isFinal(stateOf(row.state)) ? { stopping } : {}),
      ...(row.state === 'queued' && queuePlace !== null ? { queue_place: queuePlace } : {}),
    };
  }

  #changed(row: RunRow): void {
    const run = this.#describe(row);
    for (const listener of [...this.#listeners]) listener(run, row.user_id);
  }

  #keep(taskId: string, log: RunLog): RunLog {
    this.#logs.set(taskId, log);
    const [oldest] = this.#logs.keys();
    if (this.#logs.size > KEPT_LOGS && oldest !== undefined) this.#logs.delete(oldest);
    return log;
  }
}

function unknownTask(): ToruError {
  return new ToruError('unknown_task', 'There is no such run. It may have been removed with old history.');
}
