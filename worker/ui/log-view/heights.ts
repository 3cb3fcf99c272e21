import type { LogLine } from './shown-line.ts';

/** How high lines are drawn, in CSS pixels: all alike unless they wrap; wrapped as measured, or estimated until they are drawn. */
export class Heights {
  readonly #sheet: HTMLElement;
  #wrap: boolean;
  #line = 20;
  #columns = 80;
  #width = 0;
  /** What was measured in another layout does not count. */
  #layout = 1;

  constructor(sheet: HTMLElement, wrap: boolean) {
    this.#sheet = sheet;
    this.#wrap = wrap;
    this.refresh();
  }

  get wrap(): boolean {
    return this.#wrap;
  }

  set wrap(wrap: boolean) {
    this.#wrap = wrap;
    this.#width = 0;
    this.refresh();
  }

  /** Of a line that does not wrap. */
  get line(): number {
    return this.#line;
  }

  /** Reads the width and the font again. @param always also when the width is what it was: the margin is another. */
  refresh(always = false): void {
    const width = this.#sheet.clientWidth;
    if (width === this.#width && !always) return;
    this.#width = width;
    this.#layout += 1;
    this.#line = Number.parseFloat(getComputedStyle(this.#sheet).lineHeight) || 20;
    const row = document.createElement('div');
    row.className = 'log-line log-probe';
    const probe = document.createElement('span');
    probe.textContent = '0'.repeat(100);
    row.append(probe);
    this.#sheet.append(row);
    const cell = probe.getBoundingClientRect().width / 100;
    const { paddingLeft, paddingRight } = getComputedStyle(row);
    row.remove();
    const room = width - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    this.#columns = cell > 0 && room > cell ? Math.floor(room / cell) : 80;
  }

  of(line: LogLine): number {
    if (!this.#wrap) return this.#line;
    if (line.drawn.layout === this.#layout && line.drawn.version === line.version) return line.drawn.height;
    return this.#line * Math.max(1, Math.ceil(line.columns / this.#columns));
  }

  measured(line: LogLine, height: number): void {
    line.drawn = { height, layout: this.#layout, version: line.version };
  }

  sum(lines: readonly LogLine[], from: number, to: number): number {
    if (!this.#wrap) return Math.max(0, to - from) * this.#line;
    let sum = 0;
    for (let i = from; i < to; i += 1) {
      const line = lines[i];
      if (line !== undefined) sum += this.of(line);
    }
    return sum;
  }

  /** The line at `y` below the first one's top, and how far below its own top that is. */
  at(lines: readonly LogLine[], y: number): { index: number; offset: number } {
    const last = Math.max(0, lines.length - 1);
    if (!this.#wrap) {
      const index = Math.min(last, Math.max(0, Math.floor(y / this.#line)));
      return { index, offset: y - index * this.#line };
    }
    let top = 0;
    for (let index = 0; index < last; index += 1) {
      const line = lines[index];
      const height = line === undefined ? 0 : this.of(line);
      if (top + height > y) return { index, offset: y - top };
      top += height;
    }
    return { index: last, offset: y - top };
  }
}
