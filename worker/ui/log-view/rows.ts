import type { LogLine } from './line.ts';
import { drawLine } from './line-node.ts';

interface Row {
  element: HTMLElement;
  version: number;
}

/**
 * The elements of the lines that are drawn. They stand one below the other in the flow of the page, so that none can lie over
 * another, whatever their heights; a line apart from them, the end of a selection, has a place of its own.
 */
export class Rows {
  readonly #sheet: HTMLElement;
  readonly #rows = new Map<number, Row>();
  #longest = 0;
  #spans = 0;

  constructor(sheet: HTMLElement) {
    this.#sheet = sheet;
  }

  /** The characters of the longest line that was drawn. */
  get longest(): number {
    return this.#longest;
  }

  /** The pieces in styles of their own that were drawn anew by the last call of `draw`. */
  get spans(): number {
    return this.#spans;
  }

  clear(): void {
    for (const { element } of this.#rows.values()) element.remove();
    this.#rows.clear();
  }

  elementOf(line: LogLine): HTMLElement | undefined {
    return this.#rows.get(line.id)?.element;
  }

  /** Draws these lines and no others, in their order. @param apart where the lines stand that are not in the flow, by id. */
  draw(lines: readonly LogLine[], apart: ReadonlyMap<number, number>, marked: number | null): void {
    // First away with what went: so the rows that stay are in order already, and need not move. A row that moves loses its selection.
    this.#spans = 0;
    const wanted = new Set(lines.map(({ id }) => id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    let previous: Element | null = null;
    for (const line of lines) {
      const element = this.#row(line, apart.get(line.id), marked);
      const expected: Element | null = previous === null ? this.#sheet.firstElementChild : previous.nextElementSibling;
      if (expected !== element) this.#sheet.insertBefore(element, expected);
      previous = element;
    }
  }

  #row(line: LogLine, top: number | undefined, marked: number | null): HTMLElement {
    let row = this.#rows.get(line.id);
    if (row === undefined) {
      row = { element: document.createElement('div'), version: -1 };
      row.element.dataset['id'] = String(line.id);
      this.#rows.set(line.id, row);
    }
    if (row.version !== line.version) {
      drawLine(row.element, line);
      this.#spans += line.spans.length;
      row.version = line.version;
      this.#longest = Math.max(this.#longest, line.text.length);
    }
    row.element.classList.toggle('log-line-marked', line.id === marked);
    row.element.classList.toggle('log-line-apart', top !== undefined);
    row.element.style.top = top === undefined ? '' : `${top}px`;
    return row.element;
  }
}
