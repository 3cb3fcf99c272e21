import type { Emulator } from './emulator.ts';
import { type Ends, endsOf, type Place, placeAt, select, selected, wordAt } from './selection.ts';

/** A finger that rests so long selects. */
const LONG_MS = 450;
/** A finger that moved less has not moved. */
const STILL_PX = 10;
/** So near to an end of the selection, the finger takes it. */
const NEAR_PX = 28;

export interface TouchActs {
  zoom(font: number): void;
  font(): number;
  /** A finger selected something: the emulator says nothing of what was selected before, too. */
  selected(): void;
  /** The box that scrolls sideways where the terminal is wider than it. */
  box: HTMLElement;
}

interface Point {
  x: number;
  y: number;
}

/** What the finger does: not known yet, scrolls, selects from a place that stays, or two pinch. */
type Gesture =
  | { kind: 'new'; at: Point; timer: ReturnType<typeof setTimeout> }
  | { kind: 'scroll'; at: Point; rest: number }
  | { kind: 'select'; anchor: Ends }
  | { kind: 'pinch'; apart: number; font: number }
  | { kind: 'none' };

/** Scrolls, selects and zooms by touch, which the emulator knows nothing of; a tap is left to it. @returns stop. */
export function takeTouch(host: HTMLElement, emulator: Emulator, acts: TouchActs): () => void {
  const { term } = emulator;
  let gesture: Gesture = { kind: 'none' };
  const pointOf = (touch: Touch): Point => ({ x: touch.clientX, y: touch.clientY });
  const placeOf = (point: Point): Place => placeAt(term, emulator.area(), point);

  function rest(): void {
    if (gesture.kind === 'new') clearTimeout(gesture.timer);
    gesture = { kind: 'none' };
  }

  function began(event: TouchEvent): void {
    const [one, two] = event.touches;
    rest();
    if (one === undefined) return;
    if (two !== undefined) {
      event.preventDefault();
      gesture = { kind: 'pinch', apart: apartOf(one, two), font: acts.font() };
      return;
    }
    const at = pointOf(one);
    const taken = endNear(at);
    if (taken !== null) {
      event.preventDefault();
      gesture = { kind: 'select', anchor: { start: taken, end: taken } };
      return;
    }
    const timer = setTimeout(() => {
      const anchor = wordAt(term, placeOf(at));
      select(term, anchor);
      acts.selected();
      navigator.vibrate?.(10);
      gesture = { kind: 'select', anchor };
    }, LONG_MS);
    gesture = { kind: 'new', at, timer };
  }

  /** Of a selection whose end is under the finger, the other end: it stays. */
  function endNear(at: Point): Place | null {
    const now = selected(term);
    if (now === null) return null;
    const { left, top, width, height } = emulator.area();
    const [cellWidth, cellHeight] = [width / term.cols, height / term.rows];
    const far = ({ col, line }: Place, side: number): number =>
      Math.hypot(left + (col + side) * cellWidth - at.x, top + (line - term.buffer.active.viewportY + 1) * cellHeight - at.y);
    const [toStart, toEnd] = [far(now.start, 0), far(now.end, 1)];
    if (Math.min(toStart, toEnd) > NEAR_PX) return null;
    return toStart < toEnd ? now.end : now.start;
  }

  function moved(event: TouchEvent): void {
    const [one, two] = event.touches;
    if (one === undefined) return;
    const at = pointOf(one);
    if (gesture.kind !== 'none') event.preventDefault();
    if (gesture.kind === 'pinch' && two !== undefined) {
      const font = Math.round(gesture.font * (apartOf(one, two) / gesture.apart));
      if (font !== acts.font()) acts.zoom(font);
    }
    if (gesture.kind === 'new' && Math.hypot(at.x - gesture.at.x, at.y - gesture.at.y) > STILL_PX) {
      clearTimeout(gesture.timer);
      gesture = { kind: 'scroll', at: gesture.at, rest: 0 };
    }
    if (gesture.kind === 'scroll') {
      acts.box.scrollLeft -= at.x - gesture.at.x;
      const beyond = acts.box.scrollTop;
      acts.box.scrollTop -= at.y - gesture.at.y;
      // What the box could not move by, the lines do.
      const left = gesture.rest - (at.y - gesture.at.y) - (acts.box.scrollTop - beyond);
      const height = emulator.cell()?.height ?? 16;
      const lines = Math.trunc(left / height);
      if (lines !== 0) scroll(lines, at);
      gesture = { kind: 'scroll', at, rest: left - lines * height };
    }
    if (gesture.kind === 'select') {
      const to = placeOf(at);
      const { start, end } = gesture.anchor;
      select(term, endsOf(to.line < start.line || (to.line === start.line && to.col < start.col) ? end : start, to));
    }
  }

  /** A program that draws its own screen scrolls itself: as for a mouse's wheel. */
  function scroll(lines: number, { x, y }: Point): void {
    const { buffer, modes } = term;
    if (buffer.active.type === 'normal' && modes.mouseTrackingMode === 'none') return term.scrollLines(lines);
    for (let n = Math.abs(lines); n > 0; n -= 1) {
      const how = {
        deltaY: Math.sign(lines),
        deltaMode: WheelEvent.DOM_DELTA_LINE,
        clientX: x,
        clientY: y,
        bubbles: true,
        cancelable: true,
      };
      (host.querySelector('.xterm-screen') ?? host).dispatchEvent(new WheelEvent('wheel', how));
    }
  }

  function ended(event: TouchEvent): void {
    const { kind } = gesture;
    // A tap goes on to the emulator, which takes the focus; with something selected it only ends that.
    if (kind === 'new' && term.hasSelection()) term.clearSelection();
    else if (kind === 'new' || kind === 'none') return rest();
    if (event.cancelable) event.preventDefault();
    if (event.touches.length === 0) rest();
  }

  const menu = (event: Event): void => {
    if (gesture.kind === 'none') return;
    event.preventDefault();
    event.stopPropagation();
  };
  const active = { passive: false } as const;
  host.addEventListener('touchstart', began, active);
  host.addEventListener('touchmove', moved, active);
  host.addEventListener('touchend', ended, active);
  host.addEventListener('touchcancel', rest);
  host.addEventListener('contextmenu', menu, true);
  return () => {
    rest();
    host.removeEventListener('touchstart', began);
    host.removeEventListener('touchmove', moved);
    host.removeEventListener('touchend', ended);
    host.removeEventListener('touchcancel', rest);
    host.removeEventListener('contextmenu', menu, true);
  };
}

function apartOf(one: Touch, two: Touch): number {
  return Math.max(1, Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY));
}
