import { useSignal } from '@preact/signals';
import { Square } from 'lucide-preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import { Button } from '../../parts/button.tsx';
import { plural, t } from '../../translate.ts';

const SECONDS = 2;

/** What runs at once says so, and can be stopped for two seconds: by its button, by Esc, or by turning away from the page. */
export function Countdown(props: { label: string; onRun: () => void; onStop: () => void }) {
  const left = useSignal(SECONDS);
  const latest = useRef(props);
  latest.current = props;

  useLayoutEffect(() => {
    const timer = setInterval(() => {
      left.value -= 1;
      if (left.value > 0) return;
      clearInterval(timer);
      latest.current.onRun();
    }, 1000);
    const stop = (): void => latest.current.onStop();
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') stop();
    };
    const onHidden = (): void => {
      if (document.hidden) stop();
    };
    addEventListener('keydown', onKey);
    document.addEventListener('visibilitychange', onHidden);
    return () => {
      clearInterval(timer);
      removeEventListener('keydown', onKey);
      document.removeEventListener('visibilitychange', onHidden);
    };
  }, []);

  return (
    <div class="countdown">
      <p role="alert">{plural(left.value, '{label} runs in 1 second', '{label} runs in {count} seconds', { label: props.label })}</p>
      <Button class="app-key app-stop" icon={<Square size={22} fill="currentColor" aria-hidden="true" />} onClick={props.onStop}>
        {t('Stop')}
      </Button>
    </div>
  );
}
