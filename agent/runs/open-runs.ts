import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunRow } from '../history/run-row.ts';
import type { RunsLog } from './needs.ts';
import type { OpenRun } from './open-run.ts';
import { openRun } from './open-run.ts';
import type { Prepared } from './request.ts';

const CHECK_MS = 1000;
/** A wrapper begins within milliseconds; on a busy host it gets this. */
const BEGIN_MS = 1000;
const LOOK_MS = 5;

/** All runs that have not ended, each looked at once a second, in case an event was lost. */
export class OpenRuns {
  readonly #folder: string;
  readonly #log: RunsLog;
  readonly #runs = new Map<string, OpenRun>();
  #checking: NodeJS.Timeout | null = null;

  /** @param folder that of all runs. */
  constructor(folder: string, log: RunsLog) {
    this.#folder = folder;
    this.#log = log;
  }

  get(taskId: string): OpenRun | undefined {
    return this.#runs.get(taskId);
  }

  /** Where the files of a run lie, open or not. */
  folderOf(taskId: string): string {
    return join(this.#folder, taskId);
  }

  /** A run with its log, not in the table yet: it is when it is on the disk. */
  make(row: RunRow, prepared: Prepared | null): OpenRun {
    return openRun(row, prepared, this.folderOf(row.task_id), (error) => {
      this.#log.error({ err: error, task_id: row.task_id }, 'the order of a run’s output can’t be mended');
    });
  }

  add(run: OpenRun): void {
    this.#runs.set(run.row.task_id, run);
    this.#checking ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  remove(run: OpenRun): void {
    this.#runs.delete(run.row.task_id);
  }

  /** Lets go of all of them, when those that were just started have begun. They go on without us. */
  async close(): Promise<void> {
    const begun = (): boolean => [...this.#runs.values()].every((run) => run.live === null || run.live.begun);
    for (const until = performance.now() + BEGIN_MS; !begun() && performance.now() < until; ) await sleep(LOOK_MS);
    if (this.#checking !== null) clearInterval(this.#checking);
    for (const run of this.#runs.values()) {
      if (run.timeout !== null) clearTimeout(run.timeout);
      run.live?.close();
      run.log.rest();
    }
    this.#runs.clear();
  }

  #check(): void {
    for (const run of this.#runs.values()) run.live?.check();
    if (this.#runs.size > 0 || this.#checking === null) return;
    clearInterval(this.#checking);
    this.#checking = null;
  }
}
