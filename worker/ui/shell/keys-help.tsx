import { signal } from '@preact/signals';
import { setTo } from '../parts/bound.ts';
import { Sheet } from '../parts/sheet.tsx';
import { msg, t } from '../translate.ts';
import './keys-help.css';

const open = signal(false);
/** The palette is open. */
export const palette = signal(false);

const KEYS: readonly [keys: string[], what: string][] = [
  [['Ctrl', 'K'], msg('Go to an action, a page or a run')],
  [['/'], msg('Filter what is listed')],
  [['←', '↑', '↓', '→'], msg('Move between tiles and lines')],
  [['Enter'], msg('Press, or open')],
  [['Esc'], msg('Close, or clear the filter')],
  [['End'], msg('In output: to the end, and follow it')],
  [['Ctrl', 'F'], msg('In output: find')],
  [['?'], msg('This list')],
];

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

export function KeysHelp() {
  if (!open.value) return null;
  return (
    <Sheet title={t('Keys')} onClose={setTo(open, false)}>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(what)}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
