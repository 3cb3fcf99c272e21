import { signal } from '@preact/signals';
import type { FoundPlace } from '../../../../shared/search.ts';
import { agent, sentence, until } from '../../api.ts';
import { searchLinesOf } from '../../data/search-lines.ts';

/** A look through all that a terminal keeps, of which the page has the end only. */
export class LogSearch {
  readonly places = signal<readonly FoundPlace[]>([]);
  readonly searching = signal(false);
  readonly problem = signal<string | null>(null);
  /** Where it goes on; null when all was looked through. */
  readonly next = signal<number | null>(0);
  readonly #id: string;
  readonly #text: string;
  readonly #abort = new AbortController();

  constructor(id: string, text: string) {
    this.#id = id;
    this.#text = text;
  }

  async go(): Promise<void> {
    const from = this.next.peek();
    if (this.searching.peek() || from === null) return;
    this.searching.value = true;
    this.problem.value = null;
    try {
      const query = { q: this.#text, from: String(from), context: '2' };
      const answer = await agent.terminals[':id'].search.$get({ param: { id: this.#id }, query }, until(this.#abort.signal));
      for await (const line of searchLinesOf(answer)) {
        if (line.type === 'match') this.places.value = [...this.places.peek(), line];
        if (line.type === 'end') this.next.value = line.next_cursor === null ? null : Number(line.next_cursor);
        if (line.type === 'error') this.problem.value = line.data;
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) this.problem.value = sentence(error);
    } finally {
      this.searching.value = false;
    }
  }

  stop(): void {
    this.#abort.abort();
  }
}
