import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../translate.ts';
import { Button } from './button.tsx';
import './hold-button.css';

const HOLD_MS = 1000;

/**
 * Acts after it was held for a second, by finger, pointer, space or enter. Who can't hold taps it, and then confirms:
 * the tap uncovers a plain button.
 */
export function HoldButton(props: { label: string; busy: boolean; onDone: () => void }) {
  const [holding, setHolding] = useState(false);
  const [tapped, setTapped] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const done = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);

  function begin(): void {
    if (holding || props.busy) return;
    done.current = false;
    setHolding(true);
    timer.current = setTimeout(() => {
      done.current = true;
      setHolding(false);
      props.onDone();
    }, HOLD_MS);
  }
  function stop(): void {
    clearTimeout(timer.current);
    if (holding && !done.current) setTapped(true);
    setHolding(false);
  }

  return (
    <>
      {tapped && (
        <Button acts="run" busy={props.busy} onClick={props.onDone}>
          {t('Confirm: {label}', { label: props.label })}
        </Button>
      )}
      <Button
        kind="primary"
        class={`hold${holding ? ' holding' : ''}`}
        busy={props.busy}
        aria-description={t('Keep it pressed for one second. Or tap it once, then confirm.')}
        onPointerDown={begin}
        onPointerUp={stop}
        onPointerLeave={stop}
        onPointerCancel={stop}
        onContextMenu={(event) => event.preventDefault()}
        onKeyDown={(event) => {
          if (event.key !== ' ' && event.key !== 'Enter') return;
          event.preventDefault();
          if (!event.repeat) begin();
        }}
        onKeyUp={(event) => {
          if (event.key === ' ' || event.key === 'Enter') stop();
        }}
        onBlur={stop}
        onClick={(event) => {
          // A click without a press comes from assistive technology: it counts as the tap.
          if (event.detail === 0 && !holding && !done.current) setTapped(true);
        }}
      >
        {props.busy ? t('Starting…') : t('Hold: {label}', { label: props.label })}
      </Button>
    </>
  );
}
