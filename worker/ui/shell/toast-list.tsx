import { CircleAlert, CircleCheck, Info, X } from 'lucide-preact';
import { useEffect, useRef } from 'preact/hooks';
import { Button } from '../parts/button.tsx';
import { dismissToast, spoken, type ToastTone, toasts } from '../toasts.ts';
import { t } from '../translate.ts';
import './toast-list.css';

function Message(props: { text: string; tone: ToastTone; onClose: () => void }) {
  const Icon = props.tone === 'ok' ? CircleCheck : props.tone === 'bad' ? CircleAlert : Info;
  return (
    <div class={`toast toast-${props.tone}`} role={props.tone === 'bad' ? 'alert' : 'status'}>
      <Icon size={20} aria-hidden="true" />
      <p dir="auto">{props.text}</p>
      <Button kind="ghost" small aria-label={t('Dismiss')} icon={<X size={18} />} onClick={props.onClose} />
    </div>
  );
}

/** Where toasts stand: once, in the shell. Read out politely. */
export function ToastList() {
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    const element = list.current;
    if (element === null) return undefined;
    // So much room below is given to the page, so that it can be scrolled clear of them.
    const observer = new ResizeObserver(() => {
      const shown = element.querySelector('.toast-slot') !== null;
      document.documentElement.style.setProperty('--toasts', `${shown ? element.offsetHeight : 0}px`);
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <section ref={list} class="toasts" aria-label={t('Messages')}>
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
