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

interface Place {
  drawn: Drawn;
  loaded: number;
  /** Of its oldest line so many rows are left: its beginning went. */
  cut: number;
}

/** A page of lines above the screen as it was at `cursor`, without the last `skip` of them. */
export type ReadAbove = (place: Drawn & { skip: number; lines: number }, signal: AbortSignal) => Promise<readonly string[]>;

/** The lines above a terminal's screen: the first page comes after the screen, each other one when somebody scrolls up to it. */
export class History {
  readonly #term: Terminal;
  readonly #read: ReadAbove;
  readonly #stops: (() => void)[];
  /** Where the screen came from, and how many lines above it are there; null: nothing more stands above what is there. */
  #at: Place | null = null;
  /** Up to which byte of the log all is there since a screen; null: what is there does not begin with one. */
  #cursor: number | null = null;
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
    this.#at = { drawn, loaded: 0, cut: 0 };
    this.#cursor = drawn.cursor;
  }

  /** All up to this byte of the log was drawn. */
  drawn(cursor: number): void {
    if (this.#cursor !== null) this.#cursor = cursor;
  }

  /** What is there now does not begin where a screen did. */
  end(): void {
    this.#loading?.abort();
    this.#loading = null;
    this.#at = null;
    this.#cursor = null;
  }

  close(): void {
    this.end();
    for (const stop of this.#stops) stop();
  }

  #look(): void {
    const { buffer, rows } = this.#term;
    if (this.#loading !== null || performance.now() < this.#restUntil) return;
    const { type, viewportY, length } = buffer.active;
    // What is selected is known by the number of its lines.
    if (type !== 'normal' || viewportY > NEAR * rows || this.#term.hasSelection()) return;
    // Full: its oldest lines went, and what stood above them does not stand above what is left.
    const isFull = length >= (this.#term.options.scrollback ?? 0) + rows;
    const at = isFull ? this.#placeNow() : this.#at;
    this.#at = at;
    if (at !== null) void this.#load(at);
  }

  /** By what is there now: its lines above the screen are the last ones before it. */
  #placeNow(): Place | null {
    const { cols, rows, buffer } = this.#term;
    const { baseY, length } = buffer.normal;
    if (this.#cursor === null || length > MOST_LINES) return null;
    const continues = (y: number): boolean => buffer.normal.getLine(y)?.isWrapped === true;
    let cut = 0;
    while (cut < baseY && continues(cut)) cut += 1;
    let loaded = 0;
    for (let y = cut; y < baseY; y += 1) if (!continues(y)) loaded += 1;
    return { drawn: { cursor: this.#cursor, cols, rows }, loaded, cut };
  }

  async #load(at: Place): Promise<void> {
    const loading = new AbortController();
    this.#loading = loading;
    try {
      const lines = await this.#read({ ...at.drawn, skip: at.loaded, lines: PAGE_LINES }, loading.signal);
      if (loading.signal.aborted) return;
      if (lines.length > 0 && (await insertAbove(this.#term, lines, at.cut)) === null) return;
      if (this.#at !== at) return;
      at.loaded += lines.length;
      at.cut = 0;
      if (lines.length < PAGE_LINES || at.loaded >= MOST_LINES) {
        this.#at = null;
        this.#restUntil = performance.now() + REST_MS;
      }
    } catch {
      // It is asked for again when somebody scrolls.
      this.#restUntil = performance.now() + REST_MS;
    } finally {
      if (this.#loading === loading) this.#loading = null;
    }
  }
}
