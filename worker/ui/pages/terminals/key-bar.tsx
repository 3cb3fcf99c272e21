import { type Signal, useSignal } from '@preact/signals';
import { ArrowDown, ArrowLeft, ArrowRight, ArrowUp, ClipboardPaste, PencilLine } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import { t } from '../../translate.ts';
import { type BarKey, type Held, type Sticky, tapped } from './keys.ts';

/** A key that is held down repeats, first after a while. */
const REPEAT_AFTER_MS = 400;
const REPEAT_MS = 70;

/** The modifiers of a key bar. */
export interface Modifiers {
  ctrl: Signal<Sticky>;
  alt: Signal<Sticky>;
}

/** What they hold down now; one that was held for one key lets go. */
export function takeHeld({ ctrl, alt }: Modifiers): Held {
  const held = { ctrl: ctrl.peek() !== 'off', alt: alt.peek() !== 'off' };
  for (const sticky of [ctrl, alt]) if (sticky.peek() === 'once') sticky.value = 'off';
  return held;
}

interface KeyBarProps {
  modifiers: Modifiers;
  onKey: (key: BarKey) => void;
  onPaste: () => void;
  onCompose: () => void;
  composing: boolean;
}

/** The keys that a phone's keyboard lacks. */
export function KeyBar({ modifiers, onKey, onPaste, onCompose, composing }: KeyBarProps) {
  const key = (name: BarKey, shown: ComponentChildren, label: string, repeats = false) => (
    <BarButton label={label} repeats={repeats} onPress={() => onKey(name)}>
      {shown}
    </BarButton>
  );
  return (
    <div class="key-bar" role="toolbar" aria-label={t('Keys')}>
      {key('Escape', 'Esc', t('Escape'))}
      {key('|', '|', t('Vertical bar'))}
      {key('/', '/', t('Slash'))}
      {key('-', '-', t('Hyphen'))}
      <BarButton label={t('Paste')} onPress={onPaste}>
        <ClipboardPaste size={18} aria-hidden="true" />
      </BarButton>
      {key('ArrowUp', <ArrowUp size={18} aria-hidden="true" />, t('Up'), true)}
      <BarButton label={t('Write a text')} pressed={composing} onPress={onCompose}>
        <PencilLine size={18} aria-hidden="true" />
      </BarButton>
      {key('Tab', 'Tab', t('Tab'))}
      <StickyButton name="Ctrl" state={modifiers.ctrl} />
      <StickyButton name="Alt" state={modifiers.alt} />
      {key('~', '~', t('Tilde'))}
      {key('ArrowLeft', <ArrowLeft size={18} aria-hidden="true" />, t('Left'), true)}
      {key('ArrowDown', <ArrowDown size={18} aria-hidden="true" />, t('Down'), true)}
      {key('ArrowRight', <ArrowRight size={18} aria-hidden="true" />, t('Right'), true)}
    </div>
  );
}

function StickyButton({ name, state }: { name: string; state: Signal<Sticky> }) {
  const last = useSignal(Number.NEGATIVE_INFINITY);
  const locked = state.value === 'locked';
  return (
    <BarButton
      label={locked ? t('{key}, locked', { key: name }) : name}
      pressed={state.value !== 'off'}
      locked={locked}
      onPress={(at) => {
        state.value = tapped(state.peek(), at - last.peek());
        last.value = at;
      }}
    >
      {name}
    </BarButton>
  );
}

interface BarButtonProps {
  label: string;
  repeats?: boolean;
  pressed?: boolean;
  locked?: boolean;
  /** @param at when a person did it, in ms of the page's clock: a busy page hears of it later. */
  onPress: (at: number) => void;
  children: ComponentChildren;
}

/** It never takes the focus from what is typed into: a phone's keyboard would close. */
function BarButton({ label, repeats = false, pressed, locked = false, onPress, children }: BarButtonProps) {
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const repeated = useRef(false);
  const latest = useRef(onPress);
  latest.current = onPress;
  const rest = (): void => clearTimeout(timer.current);
  const again = (): void => {
    repeated.current = true;
    latest.current(performance.now());
    timer.current = setTimeout(again, REPEAT_MS);
  };
  return (
    <button
      type="button"
      class={`bar-key${locked ? ' bar-key-locked' : ''}`}
      aria-label={label}
      aria-pressed={pressed}
      onMouseDown={(event) => event.preventDefault()}
      onPointerDown={() => {
        repeated.current = false;
        if (repeats) timer.current = setTimeout(again, REPEAT_AFTER_MS);
      }}
      onPointerUp={rest}
      onPointerLeave={rest}
      onPointerCancel={rest}
      onContextMenu={(event) => event.preventDefault()}
      onClick={({ timeStamp }) => {
        if (!repeated.current) onPress(timeStamp);
        repeated.current = false;
      }}
    >
      {children}
    </button>
  );
}
