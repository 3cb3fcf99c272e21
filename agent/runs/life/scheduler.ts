import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRow } from '../../history/run-row.ts';
import { trimOrder } from '../../logs/tailer.ts';
import { bootId } from '../../process/process-identity.ts';
import { Spawner } from '../../runner/spawner.ts';
import { readStatus } from '../wrapper/status.ts';
import type { Beside } from './beside.ts';
import type { Prepared } from './prepared.ts';
import { readPlan } from './prepared.ts';
import type { Slot } from './queue.ts';
import { RunQueue } from './queue.ts';
import type { RunLifeOptions, RunLifeState } from './run.ts';
import { RunLife } from './run.ts';
import { SpareFiles } from './run-files.ts';
import { StartLane } from './start-lane.ts';

export interface SchedulerOptions extends Omit<RunLifeOptions, 'boot' | 'files' | 'spawner' | 'lane'> {
  /** The folder of all runs. */
  folder: string;
  maxRunning: number;
  /** From one look at all runs to the next. */
  checkMs: number;
  /** `shell`: no native runner, whatever the host has. */
  runner?: 'shell' | undefined;
}

/** A wrapper begins within milliseconds; on a busy host it gets this. */
const BEGIN_MS = 1000;
const LOOK_MS = 5;

/** All runs that have not ended, and their slots. */
export class Scheduler {
  readonly queue: RunQueue;
  readonly #o: SchedulerOptions;
  readonly #lives: RunLifeOptions;
  readonly #runs = new Map<string, RunLife>();
  #checking: NodeJS.Timeout | null = null;

  constructor(options: SchedulerOptions) {
    this.#o = options;
    this.queue = new RunQueue(options.maxRunning);
    const spawner = new Spawner(options.runner === 'shell' ? { files: [] } : {});
    const lane = new StartLane(
      async () => (await spawner.program) === null,
      () => options.journal.caughtUp(),
    );
    options.journal.gatherWhile(() => lane.busy);
    this.#lives = { ...options, boot: bootId(), files: new SpareFiles(options.folder), spawner, lane };
  }

  /** A run that has not ended, or undefined. */
  get(taskId: string): RunLife | undefined {
    return this.#runs.get(taskId);
  }

  /** Where the files of a run lie, whether it has ended or not. */
  folderOf(taskId: string): string {
    return join(this.#o.folder, taskId);
  }

  /**
   * Journals a run and starts it, or lets it wait.
   * @param row with state `starting` or `queued`, as the queue said in this same turn of the event loop.
   * @param path the script's, when it starts now. @param beside written in its transactions.
   * @returns when it is on the disk. @throws ToruError disk_full
   */
  async accept(row: RunRow, prepared: Prepared, path: string, beside: Beside): Promise<void> {
    const starts = row.state === 'starting';
    const slot = starts ? this.queue.take(row.action) : this.queue.wait(row.action, prepared.action?.max_concurrent ?? 0);
    const written = Promise.withResolvers<void>();
    this.#add(row, slot, { is: 'new', prepared, script: starts ? path : null, beside, written });
    await written.promise;
  }

  /** At boot: takes up every run that the journal calls open. @returns when it is decided of each what became of it. */
  async recover(): Promise<void> {
    const rows = this.#o.history.open();
    const used = new Set(rows.map((row) => readStatus(this.folderOf(row.task_id), row.seal).cgroup).filter((path) => path !== null));
    const found = rows.filter((row) => row.state !== 'queued').map((row) => this.#add(row, this.queue.take(row.action), { is: 'found' }));
    await Promise.all(found.map((run) => run.past('found')));
    for (const row of rows) {
      if (row.state !== 'queued') continue;
      const prepared = readPlan(this.folderOf(row.task_id));
      this.#add(row, this.queue.wait(row.action, prepared?.action?.max_concurrent ?? 0), { is: 'queued', prepared });
    }
    this.#o.cgroups.releaseOld(used);
  }

  /** Lets go of all runs, when those that are being started have begun. They go on by themselves. */
  async close(): Promise<void> {
    this.queue.close();
    const runs = [...this.#runs.values()];
    // Nobody was told “started” of a run that the next agent would call interrupted.
    await Promise.all(runs.map((run) => run.past('new', 'starting')));
    for (const until = performance.now() + BEGIN_MS; !runs.every((run) => run.begun) && performance.now() < until; ) await sleep(LOOK_MS);
    if (this.#checking !== null) clearInterval(this.#checking);
    for (const run of runs) run.detach();
    this.#lives.spawner.close();
    this.#lives.files.close();
    this.#o.cgroups.close();
  }

  #add(row: RunRow, slot: Slot, state: RunLifeState): RunLife {
    const { log } = this.#o;
    const { task_id } = row;
    const folder = this.folderOf(task_id);
    if (state.is === 'found') {
      try {
        trimOrder(folder);
      } catch (error) {
        log.error({ err: error, task_id }, 'the order of a run’s output can’t be read');
      }
    }
    const run = new RunLife(this.#lives, row, folder, slot, state);
    this.#runs.set(task_id, run);
    this.#checking ??= setInterval(() => this.#check(), this.#o.checkMs).unref();
    run
      .live()
      .catch((error: unknown) => log.error({ err: error, task_id }, 'a run broke off'))
      .finally(() => {
        this.#runs.delete(task_id);
        slot.release();
      });
    return run;
  }

  #check(): void {
    for (const run of this.#runs.values()) run.check();
    if (this.#runs.size > 0 || this.#checking === null) return;
    clearInterval(this.#checking);
    this.#checking = null;
  }
}
