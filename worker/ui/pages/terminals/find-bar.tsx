import { useSignal } from '@preact/signals';
import { ArrowDown, ArrowUp, Search, X } from 'lucide-preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../../parts/button.tsx';
import { IconButton } from '../../parts/icon-button.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { t } from '../../translate.ts';
import type { Find } from './find.ts';

/** Looks for a text in what is shown and above it; further back, in the log. */
export function FindBar(props: { find: Find; onLog?: (text: string) => void; onClose: () => void }) {
  const { find } = props;
  const text = useSignal('');
  const field = useRef<HTMLInputElement>(null);
  useLayoutEffect(() => {
    field.current?.focus();
    return () => find.end();
  }, []);
  const found = find.found.value;
  const none = found !== null && found.count === 0;
  const count =
    found === null
      ? ''
      : none
        ? t('Not found here')
        : found.at < 0
          ? t('{count} places', { count: found.count })
          : t('{at} of {count}', { at: found.at + 1, count: found.count });
  return (
    <form
      class="find-bar"
      aria-label={t('Find in the terminal')}
      onSubmit={(event) => {
        event.preventDefault();
        find.previous(text.peek());
      }}
      onKeyDown={(event) => {
        if (event.key === 'Escape') props.onClose();
      }}
    >
      <Search size={18} aria-hidden="true" />
      <input
        ref={field}
        class="input"
        type="search"
        aria-label={t('Find in the terminal')}
        {...VERBATIM}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
          find.next(text.peek(), true);
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || !event.shiftKey) return;
          event.preventDefault();
          find.next(text.peek());
        }}
      />
      <span class="find-count small muted" role="status">
        {count}
      </span>
      <IconButton
        label={t('Previous')}
        disabled={text.value === ''}
        icon={<ArrowUp size={18} aria-hidden="true" />}
        onClick={() => find.previous(text.peek())}
      />
      <IconButton
        label={t('Next')}
        disabled={text.value === ''}
        icon={<ArrowDown size={18} aria-hidden="true" />}
        onClick={() => find.next(text.peek())}
      />
      {props.onLog !== undefined && (
        <Button small disabled={text.value.trim() === ''} onClick={() => props.onLog?.(text.peek())}>
          {t('In the full log')}
        </Button>
      )}
      <IconButton label={t('Close')} icon={<X size={18} aria-hidden="true" />} onClick={props.onClose} />
    </form>
  );
}
