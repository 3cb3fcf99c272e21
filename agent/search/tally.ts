import type { Run } from '../../shared/runs.ts';
import type { SearchLine } from '../../shared/search.ts';

/** A reader hears at least so often that the search goes on; and a reader who left is noticed then. */
const PROGRESS_MS = 250;

/** How much was looked through, and when that was last told. */
export class Tally {
  bytes = 0;
  #runs = 0;
  #at: string | null = null;
  #lastProgress = 0;

  look(run: Run): void {
    this.#runs += 1;
    this.#at = run.created_at;
  }

  /** Has nothing been said for a while? */
  get due(): boolean {
    return performance.now() - this.#lastProgress >= PROGRESS_MS;
  }

  said(line: SearchLine): SearchLine {
    this.#lastProgress = performance.now();
    return line;
  }

  now(): SearchLine {
    return this.said({ type: 'progress', runs: this.#runs, bytes: this.bytes, at: this.#at });
  }

  end(nextCursor: string | null): SearchLine {
    return { type: 'end', runs: this.#runs, bytes: this.bytes, next_cursor: nextCursor };
  }
}
