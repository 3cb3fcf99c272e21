import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from '../history/history.ts';
import type { Journal } from '../history/journal.ts';
import type { Ending, RunRow } from '../history/run-row.ts';
import { SWITCHES_FILE } from '../logs/switches.ts';
import { killTree } from '../process/kill-tree.ts';
import type { Cgroups } from '../process/owned-cgroups.ts';
import { loginPath } from '../system/login-environment.ts';
import { explainExit } from './explain.ts';
import { HOLD_FILE, STDIN_FILE } from './launch.ts';
import type { RunEnd } from './live-run.ts';
import { readStatus } from './live-run.ts';
import type { RunsLog } from './needs.ts';
import type { OpenRun, WhyStopped } from './open-run.ts';
import { endedAt, takeRest } from './open-run.ts';
import type { OpenRuns } from './open-runs.ts';
import { PLAN_FILE } from './plan-file.ts';
import type { RunQueue } from './queue.ts';
import { removeFile } from './run-files.ts';
import type { RunStatus } from './status.ts';

/** What is left of a run whose wrapper is gone gets a short grace. */
const ORPHAN_GRACE_MS = 2000;
/** While the disk is full, an end is written again so often. */
const RETRY_MS = 1000;

interface Options {
  history: History;
  journal: Journal;
  log: RunsLog;
  boot: string;
  cgroups: Cgroups;
  environment: Readonly<Record<string, string | undefined>>;
  open: OpenRuns;
  queue: RunQueue;
  /** Told when the end is on the disk. */
  changed: (row: RunRow) => void;
}

/** How runs end: what the history says of it, and what is left behind. */
export class Endings {
  readonly #o: Options;
  #closed = false;

  constructor(options: Options) {
    this.#o = options;
  }

  /** The wrapper has said how the script ended, or a stop is through. */
  async ended(run: OpenRun, end: RunEnd): Promise<void> {
    const { exit } = end.status;
    if (exit === null && run.why === null) {
      const reason = 'The script’s processes were killed from outside: how far it got is not known.';
      end.settle();
      return this.interrupt(run, { reason, sweep: true });
    }
    const ending = {
      state: run.why === null ? ('exited' as const) : stateOf(run.why),
      reason: reasonOf(run, end, loginPath(this.#o.environment['PATH'])),
      exit_code: exit?.code ?? null,
      signal: exit?.signal ?? null,
      ended_at: end.status.endedAt ?? endedAt(run.folder),
    };
    await this.end(run, ending, true, end.settle);
  }

  /**
   * Nobody will say how it ended.
   * @param how.sweep something of it may still be running.
   */
  async interrupt(run: OpenRun, how: { reason: string; sweep: boolean }): Promise<void> {
    if (how.sweep) {
      const status = (): RunStatus => readStatus(run.folder, run.row.seal);
      await killTree({ taskId: run.row.task_id, status, complete: () => status().drained }, this.#o.boot, {
        signal: run.row.stop_signal,
        graceMs: ORPHAN_GRACE_MS,
      });
    }
    takeRest(run, (error) => this.trouble(run, error));
    await this.end(run, { state: run.row.cancel_requested_at === null ? 'interrupted' : 'cancelled', reason: how.reason });
  }

  /**
   * Closes the row, frees the place, and tells everyone; when the disk is full, as soon as there is room.
   * @param placed false for a run that still waited for a place. @param settle called when it is on the disk.
   */
  async end(
    run: OpenRun,
    how: Partial<Ending> & Pick<Ending, 'state' | 'reason'>,
    placed = true,
    settle = (): void => undefined,
  ): Promise<void> {
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
    settle();
    run.row = { ...run.row, ...ending };
    this.#o.open.remove(run);
    run.settle();
    for (const name of [PLAN_FILE, STDIN_FILE, HOLD_FILE, SWITCHES_FILE]) removeFile(join(run.folder, name));
    run.log.finish();
    const cgroup = run.cgroup ?? (run.live === null ? readStatus(run.folder, run.row.seal) : run.live.status()).cgroup;
    if (cgroup !== null) this.#o.cgroups.release(cgroup);
    this.#o.changed(run.row);
    if (placed) this.#o.queue.leave(run.row.action);
  }

  /** Its output can't be followed for now: the agent's log says so, and the run goes on. */
  trouble(run: OpenRun, error: unknown): void {
    this.#o.log.error({ err: error, task_id: run.row.task_id }, 'the output of a run can’t be followed at the moment');
  }

  /** From now on nothing is written any more. */
  close(): void {
    this.#closed = true;
  }
}

function stateOf(why: WhyStopped): 'cancelled' | 'timed_out' {
  return why === 'timed_out' ? 'timed_out' : 'cancelled';
}

/** @param path where programs are looked for. */
function reasonOf(run: OpenRun, { status, output }: RunEnd, path: string): string | null {
  if (run.why === 'timed_out') return `It took longer than its ${run.row.timeout_s} seconds, and was stopped.`;
  const explained =
    run.why === null && run.path !== null ? explainExit({ script: run.path, code: status.exit?.code ?? null, log: run.log, path }) : null;
  if (explained !== null) return explained;
  if (run.why === null && status.core) return `It crashed (${status.exit?.signal}), and left an image of its memory: a core file.`;
  if (run.why === 'output_full') return 'It printed more than this host keeps of a run, and was stopped.';
  if (status.full.length > 0) return 'It printed more than this host keeps of a run: the rest of its output is not there.';
  if (status.cut.length > 0) return 'Some of its output may be missing: it could not be written. Was the disk full?';
  if (output === 'torn') return 'Some of what it printed last may be missing: the processes that carry its output were stopped or killed.';
  return output === 'left behind' ? 'It left processes running. What these print after its end is not kept.' : null;
}
