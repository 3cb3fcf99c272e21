import type { RunRow } from '../history/run-row.ts';
import type { Endings } from './endings.ts';
import type { Following } from './following.ts';
import type { RunsLog } from './needs.ts';
import type { OpenRuns } from './open-runs.ts';
import { readPlan } from './plan-file.ts';
import type { RunQueue } from './queue.ts';
import { findOut } from './recover.ts';
import type { Starting } from './starting.ts';

interface Options {
  log: RunsLog;
  boot: string;
  open: OpenRuns;
  queue: RunQueue;
  endings: Endings;
  following: Following;
  starting: Starting;
}

/** A restarted agent takes up every run that the journal calls open: resumes it, closes it, or lets it wait on. */
export class Recovery {
  readonly #o: Options;

  constructor(options: Options) {
    this.#o = options;
  }

  /** @param rows oldest first. @returns when all are decided. */
  async takeUp(rows: readonly RunRow[]): Promise<void> {
    await Promise.all(rows.filter((row) => row.state !== 'queued').map((row) => this.#takeUpStarted(row)));
    for (const row of rows) if (row.state === 'queued') this.#queueAgain(row);
  }

  async #takeUpStarted(row: RunRow): Promise<void> {
    const { open, endings, following } = this.#o;
    const run = open.make(row, null);
    open.add(run);
    this.#o.queue.enter(row.action);
    try {
      const finding = await findOut(run.folder, this.#o.boot, row.seal);
      if (finding.kind === 'interrupted') return void endings.interrupt(run, finding);
      following.follow(run, null);
      this.#o.log.info({ task_id: row.task_id }, 'took up a run that outlived the agent');
      if (row.cancel_requested_at === null) return;
      // It was being stopped when the agent went away. It may have ended since.
      if (!following.stop(run, 'cancelled')) run.why = 'cancelled';
    } catch (error) {
      endings.trouble(run, error);
      void endings.end(run, { state: 'interrupted', reason: 'What it left on the disk could not be read.' });
    }
  }

  #queueAgain(row: RunRow): void {
    const { open, endings } = this.#o;
    const prepared = readPlan(open.folderOf(row.task_id));
    const run = open.make(row, prepared);
    open.add(run);
    if (prepared === null) {
      const reason = 'The agent was restarted while it waited, and its secret inputs are kept nowhere: ask for it again.';
      void endings.end(run, { state: 'interrupted', reason }, false);
    } else if (row.cancel_requested_at !== null) {
      void endings.end(run, { state: 'cancelled', reason: null }, false);
    } else {
      this.#o.queue.wait({
        taskId: row.task_id,
        action: row.action,
        max: prepared.action?.max_concurrent ?? 0,
        go: () => void this.#o.starting.leaveQueue(run),
      });
    }
  }
}
