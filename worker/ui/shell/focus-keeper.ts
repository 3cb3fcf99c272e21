import { effect, type ReadonlySignal } from '@preact/signals';

/**
 * Keeps the place of who goes by keyboard, or listens. A new page: the focus goes to its heading as soon as that is there. What had the
 * focus went, with a dialog or by itself: the focus goes to what opened the dialog; where that is gone too, to the heading of the page,
 * or of the dialog that is left. The browser gives a dialog's opener the focus by itself, if the opener is still there.
 */

/** What had the focus last, and the same outside of every dialog: from there a dialog was opened. */
let last: Element | null = null;
let outside: Element | null = null;
/** A page was opened, and nobody has been led into it yet. */
let opened = false;
let frame = 0;

/** Watches until the tab closes. @param pages how many were opened after the first one. @param first what had the focus before this code came. */
export function watchFocus(pages: ReadonlySignal<number>, first: EventTarget | null): void {
  note(first);
  note(document.activeElement);
  effect(() => {
    opened = pages.value > 0;
    lookSoon();
  });
  addEventListener('focusin', ({ target }) => note(target));
  addEventListener('focusout', lookSoon);
  // Whoever goes on by themselves needs no lead.
  for (const type of ['pointerdown', 'keydown']) addEventListener(type, goesOn, { capture: true, passive: true });
  new MutationObserver(lookSoon).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ['disabled', 'hidden', 'inert', 'open'],
  });
}

function goesOn(event: Event): void {
  if (!(event instanceof KeyboardEvent) || event.key === 'Tab') opened = false;
}

function note(target: EventTarget | null): void {
  if (!(target instanceof Element) || target === document.body) return;
  last = target;
  if (target.closest('dialog') === null) outside = target;
}

/** A page that gives the focus itself does so right after its first frame: this look comes behind that. */
function lookSoon(): void {
  if (frame !== 0 || (!opened && document.activeElement !== document.body)) return;
  frame = requestAnimationFrame(() => setTimeout(look));
}

function look(): void {
  frame = 0;
  const active = document.activeElement;
  const isLost = active === null || active === document.body;
  const main = document.querySelector('main');
  if (opened && !isLost && main?.contains(active) === true) opened = false;
  if (!opened && (!isLost || last === null)) return;
  const fromDialog = last?.closest('dialog') != null;
  if (!opened && last !== null && isUsable(last)) {
    // Somebody pressed where nothing takes the focus; or went from a dialog, which stays open, to the browser's own controls.
    if (!fromDialog) last = null;
    return;
  }
  const dialog = [...document.querySelectorAll('dialog:modal')].at(-1);
  // Somebody types in the dialog already: behind it the page waits with its heading.
  if (opened && dialog?.contains(active) === true) return;
  const heading = (dialog ?? main)?.querySelector('h1, h2') ?? null;
  const target = !opened && dialog === undefined && fromDialog && outside !== null && isUsable(outside) ? outside : heading;
  if (!(target instanceof HTMLElement)) return;
  target.focus({ preventScroll: target === heading });
  if (dialog === undefined) opened = false;
}

function isUsable(element: Element): boolean {
  return element.isConnected && !element.matches(':disabled') && element.closest('[inert]') === null && element.checkVisibility();
}
