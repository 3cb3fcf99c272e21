import { Heights } from './heights.ts';
import { Rows } from './rows.ts';
import { selectedIds, selectedText } from './selection.ts';
import type { LogLine } from './shown-line.ts';
import type { ShownLines } from './shown-lines.ts';

/** So near to the end counts as the end: a wheel's last pixel, a zoomed page's half one. */
const END_PX = 24;
/** So much is drawn above and below the view: what a finger moves within a frame. */
const OVERSCAN_PX = 480;
export interface SurfaceEvents {
  /** A frame is about to be drawn. */
  draws?: () => void;
  /** It follows the end, or does not: told whenever that changes, and with each frame while it does not. */
  follow: (following: boolean) => void;
  /** A frame was drawn, with these lines. `above` and `below`: how much is left to scroll, in heights of the view. */
  drawn?: (shown: { lines: readonly LogLine[]; above: number; below: number }) => void;
}

/** What stands beside and within the lines, apart from their text. */
export interface Decor {
  marked: (line: LogLine) => boolean;
  margin: (line: LogLine) => string;
  /** The widest that `margin` gives, in characters. */
  marginWidth: number;
  /** Marks within the rows that were drawn what somebody looks for; null while nobody does. */
  paint: ((rows: readonly HTMLElement[]) => void) | null;
}

const PLAIN: Decor = { marked: () => false, margin: () => '', marginWidth: 0, paint: null };

/**
 * The lines that can be seen, drawn into a scrolling element. It follows the end only while the reader is there: a
 * wheel, a finger, a key or a selection that looks elsewhere stops it at once, and only going back to the end resumes it.
 * What is drawn and where the view stands are decided together, before the frame is painted.
 */
export class Surface {
  readonly #scroller: HTMLElement;
  readonly #sheet: HTMLElement;
  readonly #shownLines: ShownLines;
  readonly #events: SurfaceEvents;
  readonly #heights: Heights;
  readonly #rows: Rows;
  readonly #stop: (() => void)[] = [];
  #frame = 0;
  #following: boolean;
  #held = false;
  #lastTop = 0;
  /** The height of the view, as it was read last: before a drawing the browser would have to lay out the page to tell it. */
  #lastHeight: number;
  #decor = PLAIN;
  /** The line that is to be brought into view as soon as the view has a height. */
  #wanted: number | null = null;
  /** Where the view stands while it does not follow: a line, and how far below the line's top the view begins. */
  #anchor: { id: number; from: number; offset: number } | null = null;
  /** The reader has scrolled since the anchor was taken. */
  #moved = true;
  /** Lines were rearranged, and not drawn again yet: the browser may move the view meanwhile. */
  #rearranged = false;
  #removed = 0;
  /** How many lines there had been, ever, when the last were drawn. */
  #drawnEnd = 0;
  #sheetHeight = 0;
  #shown: readonly LogLine[] = [];

  /** @param following false: it begins where it is, and `show` finds the place. */
  constructor(scroller: HTMLElement, sheet: HTMLElement, shown: ShownLines, wrap: boolean, events: SurfaceEvents, following = true) {
    this.#scroller = scroller;
    this.#sheet = sheet;
    this.#shownLines = shown;
    this.#events = events;
    this.#following = following;
    this.#lastHeight = scroller.clientHeight;
    this.#heights = new Heights(sheet, wrap);
    this.#rows = new Rows(sheet);
    this.#removed = shown.removed;
    this.#listen();
    this.#watchSizes();
    this.changed();
  }

  get following(): boolean {
    return this.#following;
  }

  /** It shows the end whatever comes: it follows, and neither a finger nor a selection holds it. */
  get pinned(): boolean {
    return this.#following && !this.#held && selectedIds(this.#sheet).length === 0;
  }

  /** Does not follow any more. */
  stay(): void {
    this.#follow(false);
  }

  /** The buffer changed: draw it with the next frame. */
  changed(): void {
    if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#draw());
  }

  setWrap(wrap: boolean): void {
    this.rearrange(() => {
      this.#rows.clear();
      this.#heights.wrap = wrap;
    });
  }

  /** Changes which lines there are to be seen, or how: the reader's place stays. */
  rearrange(change: () => void): void {
    this.#takeAnchor();
    change();
    this.#rearranged = true;
    this.changed();
  }

  toEnd(): void {
    this.#wanted = null;
    this.#follow(true);
    this.changed();
  }

  /** Shows the line with this id in the middle: with the next frame, or when there is something to be seen at all. */
  show(id: number): void {
    this.#wanted = id;
    this.#follow(false);
    this.changed();
  }

