import { signal } from '@preact/signals';
import type { Run, RunNews } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { listRuns } from '../../data/run-calls.ts';
import { type Filters, queryOf } from './run-filters.ts';

/** Rows that one request brings. */
const PAGE = 50;

/** The history under one set of filters: pages that follow one another, and news that come in at the top. */
export class History {
  readonly runs = signal<readonly Run[] | null>(null);
  readonly problem = signal<string | null>(null);
  readonly reading = signal(false);
  /** Is there more, further back? */
  readonly more = signal(false);
  readonly #filters: Filters;
  readonly #abort = new AbortController();
  #cursor: string | null = null;
  #refreshing: ReturnType<typeof setTimeout> | undefined;

  constructor(filters: Filters) {
    this.#filters = filters;
  }

  /** The next page back; the first one at first. */
  async read(): Promise<void> {
    if (this.reading.peek() || (this.runs.peek() !== null && this.#cursor === null)) return;
    this.reading.value = true;
    try {
      const list = await this.#page(this.#cursor);
      this.#cursor = list.next_cursor;
      this.more.value = list.next_cursor !== null;
      const known = this.runs.peek() ?? [];
      const ids = new Set(known.map((run) => run.task_id));
      this.runs.value = [...known, ...list.items.filter((run) => !ids.has(run.task_id))];
      this.problem.value = null;
    } catch (error) {
      if (!this.#abort.signal.aborted) this.problem.value = sentence(error);
    } finally {
      this.reading.value = false;
    }
  }

  /** A run changed: its row at once, the rest (who, under which filter) from the first page soon after. */
  note(summary: RunNews): void {
    const runs = this.runs.peek();
    const known = runs?.find((run) => run.task_id === summary.task_id);
    if (runs !== null && known !== undefined) {
      const { state, exit_code, started_at, ended_at, note, waiting_for_input } = summary;
      this.runs.value = runs.map((run) =>
        run === known ? { ...run, state, exit_code, started_at, ended_at, note, waiting_for_input } : run,
      );
    }
    this.refreshSoon();
  }

  refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      this.refresh().catch(() => undefined);
    }, 400);
  }

  /** The first page again, in front of what is already shown further back. */
  async refresh(): Promise<void> {
    // The answer on its way may be older than the news that asks for this.
    if (this.reading.peek()) return this.refreshSoon();
    if (this.runs.peek() === null) return this.read();
    const list = await this.#page(null);
    if (this.#filters.sort === 'longest') {
      // Where a run has its place is the host's to say: from the first page on.
      this.#cursor = list.next_cursor;
      this.more.value = list.next_cursor !== null;
      this.runs.value = list.items;
      return;
    }
    const oldest = list.items.at(-1)?.created_at;
    const fresh = new Set(list.items.map((run) => run.task_id));
    // A page that is not full is all there is; else what is older than it stays.
    const kept =
      list.next_cursor === null || oldest === undefined
        ? []
        : (this.runs.peek() ?? []).filter((run) => run.created_at <= oldest && !fresh.has(run.task_id));
    this.runs.value = [...list.items, ...kept];
  }

  /** They were deleted. */
  drop(taskIds: readonly string[]): void {
    this.runs.value = (this.runs.peek() ?? []).filter(({ task_id }) => !taskIds.includes(task_id));
  }

  close(): void {
    this.#abort.abort();
    clearTimeout(this.#refreshing);
  }

  #page(cursor: string | null) {
    return listRuns({ ...queryOf(this.#filters), limit: String(PAGE), ...(cursor === null ? {} : { cursor }) }, this.#abort.signal);
  }
}
