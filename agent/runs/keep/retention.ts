import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryCursor } from '../../history/cursor.ts';
import type { History } from '../../history/history.ts';
import type { Log } from '../../logger.ts';
import type { Settings } from '../../settings/settings.ts';
import type { Removal } from './removal.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
/** After mass deletes, making files on ext4 slows to 0.7–1.8 ms: a few at a time, with pauses. */
export const BATCH = 50;
export const PAUSE_MS = 250;

/** So many runs are counted at a time, which takes 5 ms; between two times the event loop has its turn. */
const WALK = 2000;
const MIB = 1024 * 1024;

type Keeping = Pick<Settings, 'keep_days' | 'keep_runs' | 'keep_mb'>;

/** Removes the oldest runs and their output in the background: by age, by number, and by the size of all output. */
export class Retention {
  readonly #history: History;
  readonly #settings: Keeping;
  readonly #log: Log;
  readonly #removal: Removal;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(history: History, settings: Keeping, log: Log, removal: Removal) {
    this.#history = history;
    this.#settings = settings;
    this.#log = log;
    this.#removal = removal;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#begin(), EVERY_MS).unref();
    this.#begin();
  }

  close(): void {
    this.#stop.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Removes all runs that are too many now. @returns how many went. */
  async sweep(now: number = Date.now()): Promise<number> {
    const { keep_days } = this.#settings;
    const tooOld: HistoryCursor | null = keep_days > 0 ? { created_at: now - keep_days * DAY_MS, task_id: '' } : null;
    const tooMuch = await this.#overflow();
    const oldest = tooOld !== null && tooMuch !== null && tooOld.created_at > tooMuch.created_at ? tooOld : (tooMuch ?? tooOld);
    return oldest === null ? 0 : this.#remove(oldest);
  }

  /** Counts from the newest run back. @returns the first run that is too much, in number or in size; null when none is. */
  async #overflow(): Promise<HistoryCursor | null> {
    const { keep_runs, keep_mb } = this.#settings;
    if (keep_runs === 0 && keep_mb === 0) return null;
    let runs = 0;
    let bytes = 0;
    for (let before: HistoryCursor | null = null; !this.#stop.signal.aborted; ) {
      const page = this.#history.sizes(before, WALK);
      for (const run of page) {
        runs += 1;
        bytes += run.bytes;
        if ((keep_runs > 0 && runs > keep_runs) || (keep_mb > 0 && bytes > keep_mb * MIB)) return run;
      }
      before = page.at(-1) ?? null;
      if (page.length < WALK) return null;
      await new Promise((next) => setImmediate(next));
    }
    return null;
  }

  async #remove(newest: HistoryCursor): Promise<number> {
    let removed = 0;
    while (!this.#stop.signal.aborted) {
      const batch = this.#history.endedUpTo(newest, BATCH);
      if (batch.length === 0) break;
      await this.#removal.remove(batch, this.#stop.signal);
      if (this.#stop.signal.aborted) break;
      removed += batch.length;
      await sleep(PAUSE_MS, undefined, { ref: false, signal: this.#stop.signal }).catch(() => undefined);
    }
    return removed;
  }

  #begin(): void {
    this.#sweeping = this.#sweeping
      .then(() => this.sweep())
      .then(
        (removed) => {
          if (removed > 0) this.#log.info({ removed }, 'removed old runs');
        },
        (error: unknown) => this.#log.error({ err: error }, 'old runs could not be removed'),
      );
  }
}
