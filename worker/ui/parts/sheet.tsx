import { X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';
import { t } from '../translate.ts';
import { leaveUnsaved, useUnsaved } from '../unsaved.ts';
import { Button } from './button.tsx';
import './sheet.css';

/**
 * A modal dialog: from the bottom on a phone, in the middle elsewhere. Mount it to open it. Esc, the cross and a press
 * outside call `onClose`; focus returns to where it was (shell/focus-keeper.ts). With something `unsaved` in it, they ask first.
 */
export function Sheet(props: { title: string; onClose: () => void; wide?: boolean; unsaved?: boolean; children: ComponentChildren }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const unsaved = props.unsaved === true;
  useUnsaved(unsaved);
  const close = (): void => leaveUnsaved(unsaved, props.onClose);
  useLayoutEffect(() => {
    const element = dialog.current;
    element?.showModal();
    // To the first field, or to the button that acts; where there is no keyboard, fields wait to be touched.
    const fields = matchMedia('(pointer: fine)').matches ? 'input:not(.hush), select, textarea, ' : '';
    // A long form begins at its top.
    element?.querySelector<HTMLElement>(`${fields}button[type='submit']`)?.focus({ preventScroll: true });
    return () => element?.close();
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the click is on the backdrop; Esc is its keyboard way.
    <dialog
      ref={dialog}
      class={`sheet${props.wide === true ? ' sheet-wide' : ''}`}
      aria-labelledby={title}
      onCancel={(event) => {
        event.preventDefault();
        close();
      }}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="sheet-body">
        <header class="sheet-head">
          <h2 id={title} tabIndex={-1}>
            <span dir="auto">{props.title}</span>
          </h2>
          <Button kind="ghost" aria-label={t('Close')} icon={<X size={20} />} onClick={close} />
        </header>
        {props.children}
      </div>
    </dialog>
  );
}

/** The row of buttons at a sheet's end: the one that acts comes last. */
export function SheetButtons(props: { children: ComponentChildren }) {
  return <footer class="sheet-buttons">{props.children}</footer>;
}
