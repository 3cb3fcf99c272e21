import { useSignal } from '@preact/signals';
import { CornerDownLeft } from 'lucide-preact';
import { connection } from '../../connection/page-connection.ts';
import { Button } from '../../parts/button.tsx';
import { VERBATIM } from '../../parts/field.tsx';
import { toast } from '../../toasts.ts';

/** A line to type into the run, and the end of all lines: what `cat`, `sort` and `wc` wait for. */
export function StdinLine(props: { taskId: string }) {
  const text = useSignal('');
  const ended = useSignal(false);
  function send(): void {
    if (connection.input(props.taskId, `${text.value}\n`)) text.value = '';
    else toast('No connection just now: the line was not sent.', 'bad');
  }
  function end(): void {
    // The text in the field was meant to be read.
    if (connection.input(props.taskId, text.value === '' ? '' : `${text.value}\n`, true)) ended.value = true;
    else toast('No connection just now: the end was not sent.', 'bad');
  }
  if (ended.value) return <p class="small muted">Its input has ended.</p>;
  return (
    <form
      class="stdin"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <input
        class="input mono"
        aria-label="Type into the run"
        placeholder="Type a line for the script"
        {...VERBATIM}
        value={text.value}
        onInput={(event) => {
          text.value = event.currentTarget.value;
        }}
      />
      <Button type="submit" aria-label="Send the line" icon={<CornerDownLeft size={18} />} />
      <Button onClick={end}>End input</Button>
    </form>
  );
}
