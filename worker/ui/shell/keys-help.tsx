import { signal } from '@preact/signals';
import { setTo } from '../parts/bound.ts';
import { late } from '../parts/late.tsx';

const open = signal(false);
/** The palette is open. */
export const palette = signal(false);

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
      open.value = true;
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

const KeysSheet = late(() => import('./keys-sheet.tsx').then((part) => part.KeysSheet));

export function KeysHelp() {
  return open.value ? <KeysSheet onClose={setTo(open, false)} /> : null;
}
