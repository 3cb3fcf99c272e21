import { useSignal } from '@preact/signals';
import { ArrowRight, X } from 'lucide-preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { t } from '../translate.ts';

/** Asks for a line's number, and goes there. */
export function GoToLine(props: { onGo: (line: number) => void; onClose: () => void }) {
  const text = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  return (
    <form
      class="log-find"
      onSubmit={(event) => {
        event.preventDefault();
        const line = Number.parseInt(text.value.replace(/\D/g, ''), 10);
        if (line > 0) props.onGo(line);
        else field.current?.focus();
      }}
    >
      <input
        ref={field}
        class="input"
        inputMode="numeric"
        aria-label={t('Number of the line')}
        placeholder={t('Line')}
        autocomplete="off"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          event.preventDefault();
          props.onClose();
        }}
      />
      <Button kind="ghost" small type="submit" aria-label={t('Go')} icon={<ArrowRight size={18} />} />
      <Button kind="ghost" small aria-label={t('Close')} icon={<X size={18} />} onClick={props.onClose} />
    </form>
  );
}
