import { useSignal } from '@preact/signals';
import { CornerDownLeft, Eye, EyeOff } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Run } from '../../../../shared/runs.ts';
import { typeInto } from '../../connection/live-runs.ts';
import type { LogViewer } from '../../log-view/viewer.ts';
import { Button } from '../../parts/button.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { toast } from '../../toasts.ts';
import { t } from '../../translate.ts';
import { asksForSecret } from './secret-prompt.ts';
import './answer-field.css';

/** How the log shows a hidden answer, however long it was. */
const HIDDEN = '••••••';

/**
 * Where one types into a run: a line, and the end of all lines, which is what `cat`, `sort` and `wc` wait for. The log shows what was
 * typed. A secret is hidden while it is typed, is kept nowhere, and the log shows dots.
 * @param props.viewer of the run's output; null while it opens.
 */
export function AnswerField(props: { run: Run; viewer: LogViewer | null }) {
  const { run, viewer } = props;
  const text = useSignal('');
  const hidden = useSignal(false);
  const ended = useSignal(false);
  const field = useRef<HTMLInputElement>(null);
  const tty = run.tty === true;
  // A terminal says itself whether what is typed shows.
  const asks = tty ? run.input_hidden === true : viewer !== null && asksForSecret(viewer.lastLine.value);
  useEffect(() => {
    // What was typed as a secret stays hidden, whatever is printed meanwhile.
    if (asks || text.peek() === '') hidden.value = asks;
  }, [asks]);

  function send(eof: boolean): void {
    const typed = text.value;
    // With the end comes what stands in the field: it was meant to be read.
    const data = eof && typed === '' ? '' : `${typed}${tty ? '\r' : '\n'}`;
    if (!typeInto(run.task_id, data, eof)) {
      toast(eof ? t('No connection just now: the end was not sent.') : t('No connection just now: the line was not sent.'), 'bad');
      return;
    }
    // On a terminal its echo shows what was typed.
    if (data !== '' && !tty) viewer?.typed(hidden.value ? HIDDEN : typed);
    if (eof && !tty) viewer?.typed('(end of input)');
    text.value = '';
    hidden.value = false;
    ended.value = eof && !tty;
  }

  if (ended.value) return <p class="answer-over small muted">{t('Its input has ended.')}</p>;
  const waits = run.waiting_for_input === true;
  return (
    <form
      class={`answer${waits ? ' answer-wanted' : ''}`}
      autocomplete="off"
      onSubmit={(event) => {
        event.preventDefault();
        send(false);
      }}
    >
      <p class="answer-state small">{waits ? t('Waits for your answer') : t('Reads what you type')}</p>
      <input
        ref={field}
        class="input mono"
        {...(hidden.value ? { type: 'password' } : { type: 'text' })}
        aria-label={hidden.value ? t('Type a secret into the run') : t('Type into the run')}
        placeholder={hidden.value ? t('Type the secret') : waits ? t('Your answer') : t('Type a line for the script')}
        enterkeyhint="send"
        {...VERBATIM}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      {/* A press on these leaves the field its focus, and a phone its keyboard. */}
      <div class="answer-keys" onPointerDown={(event) => document.activeElement === field.current && event.preventDefault()}>
        <Button
          kind="ghost"
          aria-label={t('Hide what I type')}
          title={t('Hide what I type: it is kept nowhere')}
          aria-pressed={hidden.value}
          icon={hidden.value ? <EyeOff size={18} /> : <Eye size={18} />}
          onClick={() => {
            hidden.value = !hidden.value;
          }}
        />
        <Button type="submit" kind={waits ? 'primary' : 'plain'} aria-label={t('Send the line')} icon={<CornerDownLeft size={18} />} />
      </div>
      <Button class="answer-end" kind="ghost" small title={t('The script reads that nothing more comes')} onClick={() => send(true)}>
        {t('End input')}
      </Button>
    </form>
  );
}
