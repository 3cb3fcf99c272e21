import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useSubmit } from '../data/submit.ts';
import { t } from '../translate.ts';
import { bound } from './bound.ts';
import { Button } from './button.tsx';
import { Problem } from './empty.tsx';
import { Form } from './form.tsx';
import { Sheet, SheetButtons } from './sheet.tsx';
import { TextField } from './text-field.tsx';

interface AskProps {
  title: string;
  /** The consequences, in a sentence or two. */
  children: ComponentChildren;
  /** The button that does it, and while it is being done. */
  verb: string;
  doing: string;
  /** The button that does not. */
  no?: string;
  danger?: boolean;
  /** The word that must be typed first, when the act can't be taken back. */
  type?: string;
  /** An error of it is shown here, and the question stays. */
  onYes: () => Promise<void>;
  onClose: () => void;
}

/** A question before something lasting. */
export function Ask(props: AskProps) {
  const typed = useSignal('');
  const missing = props.type !== undefined && typed.value.trim() !== props.type;
  const { busy, wrong, submit } = useSubmit(
    async () => {
      await props.onYes();
      props.onClose();
    },
    { leaves: true },
  );

  return (
    <Sheet title={props.title} onClose={props.onClose}>
      <Form class="stack" onSubmit={() => (missing ? undefined : submit())}>
        <div class="stack muted">{props.children}</div>
        {wrong['form'] !== undefined && <Problem message={wrong['form']} />}
        {props.type !== undefined && (
          <TextField label={t('Type “{type}” to confirm', { type: props.type })} autofocus autocapitalize="none" {...bound(typed)} />
        )}
        <SheetButtons>
          <Button onClick={props.onClose}>{props.no ?? t('Cancel')}</Button>
          <Button acts="do" kind={props.danger === true ? 'danger' : 'primary'} type="submit" busy={busy} disabled={missing}>
            {busy ? props.doing : props.verb}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
