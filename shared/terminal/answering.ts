import { QueryFilter } from './queries.ts';

interface Change {
  from: number;
  answers: boolean;
}

/**
 * Which queries of a terminal's program this viewer answers: those that begin where the host said that it does. What other viewers
 * answer, and what was printed before it came, is taken out of what its emulator gets.
 */
export class Answering {
  #filter = new QueryFilter();
  #answers = false;
  /** Of what comes, in its order. */
  #changes: Change[] = [];

  /** Is it for this viewer now to answer? */
  get answers(): boolean {
    return this.#changes.at(-1)?.answers ?? this.#answers;
  }

  /** It is attached: others may answer now. What has begun and not ended stays. */
  attached(): void {
    this.#answers = false;
    this.#changes = [];
  }

  /** Begins from nothing: a gap, or a screen, whose data is given through this. */
  screen(data: string): string {
    this.#filter = new QueryFilter();
    return this.#filter.push(data, false);
  }

  /** A frame `answers`. */
  changed(from: number, answers: boolean): void {
    this.#changes.push({ from, answers });
  }

  /** @param cursor after `data`. @returns what the emulator is to get. */
  output(data: string, cursor: number): string {
    let shown = '';
    let rest = data;
    for (let change = this.#changes[0]; change !== undefined && change.from < cursor; change = this.#changes[0]) {
      const bytes = new TextEncoder().encode(rest);
      const cut = Math.max(0, change.from - (cursor - bytes.length));
      const decoder = new TextDecoder();
      shown += this.#filter.push(decoder.decode(bytes.subarray(0, cut)), this.#answers);
      rest = decoder.decode(bytes.subarray(cut));
      this.#answers = change.answers;
      this.#changes.shift();
    }
    return shown + this.#filter.push(rest, this.#answers);
  }
}