  /** Changes what stands beside and within the lines. */
  decorate(decor: Partial<Decor>): void {
    const { marginWidth } = this.#decor;
    this.#decor = { ...this.#decor, ...decor };
    if (this.#decor.marginWidth !== marginWidth) {
      this.#takeAnchor();
      this.#scroller.style.setProperty('--margin', `${this.#decor.marginWidth}ch`);
      this.#heights.refresh(true);
    }
    this.changed();
  }

  close(): void {
    cancelAnimationFrame(this.#frame);
    for (const stop of this.#stop) stop();
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
      const text = selectedText(this.#sheet, this.#shownLines.lines);
      if (text === null) return;
      event.clipboardData?.setData('text/plain', text);
      event.preventDefault();
    };
    this.#scroller.addEventListener('copy', copy);
    this.#stop.push(() => this.#scroller.removeEventListener('copy', copy));
  }

  /** A view or a font of another size: drawn again in the same frame, before it is painted. */
  #watchSizes(): void {
    const sizes = new ResizeObserver(() => {
      this.#heights.refresh();
      const { clientHeight } = this.#scroller;
      if (clientHeight !== this.#lastHeight || Math.abs(this.#sheet.offsetHeight - this.#sheetHeight) > 1) this.#draw();
    });
    sizes.observe(this.#scroller);
    sizes.observe(this.#sheet);
    this.#stop.push(() => sizes.disconnect());
  }

  #scrolled(): void {
    const { scrollTop: top, clientHeight: height } = this.#scroller;
    // A banner came or went: the browser moved the view to fit, not the reader.
    if (height !== this.#lastHeight || this.#rearranged) {
      this.changed();
      return;
    }
    // Our own scrolling has already set #lastTop: its event moves nothing.
    if (top > this.#lastTop && this.#atEnd()) this.#follow(true);
    else if (top < this.#lastTop - 1) this.#follow(false);
    if (Math.abs(top - this.#lastTop) > 0.5) this.#moved = true;
    this.#lastTop = top;
    this.changed();
  }

  #atEnd(): boolean {
    return this.#scroller.scrollHeight - this.#scroller.scrollTop - this.#scroller.clientHeight < END_PX;
  }

  #follow(following: boolean): void {
    if (this.#following === following) return;
    this.#following = following;
    this.#moved = true;
    this.#events.follow(following);
  }

  /** Takes the reader's place from what the view shows, if the reader moved it. */
  #takeAnchor(): void {
    if (!this.#moved) return;
    this.#moved = false;
    const y = this.#scroller.scrollTop - this.#sheet.offsetTop;
    const { lines } = this.#shownLines;
    const edge = this.#scroller.getBoundingClientRect().top;
    const row = [...this.#sheet.children].find((each) => {
      const { top, bottom } = each.getBoundingClientRect();
      return top <= edge && bottom > edge;
    });
    if (row instanceof HTMLElement) {
      const id = Number(row.dataset['id']);
      const from = lines.find((line) => line.id === id)?.from ?? this.#anchor?.from ?? 0;
      this.#anchor = { id, from, offset: edge - row.getBoundingClientRect().top };
      return;
    }
    // Far from what is drawn: of lines that went since then, the height is not known any more.
    const gone = (this.#shownLines.removed - this.#removed) * this.#heights.line;
    const { index, offset } = this.#heights.at(lines, y - gone);
    const line = lines[index];
    this.#anchor = line === undefined ? null : { id: line.id, from: line.from, offset };
  }

  #draw(): void {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#events.draws?.();
    const { pinned } = this;
    const view = this.#lastHeight;
    const draw = (): void => (pinned ? this.#drawEnd() : this.#drawPlace());
    draw();
    this.#lastHeight = this.#scroller.clientHeight;
    if (this.#lastHeight !== view) draw();
    this.#removed = this.#shownLines.removed;
    this.#drawnEnd = this.#removed + this.#shownLines.lines.length;
    this.#rearranged = false;
    this.#lastTop = this.#scroller.scrollTop;
    this.#sheetHeight = this.#sheet.offsetHeight;
    this.#moved ||= pinned;
    this.#decor.paint?.(this.#rows.elements);
    this.#tell();
    if (!this.#following) this.#events.follow(false);
  }

  /** Draws the last lines, as many as fill the view, and shows their end. */
  #drawEnd(): void {
    const { lines } = this.#shownLines;
    const view = this.#lastHeight;
    // Above lines that are gone with the next frame nobody gets to see any.
    const rushing = (lines.length + this.#shownLines.removed - this.#drawnEnd) * this.#heights.line > view;
    const enough = rushing ? view : view + OVERSCAN_PX;
    let first = lines.length;
    for (let filled = 0; ; ) {
      for (; first > 0 && filled < enough; first -= 1) filled += this.#heightAt(first - 1);
      filled = this.#drawLines(first, lines.length, lines.length);
      if (first === 0 || filled >= view) break;
    }
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    if (rushing) this.changed();
  }

  /** Draws what stands at the reader's place, which stays where it is though lines come, go and grow above it. */
  #drawPlace(): void {
    const { lines } = this.#shownLines;
    const view = this.#lastHeight;
    if (this.#wanted !== null && view > 0) {
      const from = lines.find((line) => line.id === this.#wanted)?.from ?? 0;
      this.#anchor = { id: this.#wanted, from, offset: (this.#heights.line - view) / 2 };
      this.#wanted = null;
      this.#moved = false;
    }
    this.#takeAnchor();
    const anchor = this.#anchor ?? { id: lines[0]?.id ?? 0, from: 0, offset: 0 };
    const found = lines.findIndex((line) => line.id === anchor.id);
    // A line that is not there any more, or is not shown: the place where it stood.
    const index = Math.max(0, found === -1 ? lines.findLastIndex((line) => line.from <= anchor.from) : found);
    const offset = found === -1 ? 0 : anchor.offset;
    let first = index;
    // A negative offset is how far below the view's top the line stands.
    for (let above = -offset; first > 0 && above > -OVERSCAN_PX; first -= 1) above -= this.#heightAt(first - 1);
    let end = index;
    for (let filled = -offset; ; ) {
      for (; end < lines.length && filled < view + OVERSCAN_PX; end += 1) filled += this.#heightAt(end);
      this.#drawLines(first, end, index);
      filled = this.#heights.sum(lines, index, end) - offset;
      if (end === lines.length || filled >= view) break;
    }
    const top = this.#sheet.offsetTop + this.#heights.sum(lines, 0, index) + offset;
    if (Math.abs(top - this.#scroller.scrollTop) > 0.5 && !(top < 0 && this.#scroller.scrollTop === 0)) this.#scroller.scrollTop = top;
    // Above the first line, and where the view ends before the wished place, the browser has the last word.
    if (Math.abs(top - this.#scroller.scrollTop) > 1) this.#moved = true;
  }

  #tell(): void {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller;
    if (this.#events.drawn === undefined || clientHeight === 0) return;
    const below = (scrollHeight - scrollTop - clientHeight) / clientHeight;
    this.#events.drawn({ lines: this.#shown, above: scrollTop / clientHeight, below });
  }

  #heightAt(index: number): number {
    const line = this.#shownLines.lines[index];
    return line === undefined ? 0 : this.#heights.of(line);
  }

  /**
   * Draws the lines from `first` to before `end`, and the ends of a selection: were they removed, it would be, too.
   * @param focus the line from which on colours are drawn first. @returns the lines' height.
   */
  #drawLines(first: number, end: number, focus: number): number {
    const { lines } = this.#shownLines;
    const apart = new Map<number, number>();
    const before: LogLine[] = [];
    const after: LogLine[] = [];
    const selected = selectedIds(this.#sheet);
    for (const id of selected) {
      const index = lines.findIndex((line) => line.id === id);
      const line = lines[index];
      if (line === undefined || (index >= first && index < end) || apart.has(id)) continue;
      apart.set(id, this.#heights.sum(lines, 0, index));
      (index < first ? before : after).push(line);
    }
    const drawn = lines.slice(first, end);
    this.#shown = drawn;
    this.#rows.draw([...inOrder(before, lines), ...drawn, ...inOrder(after, lines)], {
      apart,
      marked: this.#decor.marked,
      margin: this.#decor.margin,
      fold: (line) => this.#shownLines.foldOf(line),
      focus: before.length + focus - first,
      held: selected,
      rushing: this.#following && this.#shownLines.removed + (first + end) / 2 >= this.#drawnEnd,
    });
    if (this.#rows.unfinished) this.changed();
    this.#sheet.style.minWidth = this.#heights.wrap ? '' : `calc(${this.#rows.longest + this.#decor.marginWidth}ch + 3rem)`;
    this.#sheet.style.paddingTop = `${this.#heights.sum(lines, 0, first)}px`;
    this.#sheet.style.paddingBottom = `${this.#heights.sum(lines, end, lines.length)}px`;
    // Read at the end: what is written after it would have the page laid out again.
    if (this.#heights.wrap) {
      for (const line of drawn) {
        const height = this.#rows.elementOf(line)?.getBoundingClientRect().height;
        if (height !== undefined && height > 0) this.#heights.measured(line, height);
      }
    }
    return this.#heights.sum(lines, first, end);
  }
}

function inOrder(some: readonly LogLine[], lines: readonly LogLine[]): LogLine[] {
  return [...some].sort((a, b) => lines.indexOf(a) - lines.indexOf(b));
}
