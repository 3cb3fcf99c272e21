import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { History } from '../history/history.ts';
import type { RunsLog, SettingsSeam } from './needs.ts';

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
/** After mass deletes, making files on ext4 slows to 0.7–1.8 ms: a few at a time, with pauses. */
const BATCH = 50;
const PAUSE_MS = 250;

/** Removes runs and their output after `keep_days`, in the background. */
export class Retention {
  readonly #folder: string;
  readonly #history: History;
  readonly #settings: Pick<SettingsSeam, 'keep_days'>;
  readonly #log: RunsLog;
  readonly #forget: (taskId: string) => void;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(folder: string, history: History, settings: Pick<SettingsSeam, 'keep_days'>, log: RunsLog, forget: (taskId: string) => void) {
    this.#folder = folder;
    this.#history = history;
    this.#settings = settings;
    this.#log = log;
    this.#forget = forget;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#begin(), EVERY_MS).unref();
    this.#begin();
  }

  close(): void {
    this.#stop.abort();
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Takes away all that is too old now. @returns how many runs went. */
  async sweep(now: number = Date.now()): Promise<number> {
    const days = this.#settings.keep_days;
    let removed = 0;
    while (days > 0 && !this.#stop.signal.aborted) {
      const batch = this.#history.endedBefore(now - days * DAY_MS, BATCH);
      if (batch.length === 0) break;
      // Files first: a row without files is an empty log, files without a row would stay for ever.
      for (const taskId of batch) {
        await rm(join(this.#folder, taskId), { recursive: true, force: true });
        this.#forget(taskId);
      }
      if (this.#stop.signal.aborted) break;
      this.#history.remove(batch);
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
