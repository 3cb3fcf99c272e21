import { signal } from '@preact/signals';
import { CircleAlert, CircleCheck, Info, X } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { Button } from './button.tsx';
import './toast.css';

export type ToastTone = 'info' | 'ok' | 'bad';

interface Toast {
  id: number;
  view: () => ComponentChildren;
}

const shown = signal<Toast[]>([]);
let next = 1;

/** Shows a short message. @param life milliseconds; errors stay longer by default. @returns a function that takes it away. */
export function toast(text: string, tone: ToastTone = 'info', life: number = tone === 'bad' ? 12_000 : 5000): () => void {
  const away = showToast(() => <Message text={text} tone={tone} onClose={() => away()} />);
  setTimeout(away, life);
  return away;
}

/** Shows a part of one's own among the toasts until the returned function is called. */
export function showToast(view: () => ComponentChildren): () => void {
  const id = next;
  next += 1;
  shown.value = [...shown.value, { id, view }].slice(-4);
  return () => {
    shown.value = shown.value.filter((one) => one.id !== id);
  };
}

const said = signal('');

/** Tells a screen reader something that others see for themselves. */
export function say(text: string): void {
  said.value = text;
}

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
export function Toasts() {
  return (
    <section class="toasts" aria-label="Messages">
      <p class="hush" role="status">
        {said.value}
      </p>
      {shown.value.map(({ id, view: View }) => (
        <div key={id} class="toast-slot">
          <View />
        </div>
      ))}
    </section>
  );
}
