import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { ToruError } from '../../shared/errors.ts';
import { CANCEL_GRACE_MS, MAX_STDIN_FRAME } from '../../shared/limits.ts';
import type { List, Run, RunState } from '../../shared/model.ts';
import type { HistoryQuery } from '../history/history.ts';
import { History } from '../history/history.ts';
import { Journal } from '../history/journal.ts';
import type { RunRow } from '../history/run-row.ts';
import { forClient, runOf, stateOf } from '../history/run-row.ts';
import { RunLog } from '../logs/run-log.ts';
import type { Database } from '../store/database.ts';
import type { Caller } from '../users/caller.ts';
import { checkDisk, MIN_FREE_BYTES } from './disk.ts';
import type { ActionsSeam, AuditSeam, RunsLog, ScriptsSeam, SettingsSeam, UsersSeam } from './needs.ts';
import { newRow, refusalOf } from './new-row.ts';
import type { Prepared, StartRequest } from './request.ts';
import { prepare, requestHash } from './request.ts';
import { Retention } from './retention.ts';
import { Supervisor } from './supervisor.ts';

export type { StartRequest } from './request.ts';

export interface RunsOptions {
  db: Database;
  /** TORU_HOME: runs live in `runs/<task_id>/` below it. */
  home: string;
  settings: SettingsSeam;
  scripts: ScriptsSeam;
  actions: ActionsSeam;
  users: UsersSeam;
  audit: AuditSeam;
  log: RunsLog;
  /** The agent's environment, of which scripts get the allowed part. */
  environment?: Readonly<Record<string, string | undefined>>;
  /** What a test wants otherwise. */
  limits?: { graceMs?: number; maxRunning?: number; maxWaiting?: number; minFreeBytes?: number };
}

/** Runs at the same time; a run costs about half a megabyte, eight processes and four descriptors of the agent. */
const MAX_RUNNING = 256;
/** Runs that wait for a place, of all actions together. */
const MAX_WAITING = 10_000;
/** Logs of ended runs kept open as objects (their files close by themselves). */
const KEPT_LOGS = 64;

export interface Started {
  task_id: string;
  state: RunState;
}

/** Runs: start, watch, cancel, and look back. The agent's answer to who may do which stands here, for every door. */
export class Runs {
  readonly history: History;
  readonly #o: RunsOptions;
  readonly #journal: Journal;
  readonly #supervisor: Supervisor;
  readonly #retention: Retention;
  readonly #listeners = new Set<(run: Run, userId: string) => void>();
  readonly #logs = new Map<string, RunLog>();
  /** Requests that are being journalled, by user and request id: a retry in the same moment joins the first. */
  readonly #pending = new Map<string, { hash: (request: StartRequest) => string; started: Promise<Started> }>();

