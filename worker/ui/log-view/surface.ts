import { elementScroll, observeElementOffset, observeElementRect, type Range, type VirtualItem, Virtualizer } from '@tanstack/virtual-core';
import type { Line } from './line.ts';
import { textOf } from './line.ts';
import type { LineBuffer } from './line-buffer.ts';
import { drawLine } from './line-node.ts';
import { selectedIds, selectedText } from './selection.ts';

/** So near to the end counts as the end: a wheel's last pixel, a zoomed page's half one. */
const END_PX = 24;

export interface SurfaceEvents {
  /** Follows the end, or stopped doing so; and how many lines came since it stopped. */
  follow: (following: boolean, unseen: number) => void;
}

/**
 * The lines that can be seen, drawn into a scrolling element. It follows the end only while the reader is there: a
 * wheel, a finger, a key or a selection that looks elsewhere stops it at once, and only going back to the end resumes it.
 */
export class Surface {
  readonly #scroller: HTMLElement;
  readonly #sheet: HTMLElement;
  readonly #buffer: LineBuffer;
  readonly #events: SurfaceEvents;
  readonly #virtualizer: Virtualizer<HTMLElement, HTMLElement>;
  readonly #rows = new Map<number, { element: HTMLElement; version: number }>();
  readonly #stop: (() => void)[] = [];
  #lines: readonly Line[] = [];
  #wrap: boolean;
  #frame = 0;
  #following: boolean;
  #held = false;
  #lastTop = 0;
  #lastHeight = 0;
  #unseenFrom = 0;
  #lineHeight = 20;
  #longest = 0;
  #marked: number | null = null;
  /** The line that is to be brought into view as soon as that can be done: it is drawn, and the view has a height. */
  #wanted: number | null = null;
  /** The row that must not move while lines come or go above it: its id, and how far above it the view begins. */
  #anchor: { id: number; offset: number } | null = null;

  /** @param following false: it begins where it is, and `show` finds the place. */
  constructor(scroller: HTMLElement, sheet: HTMLElement, buffer: LineBuffer, wrap: boolean, events: SurfaceEvents, following = true) {
    this.#scroller = scroller;
    this.#sheet = sheet;
    this.#buffer = buffer;
    this.#wrap = wrap;
    this.#events = events;
    this.#following = following;
    this.#lineHeight = Number.parseFloat(getComputedStyle(scroller).lineHeight) || 20;
    this.#virtualizer = new Virtualizer(this.#options(0));
    this.#oneScrolls();
    this.#stop.push(this.#virtualizer._didMount());
    this.#virtualizer._willUpdate();
    this.#listen();
    this.changed();
  }

  get following(): boolean {
    return this.#following;
  }

  /** The buffer changed: draw it with the next frame. */
  changed(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  setWrap(wrap: boolean): void {
    this.#keepPlace();
    this.#wrap = wrap;
    for (const { element } of this.#rows.values()) element.remove();
    this.#rows.clear();
    this.#virtualizer.measure();
    this.changed();
  }

  toEnd(): void {
    this.#wanted = null;
    this.#follow(true);
    this.changed();
  }

  /** Shows the line with this id in the middle, marked: with the next frame, or when there is something to be seen at all. */
  show(id: number): void {
    this.#marked = id;
    this.#wanted = id;
    this.#follow(false);
    this.changed();
  }

  unmark(): void {
    this.#marked = null;
    this.changed();
  }

  /** Called before lines are put in front: the reader's place stays where it is. */
  keepPlace(): void {
    this.#keepPlace();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    for (const stop of this.#stop) stop();
  }

  #options(count: number) {
    return {
      count,
      getScrollElement: () => this.#scroller,
      estimateSize: () => this.#lineHeight,
      getItemKey: (index: number) => this.#lines[index]?.id ?? index,
      overscan: 24,
      // What stands above the lines in the scrolled element.
      scrollMargin: this.#sheet.offsetTop,
      scrollToFn: elementScroll,
      observeElementRect,
      observeElementOffset,
      rangeExtractor: (range: Range) => this.#range(range),
      onChange: () => this.changed(),
    };
  }

  /** What is in view, and the ends of a selection: were they removed, the selection would be, too. */
  #range(range: Range): number[] {
    const first = Math.max(0, range.startIndex - range.overscan);
    const last = Math.min(range.count - 1, range.endIndex + range.overscan);
    const indexes = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i);
    for (const id of selectedIds(this.#sheet)) {
      const index = this.#lines.findIndex((line) => line.id === id);
      if (index !== -1 && (index < first || index > last)) indexes.push(index);
    }
    return indexes.sort((a, b) => a - b);
  }

  #listen(): void {
    const on = <K extends keyof HTMLElementEventMap>(type: K, handler: (event: HTMLElementEventMap[K]) => void): void => {
      this.#scroller.addEventListener(type, handler, { passive: true });
      this.#stop.push(() => this.#scroller.removeEventListener(type, handler));
    };
    on('scroll', () => this.#scrolled());
    on('wheel', (event) => {
      if (event.deltaY < 0) this.#follow(false);
      else if (event.deltaY > 0 && this.#atEnd()) this.#follow(true);
    });
    const hold = (): void => {
      this.#held = true;
    };
    const release = (): void => {
      this.#held = false;
      this.changed();
    };
    on('pointerdown', hold);
    on('touchstart', hold);
    addEventListener('pointerup', release);
    addEventListener('pointercancel', release);
    addEventListener('touchend', release);
    this.#stop.push(() => {
      removeEventListener('pointerup', release);
      removeEventListener('pointercancel', release);
      removeEventListener('touchend', release);
    });
    const copy = (event: ClipboardEvent): void => {
      const text = selectedText(this.#sheet, this.#lines);
      if (text === null) return;
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
    };
    this.#scroller.addEventListener('copy', copy);
    this.#stop.push(() => this.#scroller.removeEventListener('copy', copy));
  }

