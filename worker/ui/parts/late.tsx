import { signal } from '@preact/signals';
import type { ComponentType } from 'preact';
import { useEffect, useLayoutEffect } from 'preact/hooks';
import { sentence } from '../api.ts';
import { toast } from '../toasts.ts';

/**
 * A part of a page that few readers need: its code comes when it is first shown, and nothing stands in its place until then.
 * @param into `field`: it begins with a field, which gets what is typed meanwhile.
 */
export function late<Props extends object>(load: () => Promise<ComponentType<Props>>, into?: 'field'): ComponentType<Props> {
  const loaded = signal<ComponentType<Props> | null>(null);
  return function Late(props: Props) {
    useEffect(() => {
      if (loaded.peek() !== null) return;
      load()
        .then((part) => {
          loaded.value = part;
        })
        // The next time that it is wanted, it is tried again.
        .catch((error: unknown) => toast(sentence(error), 'bad'));
    }, []);
    const Part = loaded.value;
    // The field has the focus by then: effects of what is inside come first.
    useLayoutEffect(() => (into === undefined || Part !== null ? undefined : keepTyped()), [Part]);
    return Part === null ? null : <Part {...props} />;
  };
}

/** @returns ends it, and puts the letters that were typed into the field that has the focus. */
function keepTyped(): () => void {
  let typed = '';
  const keep = (event: KeyboardEvent): void => {
    if (event.key.length > 1 || event.ctrlKey || event.metaKey || event.altKey) return;
    typed += event.key;
    event.preventDefault();
  };
  addEventListener('keydown', keep, true);
  return () => {
    removeEventListener('keydown', keep, true);
    const field = document.activeElement;
    if (typed === '' || !(field instanceof HTMLInputElement)) return;
    field.setRangeText(typed, field.selectionStart ?? 0, field.selectionEnd ?? 0, 'end');
    field.dispatchEvent(new InputEvent('input', { bubbles: true }));
  };
}
