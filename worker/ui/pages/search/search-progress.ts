import { signal } from '@preact/signals';
import { unreachable } from '../../../../shared/errors.ts';
import type { Run } from '../../../../shared/runs.ts';
import type { FoundField, FoundPlace, SearchLine } from '../../../../shared/search.ts';
import { agent, sentence, until } from '../../api.ts';
import { hostNow } from '../../clock.ts';
import { searchLinesOf } from '../../data/search-lines.ts';
import { type Query, requestOf } from './query.ts';

/** A run in which something was found. */
export interface FoundRun {
  run: Run;
  fields: FoundField[];
  places: FoundPlace[];
  /** Where its output has more; null when all of it is shown. */
  more: number | null;
}

export interface Progress {
  runs: number;
  bytes: number;
  /** When the run was asked for that is looked at. */
  at: string | null;
}

/** Found things arrive faster than they can be drawn: they are shown so often. */
const DRAW_MS = 100;

/** One search: what it found so far, how far it is, and how it goes on. */
export class SearchProgress {
  readonly found = signal<readonly FoundRun[]>([]);
  readonly progress = signal<Progress>({ runs: 0, bytes: 0, at: null });
  readonly searching = signal(false);
  readonly problem = signal<string | null>(null);
  /** It stopped because enough was found, and can go on from here. */
  readonly next = signal<string | null>(null);
  /** The person stopped it. */
  readonly stopped = signal(false);
  readonly #query: Query;
  readonly #runs = new Map<string, FoundRun>();
  #abort = new AbortController();
  #before: Progress = { runs: 0, bytes: 0, at: null };
  #drawn = 0;

  constructor(query: Query) {
    this.#query = query;
  }

  /** Looks on from where it stopped; from the newest run at first. Ends by itself, or by `stop`. */
  async go(): Promise<void> {
    const cursor = this.next.peek();
    const query = { ...requestOf(this.#query, hostNow()), ...(cursor === null ? {} : { cursor }) };
    this.next.value = null;
    await this.#follow(async (signal) => agent.search.$get({ query }, until(signal)));
  }

  /** The rest of what one run's output has. */
  async more(taskId: string): Promise<void> {
    const from = this.#runs.get(taskId)?.more ?? null;
    if (from === null) return;
    this.#change(taskId, (group) => ({ ...group, more: null }));
    const param = { id: taskId };
    const { q, regex } = requestOf(this.#query, hostNow());
    await this.#follow(
      async (signal) =>
        agent.runs[':id'].search.$get(
          { param, query: { q, ...(regex === undefined ? {} : { regex }), from: String(from) } },
          until(signal),
        ),
      taskId,
    );
  }

  stop(): void {
    this.stopped.value = this.searching.peek();
    this.#abort.abort();
  }

  async #follow(ask: (signal: AbortSignal) => Promise<Response>, within: string | null = null): Promise<void> {
    if (this.searching.peek()) return;
    const abort = new AbortController();
    this.#abort = abort;
    this.searching.value = true;
    this.stopped.value = false;
    this.problem.value = null;
    this.#before = this.progress.peek();
    try {
      for await (const line of searchLinesOf(await ask(abort.signal))) this.#take(line, within);
    } catch (error) {
      if (!abort.signal.aborted) this.problem.value = sentence(error);
    } finally {
      this.#draw();
      this.searching.value = false;
    }
  }

  #take(line: SearchLine, within: string | null): void {
    switch (line.type) {
      case 'run':
        if (!this.#runs.has(line.run.task_id))
          this.#runs.set(line.run.task_id, { run: line.run, fields: line.fields, places: [], more: null });
        break;
      case 'match':
        this.#change(line.task_id, (group) => ({ ...group, places: [...group.places, line] }));
        break;
      case 'more':
        this.#change(line.task_id, (group) => ({ ...group, more: line.cursor }));
        break;
      case 'progress':
        if (within === null) this.#progress(line, line.at);
        break;
      case 'end':
        if (within !== null)
          this.#change(within, (group) => ({ ...group, more: line.next_cursor === null ? null : Number(line.next_cursor) }));
        else {
          this.#progress(line, null);
          this.next.value = line.next_cursor;
        }
        break;
      case 'error':
        this.problem.value = line.data;
        break;
      default:
        unreachable(line);
    }
    if (Date.now() - this.#drawn >= DRAW_MS) this.#draw();
  }

  #progress({ runs, bytes }: { runs: number; bytes: number }, at: string | null): void {
    this.progress.value = { runs: this.#before.runs + runs, bytes: this.#before.bytes + bytes, at };
  }

  #change(taskId: string, change: (group: FoundRun) => FoundRun): void {
    const group = this.#runs.get(taskId);
    if (group !== undefined) this.#runs.set(taskId, change(group));
  }

  #draw(): void {
    this.#drawn = Date.now();
    this.found.value = [...this.#runs.values()];
  }
}
