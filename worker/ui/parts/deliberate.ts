import { useLayoutEffect, useRef } from 'preact/hooks';
import { getOrInsert } from '../../../shared/get-or-insert.ts';
import { isNear, KeyTrail, PointerTrail, SETTLE_MS, type Spot, Standing } from './trails.ts';

/**
 * Controls that start or stop something are pressed on purpose, or not at all. One guard for all of them, before any
 * handler: it swallows the click
 *
 *  - that follows another one on the same control, or at the same place, within SETTLE_MS (a double click is one press, and
 *    does not press what came in place of the first one's target);
 *  - on a control that came under the resting pointer, or under the keyboard's focus, less than SETTLE_MS ago: it appeared,
 *    does something else now, was disabled, or was moved there by what appeared above it;
 *  - that a held key repeats.
 *
 * Typing between two presses makes the second one new.
 *
 * A control takes part by `acts` (Button), or `useActs`.
 */

const pointer = new PointerTrail();
const keys = new KeyTrail();
const standings = new WeakMap<Element, Standing>();
/** The last click anywhere, swallowed or not. */
let last: { target: EventTarget | null; at: number; spot: Spot | null } | null = null;

/** The control under the mouse. */
let over: Element | null = null;

/** When the focus came to where it is. */
let focusedAt = 0;

// Times are those at which a person did it: a page that was busy hears of two clicks at once.
function noteSpot({ clientX: x, clientY: y, timeStamp }: PointerEvent): void {
  pointer.note({ x, y }, timeStamp);
}
for (const type of ['pointermove', 'pointerdown', 'pointerup'] as const) {
  addEventListener(type, noteSpot, { capture: true, passive: true });
}
// A control that comes under a mouse which did not move: what was above it grew, or went.
addEventListener(
  'pointerover',
  (event) => {
    const control = controlAt(event.target);
    const came = control !== over && event.pointerType === 'mouse' && pointer.restsAt({ x: event.clientX, y: event.clientY });
    over = control;
    if (came && control !== null) standings.get(control)?.moved(performance.now());
    noteSpot(event);
  },
  { capture: true, passive: true },
);
addEventListener('keydown', (event) => keys.down(event, event.timeStamp), { capture: true, passive: true });
addEventListener('input', (event) => keys.typed(event.timeStamp), { capture: true, passive: true });
addEventListener(
  'focusin',
  () => {
    focusedAt = performance.now();
  },
  { capture: true, passive: true },
);

addEventListener(
  'click',
  (event) => {
    const now = event.timeStamp;
    const control = controlAt(event.target);
    const spot = event.detail === 0 ? null : { x: event.clientX, y: event.clientY };
    const before = last;
    last = { target: control ?? event.target, at: now, spot };
    if (control === null || isDeliberate(control, spot, before, now)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  },
  { capture: true },
);

function isDeliberate(control: Element, spot: Spot | null, before: typeof last, now: number): boolean {
  const soon = before !== null && now - before.at < SETTLE_MS && !keys.typedSince(before.at);
  if (soon && (before.target === control || (before.spot !== null && spot !== null && isNear(before.spot, spot)))) return false;
  const since = standings.get(control)?.since ?? Number.NEGATIVE_INFINITY;
  const settled = now - since >= SETTLE_MS || keys.typedSince(since);
  if (spot !== null) return settled || !pointer.restedIn(control.getBoundingClientRect(), since);
  // A click without a pointer and without a key comes from assistive technology, or from a script.
  if (!keys.pressed(now)) return true;
  const cameUnderFocus = !settled && (soon || focusedAt <= since);
  return !cameUnderFocus && !keys.repeats(now);
}

/** The guarded element at an event: a control that acts, or the ground behind a sheet, a press on which closes it. */
function controlAt(target: EventTarget | null): Element | null {
  if (!(target instanceof Element)) return null;
  return target instanceof HTMLDialogElement ? target : target.closest('[data-acts]');
}

/**
 * Guards a control. Its element needs `data-acts` too.
 * @param acts what a press on it does, in a word: another one has to settle again. Undefined: nothing that is guarded.
 * @returns a ref for its element.
 */
export function useActs<T extends HTMLElement>(acts: string | undefined, enabled: boolean) {
  const ref = useRef<T>(null);
  useLayoutEffect(() => {
    const element = ref.current;
    if (element === null || acts === undefined) return undefined;
    const now = performance.now();
    const standing = getOrInsert(standings, element, () => new Standing());
    standing.becomes(enabled ? acts : null, now);
    return enabled ? settle(element, standing.since + SETTLE_MS - now) : undefined;
  }, [acts, enabled]);
  return ref;
}

/** A control that came under the pointer says that it can't be pressed yet. @returns stop. */
function settle(element: Element, wait: number): (() => void) | undefined {
  if (wait <= 0 || !pointer.isIn(() => element.getBoundingClientRect())) return undefined;
  const done = (): void => {
    clearTimeout(timer);
    // One that waits for what it began says so itself.
    if (element.getAttribute('aria-busy') !== 'true') element.removeAttribute('aria-disabled');
    element.removeEventListener('pointerleave', done);
  };
  const timer = setTimeout(done, wait);
  element.setAttribute('aria-disabled', 'true');
  element.addEventListener('pointerleave', done);
  return done;
}