  #scrolled(): void {
    const { scrollTop: top, clientHeight: height } = this.#scroller;
    // A banner came or went: the browser moved the view to fit, not the reader.
    if (height !== this.#lastHeight) {
      this.#lastHeight = height;
      this.#lastTop = top;
      this.changed();
      return;
    }
    // Our own scrolling has already set #lastTop: its event moves nothing.
    if (top > this.#lastTop && this.#atEnd()) this.#follow(true);
    else if (top < this.#lastTop - 1) this.#follow(false);
    this.#lastTop = top;
  }

  #atEnd(): boolean {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < END_PX;
  }

  #follow(following: boolean): void {
    if (this.#following === following) return;
    this.#following = following;
    this.#oneScrolls();
    this.#unseenFrom = this.#buffer.removed + this.#buffer.lines.length;
    this.#events.follow(following, 0);
  }

  /**
   * At the end we scroll, elsewhere the virtualizer keeps what is in view in its place while lines above it are measured. Both
   * at once and the one who is behind would lead the view away from the end, as if the reader had.
   */
  #oneScrolls(): void {
    this.#virtualizer.shouldAdjustScrollPositionOnItemSizeChange = this.#following ? () => false : undefined;
  }

  #keepPlace(): void {
    if (this.#following) return;
    const item = this.#virtualizer.getVirtualItemForOffset(this.#scroller.scrollTop);
    const line = item === undefined ? undefined : this.#lines[item.index];
    if (item !== undefined && line !== undefined) this.#anchor = { id: line.id, offset: this.#scroller.scrollTop - item.start };
  }

  #draw(): void {
    this.#frame = 0;
    const before = this.#lines;
    this.#lines = this.#buffer.lines;
    if (this.#anchor === null && before[0]?.id !== this.#lines[0]?.id && before.length > 0) {
      this.#lines = before;
      this.#keepPlace();
      this.#lines = this.#buffer.lines;
    }
    this.#virtualizer.setOptions(this.#options(this.#lines.length));
    this.#virtualizer._willUpdate();
    this.#restorePlace();
    this.#sheet.style.height = `${this.#virtualizer.getTotalSize()}px`;
    this.#goToWanted();
    this.#place(this.#virtualizer.getVirtualItems());
    if (this.#following && !this.#held && selectedIds(this.#sheet).length === 0) {
      this.#scroller.scrollTop = this.#scroller.scrollHeight;
      this.#lastTop = this.#scroller.scrollTop;
      this.#lastHeight = this.#scroller.clientHeight;
    }
    if (!this.#following) this.#events.follow(false, Math.max(0, this.#buffer.removed + this.#lines.length - this.#unseenFrom));
  }

  /** After the sheet has its height, or the view could not go as far. Without a height of its own there is no middle: later. */
  #goToWanted(): void {
    if (this.#wanted === null || this.#scroller.clientHeight === 0) return;
    const index = this.#lines.findIndex((line) => line.id === this.#wanted);
    this.#wanted = null;
    if (index !== -1) this.#virtualizer.scrollToIndex(index, { align: 'center' });
  }

  #restorePlace(): void {
    const anchor = this.#anchor;
    this.#anchor = null;
    if (anchor === null || this.#following) return;
    const index = this.#lines.findIndex((line) => line.id === anchor.id);
    // The total also brings the list of places up to date.
    this.#sheet.style.height = `${this.#virtualizer.getTotalSize()}px`;
    const start = index === -1 ? undefined : this.#virtualizer.measurementsCache[index]?.start;
    if (start !== undefined) {
      this.#scroller.scrollTop = start + anchor.offset;
      this.#lastTop = this.#scroller.scrollTop;
    }
  }

  #place(items: readonly VirtualItem[]): void {
    const shown = items.flatMap((item) => {
      const line = this.#lines[item.index];
      return line === undefined ? [] : [{ item, line }];
    });
    // First away with what went: so the rows that stay are in order already, and need not move. A row that moves loses its selection.
    const wanted = new Set(shown.map(({ line }) => line.id));
    for (const [id, row] of this.#rows) {
      if (wanted.has(id)) continue;
      row.element.remove();
      this.#rows.delete(id);
    }
    let previous: Element | null = null;
    for (const { item, line } of shown) {
      const element = this.#row(line, item);
      const expected: Element | null = previous === null ? this.#sheet.firstElementChild : previous.nextElementSibling;
      if (expected !== element) this.#sheet.insertBefore(element, expected);
      if (this.#wrap) this.#virtualizer.measureElement(element);
      previous = element;
    }
    this.#sheet.style.minWidth = this.#wrap ? '' : `calc(${this.#longest}ch + 2.5rem)`;
  }

  #row(line: Line, item: VirtualItem): HTMLElement {
    let row = this.#rows.get(line.id);
    if (row === undefined) {
      row = { element: document.createElement('div'), version: -1 };
      row.element.dataset['id'] = String(line.id);
      this.#rows.set(line.id, row);
    }
    if (row.version !== line.version) {
      drawLine(row.element, line);
      row.version = line.version;
      if (!this.#wrap) this.#longest = Math.max(this.#longest, textOf(line).length);
    }
    row.element.classList.toggle('log-line-marked', line.id === this.#marked);
    row.element.dataset['index'] = String(item.index);
    row.element.style.transform = `translateY(${item.start - this.#sheet.offsetTop}px)`;
    return row.element;
  }
}
