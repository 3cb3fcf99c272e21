import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { History } from '../../history/history.ts';

/** What else holds something of a run. */
export interface Holders {
  /** Before its files go. */
  release(taskId: string): Promise<void>;
  /** After. */
  forget(taskId: string): void;
}

/** Takes ended runs out of the history, with their output. */
export class Removal {
  readonly #folder: string;
  readonly #history: Pick<History, 'remove'>;
  readonly #holders: Holders;

  /** @param folder that of all runs' folders. */
  constructor(folder: string, history: Pick<History, 'remove'>, holders: Holders) {
    this.#folder = folder;
    this.#history = history;
    this.#holders = holders;
  }

  /** @param signal what is not removed yet when it aborts, stays. */
  async remove(taskIds: readonly string[], signal?: AbortSignal): Promise<void> {
    // Files first: a row without files is an empty log, files without a row would stay for ever.
    for (const taskId of taskIds) {
      await this.#holders.release(taskId);
      await rm(join(this.#folder, taskId), { recursive: true, force: true, maxRetries: 2 });
      this.#holders.forget(taskId);
    }
    if (signal?.aborted !== true) this.#history.remove(taskIds);
  }
}
