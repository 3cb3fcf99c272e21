import { Check, Copy } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { toast } from '../toasts.ts';
import { t } from '../translate.ts';
import { Button } from './button.tsx';

/** Copies a text. `text` may be made when it is asked for. */
export function CopyButton(props: {
  text: string | (() => string);
  label: string;
  small?: boolean;
  icon?: ComponentChildren;
  children?: string;
}) {
  const [done, setDone] = useState(false);
  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(typeof props.text === 'string' ? props.text : props.text());
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    } catch {
      toast(t('The browser did not allow copying. Select the text and copy it by hand.'), 'bad');
    }
  }
  return (
    <Button
      kind="ghost"
      small={props.small ?? true}
      aria-label={done ? t('Copied') : props.label}
      title={props.label}
      icon={done ? <Check size={18} /> : (props.icon ?? <Copy size={18} />)}
      onClick={() => void copy()}
    >
      {props.children}
    </Button>
  );
}
