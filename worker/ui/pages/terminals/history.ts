import type { Terminal } from '@xterm/xterm';
import { insertAbove } from './insert-above.ts';

/** So many lines are loaded at once, … */
const PAGE_LINES = 500;
/** … and so many in all: further back it is looked for in the full log. */
const MOST_LINES = 20_000;
/** So near to the oldest line, in heights of the screen, the next page is loaded. */
const NEAR = 2;
/** After a page that did not come, the next one is asked for so much later. */
const REST_MS = 5000;

/** A screen as it was at a place of the log. */
export interface Drawn {
  cursor: number;
  cols: number;
  rows: number;
}

/** A page of lines above the screen as it was at `cursor`, without the last `skip` of them. */
export type ReadAbove = (place: Drawn & { skip: number; lines: number }, signal: AbortSignal) => Promise<readonly string[]>;

/** The lines above a terminal's screen: the first page comes after the screen, each other one when somebody scrolls up to it. */
export class History {
  readonly #term: Terminal;
  readonly #read: ReadAbove;
  readonly #stops: (() => void)[];
  /** Where the screen came from, and how many lines above it are there; null: nothing can be put above what is there. */
  #at: { drawn: Drawn; loaded: number } | null = null;
  #loading: AbortController | null = null;
  #restUntil = 0;

  constructor(term: Terminal, read: ReadAbove) {
    this.#term = term;
    this.#read = read;
    const listeners = [term.onRender(() => this.#look()), term.onScroll(() => this.#look())];
    this.#stops = listeners.map((listener) => () => listener.dispose());
  }

  /** A screen was drawn on an emulator that was reset, as it was at this place of the log. */
  begin(drawn: Drawn): void {
    this.end();
    this.#at = { drawn, loaded: 0 };
  }

  /** What is there now does not begin where a screen did. */
  end(): void {
    this.#loading?.abort();
    this.#loading = null;
    this.#at = null;
  }

  close(): void {
    this.end();
    for (const stop of this.#stops) stop();
  }

  #look(): void {
    const { buffer, rows } = this.#term;
    if (this.#at === null || this.#loading !== null || performance.now() < this.#restUntil) return;
    const { type, viewportY } = buffer.active;
    // Full: its oldest lines went, and what stood above them does not stand above what is left.
    if (buffer.normal.length >= (this.#term.options.scrollback ?? 0) + rows) return this.end();
    // What is selected is known by the number of its lines.
    if (type !== 'normal' || viewportY > NEAR * rows || this.#term.hasSelection()) return;
    void this.#load(this.#at);
  }

  async #load(at: { drawn: Drawn; loaded: number }): Promise<void> {
    const loading = new AbortController();
    this.#loading = loading;
    try {
      const lines = await this.#read({ ...at.drawn, skip: at.loaded, lines: PAGE_LINES }, loading.signal);
      if (loading.signal.aborted) return;
      if (lines.length > 0 && (await insertAbove(this.#term, lines)) === null) return;
      if (this.#at !== at) return;
      at.loaded += lines.length;
      if (lines.length < PAGE_LINES || at.loaded >= MOST_LINES) this.#at = null;
    } catch {
      // It is asked for again when somebody scrolls.
      this.#restUntil = performance.now() + REST_MS;
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }
}
