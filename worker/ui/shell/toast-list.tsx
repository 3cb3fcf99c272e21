import { CircleAlert, CircleCheck, Info, X } from 'lucide-preact';
import { Button } from '../parts/button.tsx';
import { dismissToast, spoken, type ToastTone, toasts } from '../toasts.ts';
import './toast-list.css';

function Message(props: { text: string; tone: ToastTone; onClose: () => void }) {
  const Icon = props.tone === 'ok' ? CircleCheck : props.tone === 'bad' ? CircleAlert : Info;
  return (
    <div class={`toast toast-${props.tone}`} role={props.tone === 'bad' ? 'alert' : 'status'}>
      <Icon size={20} aria-hidden="true" />
      <p>{props.text}</p>
      <Button kind="ghost" small aria-label="Dismiss" icon={<X size={18} />} onClick={props.onClose} />
    </div>
  );
}

/** Where toasts stand: once, in the shell. Read out politely. */
export function ToastList() {
  return (
    <section class="toasts" aria-label="Messages">
      <p class="hush" role="status">
        {spoken.value}
      </p>
      {toasts.value.map((one) => (
        <div key={one.id} class="toast-slot">
          {'view' in one ? <one.view /> : <Message text={one.text} tone={one.tone} onClose={() => dismissToast(one.id)} />}
        </div>
      ))}
    </section>
  );
}