  constructor(options: RunsOptions) {
    this.#o = options;
    const folder = join(options.home, 'runs');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    this.history = new History(options.db);
    this.#journal = new Journal(options.db);
    this.#supervisor = new Supervisor({
      folder,
      history: this.history,
      journal: this.#journal,
      settings: options.settings,
      scripts: options.scripts,
      actions: options.actions,
      users: options.users,
      log: options.log,
      environment: options.environment ?? process.env,
      graceMs: options.limits?.graceMs ?? CANCEL_GRACE_MS,
      maxRunning: options.limits?.maxRunning ?? MAX_RUNNING,
      changed: (row) => this.#changed(row),
    });
    this.#retention = new Retention(folder, this.history, options.settings, options.log, (taskId) => this.#logs.delete(taskId));
  }

  /**
   * Journals a run and starts it, or lets it wait for its turn. The same request id never starts twice: a retry gets the
   * first one's task.
   * @returns when it is on the disk. @throws ToruError: forbidden, unknown_action, unknown_script …, input_…, request_id_reused,
   * run_refused and queue_full (kept in the history, `extra.task_id`), busy, disk_full.
   */
  async start(caller: Caller, request: StartRequest): Promise<Started> {
    const key = request.request_id === undefined ? null : `${caller.user_id}\n${request.request_id}`;
    const known = key === null ? null : this.#known(caller, request, key);
    if (known !== null) return known;
    const prepared = this.#prepare(caller, request);
    const hash = requestHash(request, prepared.inputs);
    const started = this.#start(caller, request, prepared, hash);
    if (key !== null) {
      this.#pending.set(key, { hash: (other) => (requestHash(other, prepared.inputs) === hash ? hash : ''), started });
      const forget = (): boolean => this.#pending.delete(key);
      started.then(forget, forget);
    }
    return started;
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

  /** Types into a run whose action keeps standard input open. @throws ToruError unknown_task, not_running, input_not_accepted. */
  async input(caller: Caller, taskId: string, data: string): Promise<void> {
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
    run.live.type(data);
  }

  /** @throws ToruError unknown_task, for a missing and for a foreign run alike (SECURITY rule 23). */
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

  /** Calls back with the whole run after each change of its state, when it is on the disk. @returns stops that. */
  onChange(listener: (run: Run, userId: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** At boot, before anything is started: takes up what outlived the agent, closes what did not. */
  async recover(): Promise<void> {
    await this.#supervisor.recover();
    this.#retention.start();
  }

  /** Lets go of everything. Runs go on by themselves, and `recover` of the next agent takes them up. */
  async close(): Promise<void> {
    this.#retention.close();
    await this.#supervisor.close();
    this.#journal.flush();
    for (const log of this.#logs.values()) log.rest();
    this.#listeners.clear();
  }

  /** The run that this request id has started, or is starting. @throws ToruError request_id_reused */
  #known(caller: Caller, request: StartRequest, key: string): Promise<Started> | null {
    const reused = (): ToruError =>
      new ToruError('request_id_reused', 'This request id was used for another request. Make a new one for each press.');
    const pending = this.#pending.get(key);
    if (pending !== undefined) {
      if (pending.hash(request) === '') throw reused();
      return pending.started;
    }
    const row = this.history.byRequest(caller.user_id, request.request_id ?? '');
    if (row === null) return null;
    if (row.request_hash !== requestHash(request, row.inputs)) throw reused();
    return Promise.resolve({ task_id: row.task_id, state: stateOf(row.state) });
  }

  #prepare(caller: Caller, request: StartRequest): Prepared {
    try {
      return prepare(caller, request, this.#o.actions);
    } catch (error) {
      if (error instanceof ToruError && error.code === 'forbidden') {
        this.#o.audit.record({ event: 'run.start', caller, target: request.action ?? request.script ?? null, outcome: 'refused' });
      }
      throw error;
    }
  }

  async #start(caller: Caller, request: StartRequest, prepared: Prepared, hash: string): Promise<Started> {
    const path = await this.#o.scripts.resolve(prepared.script);
    checkDisk(this.#o.home, this.#o.limits?.minFreeBytes ?? MIN_FREE_BYTES);
    const row = newRow(caller, request, prepared, hash);
    const audit = (outcome: 'ok' | 'refused', detail: Record<string, unknown>): void =>
      this.#o.audit.record({
        event: 'run.start',
        caller,
        target: row.task_id,
        outcome,
        detail: { label: row.label, script: row.script, ...detail },
      });
    // From here to `accept` nothing waits: the place that is free now is still free there.
    const { queue } = this.#supervisor;
    const full = queue.full(row.action, prepared.action?.max_concurrent ?? 0);
    if (full !== null && queue.waiting(null) >= (this.#o.limits?.maxWaiting ?? MAX_WAITING)) {
      throw new ToruError('busy', 'Too many runs are waiting on this host. Try again later.');
    }
    const refusal = full === 'action' ? refusalOf(prepared, queue.waiting(row.action)) : null;
    if (refusal !== null) {
      const refused: RunRow = { ...row, state: 'refused', reason: refusal.message, ended_at: row.created_at };
      await this.#journal.write(() => {
        this.history.insert(refused);
        audit('refused', { reason: refusal.message });
      });
      this.#changed(refused);
      throw new ToruError(refusal.code, refusal.message, { extra: { task_id: row.task_id } });
    }
    const accepted: RunRow = full === null ? { ...row, state: 'starting', started_at: row.created_at } : row;
    await this.#supervisor.accept(accepted, prepared, path, () => audit('ok', {}));
    return { task_id: row.task_id, state: stateOf(accepted.state) };
  }

  /** @throws ToruError unknown_task */
  #row(caller: Caller, taskId: string): RunRow {
    const row = this.#supervisor.get(taskId)?.row ?? this.history.get(taskId);
    if (row === null || (caller.role !== 'admin' && row.user_id !== caller.user_id)) throw unknownTask();
    return row;
  }

  #shown(caller: Caller, row: RunRow): Run {
    const run = this.#whole(row);
    return caller.role === 'admin' ? run : forClient(run);
  }

  #whole(row: RunRow): Run {
    const open = this.#supervisor.get(row.task_id);
    return runOf(open === undefined ? row : { ...row, output_bytes: open.log.end }, this.#o.settings.instance_id);
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
