import { useSignal } from '@preact/signals';
import { CornerDownLeft, X } from 'lucide-preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../../parts/button.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { t } from '../../translate.ts';

/** A text that is written here first, with all that a phone's keyboard does to it, and goes to the program as one paste. */
export function ComposeLine(props: { hint: string; onSend: (text: string, enter: boolean) => boolean; onClose: () => void }) {
  const text = useSignal('');
  const field = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => field.current?.focus(), []);
  const send = (enter: boolean): void => {
    if (props.onSend(text.peek(), enter)) text.value = '';
    field.current?.focus();
  };
  return (
    <form
      class="compose"
      onSubmit={(event) => {
        event.preventDefault();
        send(true);
      }}
    >
      <textarea
        ref={field}
        class="textarea"
        rows={Math.min(4, text.value.split('\n').length)}
        aria-label={t('Text for the terminal')}
        placeholder={props.hint}
        enterkeyhint="send"
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
            event.preventDefault();
            send(true);
          } else if (event.key === 'Escape') props.onClose();
        }}
      />
      <div class="compose-acts">
        <IconButton label={t('Close')} icon={<X size={18} aria-hidden="true" />} onClick={props.onClose} />
        <Button small disabled={text.value === ''} onClick={() => send(false)}>
          {t('Insert')}
        </Button>
        <Button small kind="primary" type="submit" icon={<CornerDownLeft size={18} aria-hidden="true" />}>
          {t('Send')}
        </Button>
      </div>
    </form>
  );
}
