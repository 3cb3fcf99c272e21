import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { List } from '../../shared/api.ts';
import { ToruError } from '../../shared/errors.ts';
import { CANCEL_GRACE_MS, MAX_STDIN_FRAME } from '../../shared/limits.ts';
import type { Run } from '../../shared/runs.ts';
import { History } from '../history/history.ts';
import { Journal } from '../history/journal.ts';
import type { HistoryQuery } from '../history/list-query.ts';
import type { RunRow } from '../history/run-row.ts';
import { forClient, runOf } from '../history/run-row.ts';
import { RunLog } from '../logs/run-log.ts';
import { Cgroups, makeCgroupBase } from '../process/owned-cgroups.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import { Compression } from './compression.ts';
import { MIN_FREE_BYTES } from './disk.ts';
import type { ActionsSeam, AuditSeam, PluginsSeam, RunsLog, ScriptsSeam, SettingsSeam, UsersSeam } from './needs.ts';
import type { Started } from './presses.ts';
import { Presses } from './presses.ts';
import type { StartRequest } from './request.ts';
import { Retention } from './retention.ts';
import { Supervisor } from './supervisor.ts';

export type { Started } from './presses.ts';
export type { StartRequest } from './request.ts';

export interface RunsOptions {
  db: Database;
  /** TORU_HOME: runs live in `runs/<task_id>/` below it. */
  home: string;
  settings: SettingsSeam;
  scripts: ScriptsSeam;
  actions: ActionsSeam;
  users: UsersSeam;
  plugins: PluginsSeam;
  audit: AuditSeam;
  log: RunsLog;
  /** The agent's environment, of which scripts get the allowed part. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** What a test wants otherwise. */
  runner?: 'shell';
  limits?: { cgroups?: boolean; graceMs?: number; maxRunning?: number; maxWaiting?: number; minFreeBytes?: number };
}

/** Runs at the same time; a run costs four descriptors of the agent and a runner of 40 to 60 KB (in shell half a megabyte in eight processes). */
const MAX_RUNNING = 256;
/** Runs that wait for a place, of all actions together. */
const MAX_WAITING = 10_000;
/** Logs of ended runs kept open as objects (their files close by themselves). */
const KEPT_LOGS = 64;

/** Runs: start, watch, cancel, and look back. The agent's answer to who may do which stands here, for every transport. */
export class Runs {
  readonly history: History;
  readonly #o: RunsOptions;
  readonly #journal: Journal;
  readonly #supervisor: Supervisor;
  readonly #presses: Presses;
  readonly #retention: Retention;
  readonly #compression: Compression;
  readonly #listeners = new Set<(run: Run, userId: string) => void>();
  readonly #logs = new Map<string, RunLog>();

