import { signal } from '@preact/signals';
import type { Run, RunSummary } from '../../../../shared/runs.ts';
import { sentence } from '../../api.ts';
import { listRunsOn } from '../../data/each-host.ts';

/** A run, and the host on which it was. What is known of one while its host is away has less to it. */
export interface RunOnHost {
  host: string;
  run: Omit<RunSummary, 'action'> & Partial<Pick<Run, 'user'>>;
}

/** Rows that one request of one host brings. */
const PAGE = 30;

/** One host's history, as far as it was read: newest first. */
interface Part {
  runs: RunOnHost['run'][];
  /** Null: there is nothing further back; undefined: nothing was read yet. */
  cursor: string | null | undefined;
  problem: string | null;
}

/**
 * The histories of several hosts as one, each read by its own cursor. A run is shown once no host can have one in between that was not read:
 * so the order is true from the first row on, and a row never comes to stand above one that was shown.
 */
export class MergedRuns {
  readonly rows = signal<readonly RunOnHost[]>([]);
  readonly more = signal(false);
  readonly reading = signal(false);
  /** Why a host's history could not be read, by host. */
  readonly problems = signal<ReadonlyMap<string, string>>(new Map());
  readonly #parts = new Map<string, Part>();
  readonly #abort = new AbortController();
  readonly #list: typeof listRunsOn;

  constructor(hosts: readonly string[], list: typeof listRunsOn = listRunsOn) {
    this.#list = list;
    for (const host of hosts) this.#parts.set(host, { runs: [], cursor: undefined, problem: null });
  }

  /** Reads on where it is needed: the hosts whose oldest row that was read is the newest. */
  async read(): Promise<void> {
    if (this.reading.peek()) return;
    this.reading.value = true;
    const before = this.rows.peek().length;
    do await Promise.all([...this.#behind()].map(([host, part]) => this.#page(host, part)));
    while (this.#merge() && this.rows.peek().length < before + PAGE && !this.#abort.signal.aborted);
    this.reading.value = false;
  }

  close(): void {
    this.#abort.abort();
  }

  async #page(host: string, part: Part): Promise<void> {
    try {
      const query = { limit: String(PAGE), ...(part.cursor == null ? {} : { cursor: part.cursor }) };
      const list = await this.#list(host, query, this.#abort.signal);
      part.runs.push(...list.items);
      part.cursor = list.next_cursor;
      part.problem = null;
    } catch (error) {
      // It has no more for now: the others go on without it, and the page names it.
      part.problem = sentence(error);
      part.cursor = null;
    }
  }

  /** Everything older than this may lack a run of a host that was not read so far back. */
  #frontier(): string {
    const ends = [...this.#parts.values()].flatMap(({ runs, cursor }) =>
      cursor === null ? [] : [cursor === undefined ? NEVER : (runs.at(-1)?.created_at ?? NEVER)],
    );
    return ends.reduce((newest, end) => (end > newest ? end : newest), '');
  }

  #behind(): [string, Part][] {
    const frontier = this.#frontier();
    return [...this.#parts].filter(
      ([, { runs, cursor }]) => cursor === undefined || (cursor !== null && (runs.at(-1)?.created_at ?? NEVER) >= frontier),
    );
  }

  /** @returns whether there is more to read. */
  #merge(): boolean {
    const frontier = this.#frontier();
    const all = [...this.#parts].flatMap(([host, { runs }]) => runs.map((run) => ({ host, run })));
    this.rows.value = all
      .filter(({ run }) => run.created_at >= frontier)
      .sort((a, b) => (a.run.created_at < b.run.created_at ? 1 : a.run.created_at > b.run.created_at ? -1 : 0));
    this.problems.value = new Map([...this.#parts].flatMap(([host, { problem }]) => (problem === null ? [] : [[host, problem] as const])));
    this.more.value = frontier !== '';
    return frontier !== '';
  }
}

/** Behind every time there is. */
const NEVER = '9999';
