import type { RunRow } from '../history/run-row.ts';
import type { ProcessIdentity } from '../process/process-identity.ts';
import type { Endings } from './endings.ts';
import { LiveRun } from './live-run.ts';
import type { RunsLog, SettingsSeam } from './needs.ts';
import type { OpenRun, WhyStopped } from './open-run.ts';
import type { RunQueue } from './queue.ts';

interface Options {
  log: RunsLog;
  boot: string;
  /** For a run that has none of its own. */
  graceMs: number;
  settings: Pick<SettingsSeam, 'when_output_full'>;
  queue: RunQueue;
  endings: Endings;
  changed: (row: RunRow) => void;
}

/** Runs under way: watched until they have ended, and stopped when somebody or their time limit says so. */
export class Following {
  readonly #o: Options;

  constructor(options: Options) {
    this.#o = options;
  }

  /** @param spawned its wrapper, which is being started now; null: it was started before. @throws when its files can't be opened. */
  follow(run: OpenRun, spawned: Promise<ProcessIdentity | null> | null): LiveRun {
    const { folder, log } = run;
    const { boot, endings } = this.#o;
    const live = new LiveRun(
      { taskId: run.row.task_id, folder, seal: run.row.seal, log, boot, spawned },
      {
        end: (end) => void endings.ended(run, end),
        finishing: () => this.#o.changed(run.row),
        full: () => void (this.#o.settings.when_output_full === 'halt' && this.stop(run, 'output_full')),
        trouble: (error) => endings.trouble(run, error),
      },
    );
    run.live = live;
    void Promise.resolve(spawned).then(() => run.settle());
    const { timeout_s, started_at } = run.row;
    if (timeout_s > 0) {
      const left = Math.max(0, (started_at ?? Date.now()) + timeout_s * 1000 - Date.now());
      run.timeout = setTimeout(() => this.stop(run, 'timed_out'), left).unref();
    }
    live.poke();
    return live;
  }

  /**
   * Stops a run: takes it from the queue, or its signal, grace, KILL.
   * @returns false when its script has already ended by itself.
   */
  stop(run: OpenRun, why: WhyStopped): boolean {
    if (run.why !== null) return true;
    run.live?.poke();
    // One that only waits for its last output can be given up.
    if (run.live !== null && run.live.status().exit !== null && !run.live.finishing) return false;
    run.why = why;
    if (run.live !== null) this.stopLive(run, run.live);
    // One that is being started sees `why` before or right after its spawn.
    else if (this.#o.queue.withdraw(run.row.task_id)) void this.#o.endings.end(run, { state: 'cancelled', reason: null }, false);
    return true;
  }

  /** Its signal, grace, KILL, whatever it may have said before. */
  stopLive(run: OpenRun, live: LiveRun): void {
    const { stop_signal, grace_s } = run.row;
    live.stop({ signal: stop_signal, graceMs: grace_s === null ? this.#o.graceMs : grace_s * 1000 }).catch((error: unknown) => {
      this.#o.log.error({ err: error, task_id: run.row.task_id }, 'a run could not be stopped cleanly');
    });
  }
}
