import { rmSync } from 'node:fs';
import { ToruError } from '../../shared/errors.ts';
import type { History } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { RunRow } from '../history/run-row.ts';
import type { Cgroups } from '../process/owned-cgroups.ts';
import { bootId } from '../process/process-identity.ts';
import { Spawner } from '../runner/spawner.ts';
import { isDiskFull } from './disk.ts';
import { Endings } from './endings.ts';
import { Following } from './following.ts';
import { readStatus } from './live-run.ts';
import type { ActionsSeam, PluginsSeam, RunsLog, ScriptsSeam, SettingsSeam, UsersSeam } from './needs.ts';
import type { OpenRun, WhyStopped } from './open-run.ts';
import { OpenRuns } from './open-runs.ts';
import { writePlan } from './plan-file.ts';
import { RunQueue } from './queue.ts';
import { Recovery } from './recovery.ts';
import type { Prepared } from './request.ts';
import { SpareFiles } from './run-files.ts';
import { Starting } from './starting.ts';

export interface SupervisorOptions {
  /** TORU_HOME */
  home: string;
  /** Of all runs. */
  folder: string;
  history: History;
  journal: Journal;
  settings: SettingsSeam;
  scripts: ScriptsSeam;
  actions: ActionsSeam;
  users: UsersSeam;
  plugins: PluginsSeam;
  log: RunsLog;
  environment: Readonly<Record<string, string | undefined>>;
  cgroups: Cgroups;
  graceMs: number;
  maxRunning: number;
  /** `shell`: no native runner, whatever the host has. */
  runner?: 'shell' | undefined;
  /** Told after every change of a run's state, when it is on the disk. */
  changed: (row: RunRow) => void;
}

/** The life of every run between its journal entry and its end: who has it when. */
export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #open: OpenRuns;
  readonly #files: SpareFiles;
  readonly #spawner: Spawner;
  readonly #endings: Endings;
  readonly #following: Following;
  readonly #starting: Starting;
  readonly #recovery: Recovery;
  readonly queue: RunQueue;

  constructor(options: SupervisorOptions) {
    this.#o = options;
    this.queue = new RunQueue(options.maxRunning);
    this.#open = new OpenRuns(options.folder, options.log);
    this.#files = new SpareFiles(options.folder);
    this.#spawner = new Spawner(options.runner === 'shell' ? { files: [] } : {});
    const shared = { ...options, boot: bootId(), files: this.#files, spawner: this.#spawner, open: this.#open, queue: this.queue };
    this.#endings = new Endings(shared);
    this.#following = new Following({ ...shared, endings: this.#endings });
    const parts = { ...shared, endings: this.#endings, following: this.#following };
    this.#starting = new Starting(parts);
    this.#recovery = new Recovery({ ...parts, starting: this.#starting });
  }

  /** A run that has not ended, or undefined. */
  get(taskId: string): OpenRun | undefined {
    return this.#open.get(taskId);
  }

  folderOf(taskId: string): string {
    return this.#open.folderOf(taskId);
  }

  /**
   * Journals a run and starts it, or lets it wait.
   * @param row with state `starting` or `queued`, as the queue said in this same turn of the event loop.
   * @param path the script's, when it starts now. @param beside written in the same transaction.
   * @returns when it is on the disk. @throws ToruError disk_full
   */
  async accept(row: RunRow, prepared: Prepared, path: string | null, beside: () => void): Promise<void> {
    const run = this.#open.make(row, prepared);
    const starts = row.state === 'starting';
    let committed = false;
    let called = false;
    const action = row.action;
    if (starts) {
      run.path = path;
      this.queue.enter(action);
      this.#starting.prepare(run);
    } else {
      // Its place in the line is taken now; its turn may come before it is on the disk.
      const go = (): void => {
        called = true;
        if (committed) void this.#starting.leaveQueue(run);
      };
      this.queue.wait({ taskId: row.task_id, action, max: prepared.action?.max_concurrent ?? 0, go });
    }
    try {
      if (!starts && prepared.secrets.length === 0) await writePlan(run.folder, prepared);
      await this.#o.journal.write(() => {
        this.#o.history.insert(run.row);
        beside();
      });
    } catch (error) {
      if (starts || called) this.queue.leave(action);
      else this.queue.withdraw(row.task_id);
      this.#starting.drop(run);
      rmSync(run.folder, { recursive: true, force: true });
      if (isDiskFull(error))
        throw new ToruError('disk_full', 'The host’s disk is full: the run could not be written down, so it was not started.', {
          cause: error,
        });
      throw error;
    }
    committed = true;
    this.#open.add(run);
    // What is told of it takes longer than to say the word.
    if (starts) this.#starting.soon(run);
    this.#o.changed(run.row);
    if (!starts && called) void this.#starting.leaveQueue(run);
  }

  /**
   * Stops a run: takes it from the queue, or its signal, grace, KILL.
   * @returns false when its script has already ended by itself.
   */
  stop(run: OpenRun, why: WhyStopped): boolean {
    return this.#following.stop(run, why);
  }

  /** Takes up every run that the journal calls open. @returns when all are decided. */
  async recover(): Promise<void> {
    const rows = this.#o.history.open();
    const used = new Set(rows.map((row) => readStatus(this.folderOf(row.task_id), row.seal).cgroup).filter((path) => path !== null));
    await this.#recovery.takeUp(rows);
    this.#o.cgroups.releaseOld(used);
  }

  /** Stops following. Runs go on without us. */
  async close(): Promise<void> {
    this.#endings.close();
    await this.#starting.close();
    await this.#open.close();
    this.#spawner.close();
    this.#files.close();
    this.#o.cgroups.close();
  }
}
