import { signal } from '@preact/signals';
import { MAX_PLACES_FOUND } from '../../../shared/limits.ts';
import { agent, sentence, until } from '../api.ts';
import { searchLinesOf } from '../data/search-lines.ts';
import { literal, type Sought, soughtBy } from './matches.ts';

/** While the run goes on, what it has printed meanwhile is looked through so often. */
const AGAIN_MS = 1000;
const OVERLAP_BYTES = 1000;
/** Found places come faster than they can be shown. */
const SHOW_MS = 100;

/** What somebody looks for in one run's output. */
export interface Wanted {
  text: string;
  exact: boolean;
  /** The text is a regular expression. */
  regex: boolean;
}

/** What is looked for, as the host finds it. @throws ToruError bad_request for a pattern that is none. */
async function soughtOf({ text, exact, regex }: Wanted): Promise<Sought> {
  if (!regex) return soughtBy(literal(text, exact));
  const { LinearRegex } = await import('../../../shared/regex/linear-regex.ts');
  return new LinearRegex(text, exact);
}

/** A search through the whole of a run's output, on the host: the lines with the text, from the first on, and on as more is printed. */
export class FindProgress {
  /** Cursors of the found places, in their order. */
  readonly found = signal<readonly number[]>([]);
  readonly searching = signal(true);
  readonly problem = signal<string | null>(null);
  readonly #taskId: string;
  readonly #wanted: Wanted;
  readonly #abort = new AbortController();
  readonly #cursors: number[] = [];
  #shownAt = 0;
  /** How far it has looked. */
  #from = 0;

  constructor(taskId: string, wanted: Wanted) {
    this.#taskId = taskId;
    this.#wanted = wanted;
  }

  /**
   * @param seen gets what is looked for, to mark it where it can be seen. @param size how many bytes the output has now. @param live
   * whether it may grow. Ends when all is looked through, at a pattern that can't be looked for, or by `stop`.
   */
  async go(seen: (sought: Sought | null) => void, size: () => number, live: () => boolean): Promise<void> {
    const { signal } = this.#abort;
    try {
      const sought = await soughtOf(this.#wanted);
      if (signal.aborted) return;
      seen(sought);
    } catch (error) {
      this.searching.value = false;
      this.problem.value = sentence(error);
      seen(null);
      return;
    }
    while (!signal.aborted && this.#cursors.length < MAX_PLACES_FOUND) {
      const end = size();
      if (end > this.#from) await this.#look(end);
      else if (!live()) return;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }

  stop(): void {
    this.#abort.abort();
  }

  async #look(end: number): Promise<void> {
    const { signal } = this.#abort;
    const { text, exact, regex } = this.#wanted;
    const query = {
      q: text,
      regex: regex ? ('true' as const) : ('false' as const),
      case: exact ? ('exact' as const) : ('ignore' as const),
      // Of what was looked through, the last line may go on.
      from: String(Math.max(0, this.#from - OVERLAP_BYTES)),
      excerpt: 'no' as const,
      limit: String(MAX_PLACES_FOUND - this.#cursors.length),
    };
    this.searching.value = true;
    this.problem.value = null;
    try {
      const answer = agent.runs[':id'].search.$get({ param: { id: this.#taskId }, query }, until(signal));
      for await (const line of searchLinesOf(await answer)) {
        // It may have come further than we knew of: the next look finds the same again.
        if (line.type === 'match' && line.cursor > (this.#cursors.at(-1) ?? -1)) this.#cursors.push(line.cursor);
        else if (line.type === 'error') this.problem.value = line.data;
        if (performance.now() - this.#shownAt > SHOW_MS) this.#show();
      }
      this.#from = end;
    } catch (error) {
      if (!signal.aborted) this.problem.value = sentence(error);
    } finally {
      this.#show();
      this.searching.value = false;
    }
  }

  #show(): void {
    this.#shownAt = performance.now();
    if (this.found.peek().length !== this.#cursors.length) this.found.value = [...this.#cursors];
  }
}
