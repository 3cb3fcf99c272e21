import { type ReadonlySignal, signal } from '@preact/signals';
import type { IMarker } from '@xterm/xterm';
import type { Emulator } from './emulator.ts';
import { chooseFontSize, fontSize, SMALLEST_FONT, within } from './preferences.ts';
import type { Size } from './screen-source.ts';

/** Beside the characters, for the bar that scrolls. */
const SCROLLBAR = matchMedia('(pointer: fine)').matches ? 14 : 0;
/** Frames within which the emulator's parts agree on a new size. */
const SETTLES = 8;
const LEAST = { cols: 2, rows: 1 };

/**
 * A terminal has one size: of who typed or resized last. Here it is drawn so: with the letters that were chosen where the size is ours,
 * else smaller where it would not fit, and scrolled where that would be too small to read.
 */
export class SharedSize {
  readonly #emulator: Emulator;
  readonly #box: HTMLElement;
  readonly #host: HTMLElement;
  readonly #ask: (size: Size) => void;
  readonly #mine = signal(false);
  /** What was asked for, and is not answered yet. */
  #asked: Size | null = null;
  /** The line that was on top before a change of size. */
  #place: IMarker | null = null;
  /** Chosen by hand for a size that is not ours. */
  #looked: number | null = null;

  /** @param box what shows it, and scrolls. @param host what the emulator draws in, inside the box. @param ask the terminal is to take a size. */
  constructor(emulator: Emulator, box: HTMLElement, host: HTMLElement, ask: (size: Size) => void) {
    this.#emulator = emulator;
    this.#box = box;
    this.#host = host;
    this.#ask = ask;
  }

  get mine(): ReadonlySignal<boolean> {
    return this.#mine;
  }

  /** The terminal takes the size of this window. */
  take(): void {
    const was = this.#mine.peek();
    this.#mine.value = true;
    this.#looked = null;
    this.#draw(fontSize.peek());
    const size = this.#room(fontSize.peek());
    const { term } = this.#emulator;
    if (size === null) return;
    const same = size.cols === term.cols && size.rows === term.rows;
    // Also where it has that size already, who takes it is the one that has it now.
    if (same && was) return;
    if (!same) this.#asked = size;
    this.#ask(size);
  }

  /** The terminal has this size now. */
  told(size: Size): void {
    const { term } = this.#emulator;
    const changed = size.cols !== term.cols || size.rows !== term.rows;
    if (this.#asked !== null && size.cols === this.#asked.cols && size.rows === this.#asked.rows) this.#asked = null;
    // While an answer to us is on its way, another size is an older one.
    else if (changed && this.#asked === null) this.#mine.value = false;
    if (changed) this.#resize(size);
    this.fit();
  }

  /** Has the terminal the size of this window anyway? */
  fits(): boolean {
    const size = this.#room(fontSize.peek());
    const { cols, rows } = this.#emulator.term;
    return size !== null && size.cols === cols && size.rows === rows;
  }

  /** Nothing that was asked for is answered any more. */
  lost(): void {
    this.#asked = null;
  }

  /** Draws it in the room that there is now. */
  fit(): void {
    if (this.#mine.peek()) return this.#draw(fontSize.peek());
    this.#draw(this.#looked ?? this.#fitting());
  }

  /** Larger or smaller letters: of a size that is ours the terminal follows, another one is looked at so. */
  zoom(font: number): void {
    if (this.#mine.peek()) {
      chooseFontSize(font);
      this.take();
    } else {
      this.#looked = within(font);
      this.fit();
    }
  }

  get font(): number {
    return this.#emulator.term.options.fontSize ?? fontSize.peek();
  }

  #fitting(): number {
    const font = fontSize.peek();
    const room = this.#room(font);
    const { term } = this.#emulator;
    if (room === null) return font;
    return Math.max(SMALLEST_FONT, Math.floor(font * Math.min(1, room.cols / term.cols, room.rows / term.rows)));
  }

  #draw(font: number): void {
    const { term } = this.#emulator;
    if (term.options.fontSize !== font) term.options.fontSize = font;
    const { width, height } = this.#emulator.area();
    const beyond = (length: number, room: number): string => (length > room + 1 ? `${Math.ceil(length)}px` : '100%');
    this.#host.style.width = beyond(width, this.#inner().width);
    this.#host.style.height = beyond(height, this.#inner().height);
  }

  /** How many columns and rows there is room for with letters of this size; null while nothing is shown. */
  #room(font: number): Size | null {
    const cell = this.#emulator.cell();
    const { width, height } = this.#inner();
    if (cell === null || width <= 0 || height <= 0) return null;
    const scale = font / this.font;
    return {
      cols: Math.max(LEAST.cols, Math.floor((width - SCROLLBAR) / (cell.width * scale))),
      rows: Math.max(LEAST.rows, Math.floor(height / (cell.height * scale))),
    };
  }

  #inner(): { width: number; height: number } {
    const style = getComputedStyle(this.#box);
    const of = (...sides: string[]): number => sides.reduce((sum, side) => sum + Number.parseFloat(side), 0);
    return {
      width: this.#box.clientWidth - of(style.paddingLeft, style.paddingRight),
      height: this.#box.clientHeight - of(style.paddingTop, style.paddingBottom),
    };
  }

  /** Another place is looked at on purpose: the one before a change of size is not gone back to. */
  leavePlace(): void {
    this.#place?.dispose();
    this.#place = null;
  }

  /** Whoever has scrolled up sees the same lines afterwards. */
  #resize({ cols, rows }: Size): void {
    const { term } = this.#emulator;
    const { viewportY, baseY, cursorY } = term.buffer.active;
    if (viewportY !== baseY) this.#place ??= term.registerMarker(viewportY - baseY - cursorY);
    term.resize(cols, rows);
    if (this.#place === null) return term.scrollToBottom();
    this.#backToPlace(this.#place, SETTLES);
  }

  /** The emulator takes its scroll bar along in a later frame, and counts from where it was until then. */
  #backToPlace(place: IMarker, frames: number): void {
    requestAnimationFrame(() => {
      if (place !== this.#place || place.isDisposed) return;
      const { term } = this.#emulator;
      if (term.buffer.active.viewportY !== place.line) term.scrollToLine(place.line);
      if (frames > 0) return this.#backToPlace(place, frames - 1);
      this.#place = null;
      place.dispose();
    });
  }
}
