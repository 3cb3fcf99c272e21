import { signal } from '@preact/signals';
import { SearchAddon } from '@xterm/addon-search';
import type { Terminal } from '@xterm/xterm';

/** Found places are marked so, the one that is looked at otherwise. */
const MARKS = {
  matchBackground: '#e8bd6a',
  matchBorder: '#7c5300',
  matchOverviewRuler: '#e8bd6a',
  activeMatchBackground: '#ff9a50',
  activeMatchBorder: '#1d1a16',
  activeMatchColorOverviewRuler: '#ff9a50',
};

/** Looks for a text in what the emulator still has. */
export class Find {
  /** Which of how many is looked at, from 0; -1 where they are too many to count. */
  readonly found = signal<{ at: number; count: number } | null>(null);
  readonly #leaving: () => void;
  readonly #addon = new SearchAddon({ highlightLimit: 1000 });

  /** @param leaving called before it moves what is looked at. */
  constructor(term: Terminal, leaving: () => void) {
    this.#leaving = leaving;
    term.loadAddon(this.#addon);
    this.#addon.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.found.value = { at: resultIndex, count: resultCount };
    });
  }

  /** From what is looked at on. @param typing the text is not complete: the place stays where it still fits. */
  next(text: string, typing = false): void {
    if (text === '') return this.end();
    this.#leaving();
    if (!this.#addon.findNext(text, { incremental: typing, decorations: MARKS })) this.found.value = { at: -1, count: 0 };
  }

  previous(text: string): void {
    if (text === '') return this.end();
    this.#leaving();
    if (!this.#addon.findPrevious(text, { decorations: MARKS })) this.found.value = { at: -1, count: 0 };
  }

  end(): void {
    this.#addon.clearDecorations();
    this.found.value = null;
  }
}