  constructor(options: RunsOptions) {
    this.#o = options;
    const folder = join(options.home, 'runs');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.history = new History(options.db);
    this.#journal = new Journal(options.db);
    const { limits = {} } = options;
    const parts = { ...options, history: this.history, journal: this.#journal, changed: (row: RunRow): void => this.#changed(row) };
    this.#supervisor = new Supervisor({
      ...parts,
      folder,
      environment: options.environment ?? process.env,
      cgroups: new Cgroups(limits.cgroups === false ? null : makeCgroupBase(options.home)),
      graceMs: limits.graceMs ?? CANCEL_GRACE_MS,
      maxRunning: limits.maxRunning ?? MAX_RUNNING,
    });
    this.#presses = new Presses({
      ...parts,
      supervisor: this.#supervisor,
      minFreeBytes: limits.minFreeBytes ?? MIN_FREE_BYTES,
      maxWaiting: limits.maxWaiting ?? MAX_WAITING,
    });
    this.#compression = new Compression({
      ...parts,
      folder,
      minFreeBytes: limits.minFreeBytes ?? MIN_FREE_BYTES,
      inUse: (taskId) => this.#logs.get(taskId)?.inUse === true,
    });
    this.#retention = new Retention(folder, this.history, options.settings, options.log, {
      release: (taskId) => this.#compression.release(taskId),
      forget: (taskId) => this.#logs.delete(taskId),
    });
  }

  /**
   * Journals a run and starts it, or lets it wait for its turn. The same request id never starts twice: a retry gets the
   * first one's task.
   * @returns when it is on the disk. @throws ToruError: forbidden, unknown_action, unknown_script …, input_…, request_id_reused,
   * run_refused and queue_full (kept in the history, `extra.task_id`), busy, disk_full.
   */
  start(caller: Caller, request: StartRequest): Promise<Started> {
    return this.#presses.start(caller, request);
  }

  /**
   * Ends a run: your own, or any for an admin. One that waits is taken from the queue.
   * @returns when the stop is under way. Doing it again changes nothing. @throws ToruError unknown_task, not_running.
   */
  async cancel(caller: Caller, taskId: string): Promise<void> {
    const row = this.#row(caller, taskId);
    const run = this.#supervisor.get(taskId);
    if (run === undefined) {
      if (row.state === 'cancelled') return;
      throw new ToruError('not_running', 'It has already ended.');
    }
    const first = run.why === null;
    if (!this.#supervisor.stop(run, 'cancelled')) throw new ToruError('not_running', 'It has just ended by itself.');
    if (!first) return;
    // The stop did not wait for this: on a full disk a cancel must still cancel.
    await this.#journal
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
   * Types into a run whose action keeps standard input open. @param eof its input ends after `data`: the script reads the end.
   * @throws ToruError unknown_task, not_running, input_not_accepted; with `extra.retry` when the script has not read enough yet.
   */
  async input(caller: Caller, taskId: string, data: string, eof = false): Promise<void> {
    const row = this.#row(caller, taskId);
    const run = this.#supervisor.get(taskId);
    if (run === undefined) throw new ToruError('not_running', 'It has already ended.');
    if (!row.stdin)
      throw new ToruError('input_not_accepted', 'This script does not read what you type. An administrator can allow it in the action.');
    if (Buffer.byteLength(data) > MAX_STDIN_FRAME) throw new ToruError('too_large', 'At most 64 KiB can be typed at once.');
    if (run.row.state === 'queued') throw new ToruError('input_not_accepted', 'It has not started yet: it waits for its turn.');
    // Who types right after the press is a few milliseconds early.
    await run.ready;
    if (run.live === null) throw new ToruError('not_running', 'It could not be started.');
    run.live.type(data, eof);
  }

  /**
   * Writes a note on a run: your own, or any for an admin. @param note plain text; '' takes it away.
   * @returns when it is on the disk. @throws ToruError unknown_task.
   */
  async annotate(caller: Caller, taskId: string, note: string): Promise<void> {
    const { label, username: user, note: before } = this.#row(caller, taskId);
    if (note === before) return;
    await this.#journal.write(() => {
      this.history.annotate(taskId, note);
      const detail = { label, user, ...(note === '' ? { removed: true } : {}) };
      this.#o.audit.record({ event: 'run.note', caller, target: taskId, outcome: 'ok', detail });
    });
    const open = this.#supervisor.get(taskId);
    if (open !== undefined) open.row = { ...open.row, note };
    const now = open?.row ?? this.history.get(taskId);
    if (now !== null) this.#changed(now);
  }

  /** @throws ToruError unknown_task, for a missing and for a foreign run alike. */
  get(caller: Caller, taskId: string): Run {
    return this.#shown(caller, this.#row(caller, taskId));
  }

  /** Newest first; a client's own only. @throws ToruError bad_cursor. */
  list(caller: Caller, query: HistoryQuery): List<Run> {
    const { items, next_cursor } = this.history.list(query, caller.role === 'admin' ? null : caller.user_id);
    return { items: items.map((row) => this.#shown(caller, row)), next_cursor };
  }

  /** A run's output. Who may read it is asked before, with `get`. @throws ToruError unknown_task. */
  log(taskId: string): RunLog {
    const open = this.#supervisor.get(taskId);
    if (open !== undefined) return open.log;
    const kept = this.#logs.get(taskId);
    if (kept !== undefined) return kept;
    if (this.history.get(taskId) === null) throw unknownTask();
    return this.#keep(taskId, new RunLog(this.#supervisor.folderOf(taskId), true));
  }

  /** Calls back with the whole run after each change of its state or note, when it is on the disk. @returns stops that. */
  onChange(listener: (run: Run, userId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** At boot, before anything is started: takes up what outlived the agent, closes what did not. */
  async recover(): Promise<void> {
    await this.#supervisor.recover();
    this.#retention.start();
    this.#compression.start();
  }

  /** Lets go of everything. Runs go on by themselves, and `recover` of the next agent takes them up. */
  async close(): Promise<void> {
    this.#retention.close();
    await this.#compression.close();
    await this.#supervisor.close();
    this.#journal.flush();
    for (const log of this.#logs.values()) log.rest();
    this.#listeners.clear();
  }

  /** @throws ToruError unknown_task */
  #row(caller: Caller, taskId: string): RunRow {
    const row = this.#supervisor.get(taskId)?.row ?? this.history.get(taskId);
    if (row === null) throw unknownTask();
    if (caller.role !== 'admin' && row.user_id !== caller.user_id) {
      // The asker hears what everybody hears of a run that is not there.
      this.#o.audit.record({ event: 'run.foreign', caller, target: taskId, outcome: 'refused', detail: { user: row.username } });
      throw unknownTask();
    }
    return row;
  }

  #shown(caller: Caller, row: RunRow): Run {
    const run = this.#whole(row);
    return caller.role === 'admin' ? run : forClient(run);
  }

  #whole(row: RunRow): Run {
    const open = this.#supervisor.get(row.task_id);
    if (open === undefined) return runOf(row, this.#o.settings.instance_id);
    const run = runOf({ ...row, output_bytes: open.log.end }, this.#o.settings.instance_id);
    return open.live?.finishing === true ? { ...run, finishing: true } : run;
  }

  #changed(row: RunRow): void {
    const run = this.#whole(row);
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
