import { setTimeout as sleep } from 'node:timers/promises';
import { ToruError } from '../../../shared/errors.ts';
import { isFinal } from '../../../shared/run-state.ts';
import type { RunsTotals } from '../../../shared/runs.ts';
import type { History } from '../../history/history.ts';
import type { RunsFilter } from '../../history/list-query.ts';
import { type RunRow, stateOf } from '../../history/run-row.ts';
import type { Log } from '../../logger.ts';
import type { Removal } from './removal.ts';
import { BATCH, PAUSE_MS } from './retention.ts';

/** Removes the runs that an admin chose by a filter, after they saw how many these are. */
export class CleanUp {
  readonly #history: Pick<History, 'walk'>;
  readonly #removal: Removal;
  readonly #log: Log;
  readonly #stop = new AbortController();
  #underWay = false;

  constructor(history: Pick<History, 'walk'>, removal: Removal, log: Log) {
    this.#history = history;
    this.#removal = removal;
    this.#log = log;
  }

  /** What a clean-up would remove now. @param before ms since 1970: only runs that ended till then. */
  async totals(filter: RunsFilter, before: number = Date.now()): Promise<RunsTotals> {
    const totals = { runs: 0, bytes: 0, before: new Date(before).toISOString() };
    for await (const page of this.#history.walk(filter, null)) {
      for (const run of page) {
        if (!hasEnded(run, before)) continue;
        totals.runs += 1;
        totals.bytes += run.disk_bytes ?? run.output_bytes;
      }
    }
    return totals;
  }

  /**
   * Begins to remove them; the rest happens in the background, a few at a time.
   * @param seen what `totals` said. @returns the same. @throws ToruError busy; conflict when there are others now.
   */
  async begin(filter: RunsFilter, seen: { runs: number; before: number }): Promise<RunsTotals> {
    if (this.#underWay) throw new ToruError('busy', 'Another clean-up is under way. Wait for its end.');
    this.#underWay = true;
    try {
      const totals = await this.totals(filter, seen.before);
      if (totals.runs !== seen.runs)
        throw new ToruError('conflict', `These are ${totals.runs} runs now, not ${seen.runs}. Look at them again.`, {
          extra: { runs: totals.runs },
        });
      this.#rest(filter, seen.before)
        .then(
          (removed) => this.#log.info({ removed }, 'removed the runs of a clean-up'),
          (error: unknown) => this.#log.error({ err: error }, 'a clean-up broke off'),
        )
        .finally(() => {
          this.#underWay = false;
        });
      return totals;
    } catch (error) {
      this.#underWay = false;
      throw error;
    }
  }

  close(): void {
    this.#stop.abort();
  }

  async #rest(filter: RunsFilter, before: number): Promise<number> {
    let removed = 0;
    for await (const page of this.#history.walk(filter, null)) {
      const chosen = page.filter((run) => hasEnded(run, before)).map(({ task_id }) => task_id);
      for (let at = 0; at < chosen.length && !this.#stop.signal.aborted; at += BATCH) {
        const batch = chosen.slice(at, at + BATCH);
        await this.#removal.remove(batch, this.#stop.signal);
        removed += batch.length;
        await sleep(PAUSE_MS, undefined, { ref: false, signal: this.#stop.signal }).catch(() => undefined);
      }
      if (this.#stop.signal.aborted) break;
    }
    return removed;
  }
}

function hasEnded(run: RunRow, before: number): boolean {
  return isFinal(stateOf(run.state)) && (run.ended_at ?? run.created_at) <= before;
}
