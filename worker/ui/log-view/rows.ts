import { drawLine, drawMore } from './line-node.ts';
import type { LogLine } from './shown-line.ts';
import { markerOf } from './shown-lines.ts';

/**
 * Pieces of lines that are drawn in their style by one call: each is an element, and some thousand of them (a colour for each
 * character) would hold the frame up. The text is all there at once; colours that are missing come with the next frames.
 */
const PIECES_AT_ONCE = 300;
/** So many while lines rush by, which are gone with the next frame: enough for a log with some colours in each line. */
const PIECES_IN_A_RUSH = 100;
/** So many are drawn at most, and of one line, whose parts are laid out together: the rest of what is in view has no colours. */
const MAX_PIECES = 16_000;
const MAX_PIECES_OF_LINE = 4000;

interface Drawing {
  /** Where the lines stand that are not in the flow, by id. */
  apart: ReadonlyMap<number, number>;
  /** The lines that stand out. */
  marked: (line: LogLine) => boolean;
  /** What stands in the margin beside a line; '' for nothing. */
  margin: (line: LogLine) => string;
  /** Whether the group that begins with a line is folded; null when none begins there. */
  fold: (line: LogLine) => boolean | null;
  /** The index of the line from which on colours are drawn first; those above it follow, from it upwards. */
  focus: number;
  /** Ids of lines whose elements must stay as they are. */
  held: readonly number[];
  /** Half of the lines, or more, were not there at the last drawing. */
  rushing: boolean;
}

interface Row {
  element: HTMLElement;
  version: number;
  /** Pieces that are drawn in their style, and how many are to be. */
  styled: number;
  pieces: number;
}

/**
 * The elements of the lines that are drawn. They stand one below the other in the flow of the page, so that none can lie over
 * another, whatever their heights; a line apart from them, the end of a selection, has a place of its own.
 */
export class Rows {
  readonly #sheet: HTMLElement;
  readonly #rows = new Map<number, Row>();
  #longest = 0;
  #styled = 0;
  #unfinished = false;

  constructor(sheet: HTMLElement) {
    this.#sheet = sheet;
  }

  /** The columns of the longest line that was drawn. */
  get longest(): number {
    return this.#longest;
  }

  /** Another call of `draw` with the same lines would draw more of their colours. */
  get unfinished(): boolean {
    return this.#unfinished;
  }

  /** The elements, in their order. */
  get elements(): HTMLElement[] {
    return [...this.#rows.values()].map(({ element }) => element);
  }

  clear(): void {
    for (const { element } of this.#rows.values()) element.remove();
    this.#rows.clear();
    this.#styled = 0;
  }

  elementOf(line: LogLine): HTMLElement | undefined {
    return this.#rows.get(line.id)?.element;
  }

  /** Draws these lines and no others, in their order. */
  draw(lines: readonly LogLine[], { apart, marked, margin, fold, focus, held, rushing }: Drawing): void {
    // First away with what went: so the rows that stay are in order already, and need not move. A row that moves loses its selection.
    const wanted = new Set(lines.map(({ id }) => id));
    // While lines rush by none stays: the elements do, with other lines in them.
    const spare = [...this.#rows.keys()].some((id) => wanted.has(id)) ? [] : this.elements;
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      if (spare.length === 0) row.element.remove();
      this.#styled -= row.styled;
      this.#rows.delete(id);
    }
    for (const line of lines) this.#row(line, spare);
    for (const element of spare) element.remove();
    let left = rushing ? PIECES_IN_A_RUSH : PIECES_AT_ONCE;
    this.#unfinished = false;
    for (const line of [...lines.slice(focus), ...lines.slice(0, focus).reverse()]) left -= this.#style(line, left, held);
    let previous: Element | null = null;
    let above: number | null = null;
    for (const line of lines) {
      const element = this.#place(line, apart.get(line.id), marked(line));
      // A line that goes on in the row below has its number once.
      const beside = line.row === above || line.kind === 'typed' ? '' : margin(line);
      if (element.dataset['margin'] !== beside) element.dataset['margin'] = beside;
      if (line.kind !== 'typed') above = line.row;
      foldMark(element, fold(line));
      const expected: Element | null = previous === null ? this.#sheet.firstElementChild : previous.nextElementSibling;
      if (expected !== element) this.#sheet.insertBefore(element, expected);
      previous = element;
    }
  }

  /** @returns how many pieces of the line were drawn in their style, of those that may be. */
  #style(line: LogLine, most: number, held: readonly number[]): number {
    const row = this.#row(line);
    const changed = row.version !== line.version;
    if (!changed && (row.styled === row.pieces || held.includes(line.id))) return 0;
    if (changed) {
      this.#styled -= row.styled;
      row.styled = 0;
      row.version = line.version;
      row.pieces = Math.min(line.spans.length, MAX_PIECES_OF_LINE);
      this.#longest = Math.max(this.#longest, line.length);
    }
    const count = Math.min(most, row.pieces - row.styled, MAX_PIECES - this.#styled);
    if (changed) drawLine(row.element, line, count);
    // The first piece of a group's line is no text as it stands.
    else if (count > 0 && markerOf(line) > 0) drawLine(row.element, line, row.styled + count);
    else if (count > 0) drawMore(row.element, line.spans.slice(row.styled, row.styled + count));
    row.styled += count;
    this.#styled += count;
    if (row.styled < row.pieces && this.#styled < MAX_PIECES) this.#unfinished = true;
    return count;
  }

  /** @param spare elements in which other lines stood. */
  #row(line: LogLine, spare: HTMLElement[] = []): Row {
    let row = this.#rows.get(line.id);
    if (row === undefined) {
      row = { element: spare.shift() ?? document.createElement('div'), version: -1, styled: 0, pieces: 0 };
      row.element.dataset['id'] = String(line.id);
      this.#rows.set(line.id, row);
    }
    return row;
  }

  #place(line: LogLine, top: number | undefined, marked: boolean): HTMLElement {
    const { element } = this.#row(line);
    element.classList.toggle('log-line-marked', marked);
    element.classList.toggle('log-line-apart', top !== undefined);
    element.style.top = top === undefined ? '' : `${top}px`;
    return element;
  }
}

/** A group's first line is a key that folds it. */
function foldMark(element: HTMLElement, folded: boolean | null): void {
  const expanded = folded === null ? null : String(!folded);
  if (element.getAttribute('aria-expanded') === expanded) return;
  element.classList.toggle('log-line-group', folded !== null);
  if (expanded === null) {
    element.removeAttribute('role');
    element.removeAttribute('aria-expanded');
  } else {
    element.setAttribute('role', 'button');
    element.setAttribute('aria-expanded', expanded);
  }
}
