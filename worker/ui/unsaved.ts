import { useLayoutEffect } from 'preact/hooks';
import { leaving, moveGuard } from './leaving.ts';
import { navigate } from './navigation.ts';

/**
 * Work that is not saved is not lost without a question: whichever way somebody leaves a form (a link, the browser's back
 * button, a reload, Esc or a press beside a sheet), they are asked first. What a form does itself after it was saved, or
 * at a button that says so, needs no question.
 */

const unsaved = new Set<object>();
/** The place of the forms that are not saved. */
let place = '';

/** While `isUnsaved`, whoever goes away from here is asked. */
export function useUnsaved(isUnsaved: boolean): void {
  useLayoutEffect(() => {
    if (!isUnsaved) return undefined;
    const form = {};
    unsaved.add(form);
    place = here();
    return () => unsaved.delete(form);
  }, [isUnsaved]);
}

/** Asks before `leave`, which closes what is not saved, if it is not. */
export function leaveUnsaved(isUnsaved: boolean, leave: () => void): void {
  if (isUnsaved) leaving.value = leave;
  else leave();
}

function here(): string {
  return location.pathname + location.search;
}

/** Asks before the whole page moves on. */
function askToMove(move: () => void): void {
  leaving.value = () => {
    unsaved.clear();
    move();
  };
}

addEventListener('beforeunload', (event) => {
  if (unsaved.size > 0) event.preventDefault();
});

// Before the router, which listens later and further out.
addEventListener(
  'click',
  (event) => {
    if (unsaved.size === 0 || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (link === null || link.origin !== location.origin || link.target !== '' || link.download !== '') return;
    const to = link.pathname + link.search;
    if (to === here()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    askToMove(() => navigate(to + link.hash));
  },
  { capture: true },
);

// The browser has moved already: back to the form, with the place that was wanted behind it.
moveGuard.current = (event) => {
  // Our own moves (navigate) are meant.
  if (!event.isTrusted || unsaved.size === 0 || here() === place) return;
  event.stopImmediatePropagation();
  history.pushState(null, '', place);
  askToMove(() => history.back());
};
