import type { RunSummary } from '../../shared/runs.ts';

const KEPT = 50;
const KEY = 'recent_runs';
/** Changes are written at most so often: a busy host would otherwise spend the day's rows on this list alone. */
const WRITE_EVERY_MS = 5_000;

interface Store {
  get<T>(key: string): T | undefined;
  put<T>(key: string, value: T): void;
}

/** The last runs of a host, newest first, for when it is away. Past fifty the oldest is forgotten. */
export class RecentRuns {
  readonly #store: Store;
  #runs: RunSummary[];
  #writtenAt = 0;
  #dirty = false;

  constructor(store: Store) {
    this.#store = store;
    this.#runs = store.get<RunSummary[]>(KEY) ?? [];
  }

  /** @returns when `write` has to be called, in ms since 1970; null when all is written. */
  note(run: RunSummary, now: number): number | null {
    const at = this.#runs.findIndex((known) => known.task_id === run.task_id);
    if (at >= 0) this.#runs[at] = run;
    else {
      const before = this.#runs.findIndex(({ created_at }) => created_at <= run.created_at);
      // News of an old run, as when somebody notes it, does not make it a recent one.
      this.#runs = this.#runs.toSpliced(before < 0 ? this.#runs.length : before, 0, run).slice(0, KEPT);
    }
    this.#dirty = true;
    if (now - this.#writtenAt < WRITE_EVERY_MS) return this.#writtenAt + WRITE_EVERY_MS;
    this.write(now);
    return null;
  }

  write(now: number): void {
    if (!this.#dirty) return;
    this.#store.put(KEY, this.#runs);
    this.#dirty = false;
    this.#writtenAt = now;
  }

  get all(): RunSummary[] {
    return this.#runs;
  }
}
