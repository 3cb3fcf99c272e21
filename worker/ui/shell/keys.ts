import { keysHelp, palette } from './open-sheets.ts';

/** `/` goes to the page's filter, `?` shows the keys, never while somebody types; Ctrl K opens the palette. @returns stop. */
export function listenForKeys(): () => void {
  function onKey(event: KeyboardEvent): void {
    const target = event.target;
    if (event.key === 'k' && (event.ctrlKey || event.metaKey) && document.querySelector('dialog[open]') === null) {
      palette.value = true;
      event.preventDefault();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]') !== null) return;
    if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) return;
    if (event.key === '?') {
      keysHelp.value = true;
      event.preventDefault();
    } else if (event.key === '/') {
      const filter = document.querySelector<HTMLElement>('[data-filter]');
      filter?.focus();
      if (filter !== null) event.preventDefault();
    }
  }
  addEventListener('keydown', onKey);
  return () => removeEventListener('keydown', onKey);
}
