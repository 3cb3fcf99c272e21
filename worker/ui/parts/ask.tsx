import { useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { sentence } from '../api.ts';
import { Button } from './button.tsx';
import { Problem } from './empty.tsx';
import { Field } from './field.tsx';
import { Form } from './form.tsx';
import { Sheet, SheetButtons } from './sheet.tsx';

interface AskProps {
  title: string;
  /** What will happen, in a sentence or two. */
  children: ComponentChildren;
  /** The button that does it, and while it is being done. */
  verb: string;
  doing: string;
  /** The button that does not. */
  no?: string;
  danger?: boolean;
  /** What must be typed first, when it can't be taken back. */
  type?: string;
  /** What is thrown is shown here, and the question stays. */
  onYes: () => Promise<void>;
  onClose: () => void;
}

/** A question before something lasting. */
export function Ask(props: AskProps) {
  const typed = useSignal('');
  const busy = useSignal(false);
  const problem = useSignal<string | null>(null);
  const missing = props.type !== undefined && typed.value.trim() !== props.type;

  async function go(): Promise<void> {
    if (busy.value || missing) return;
    busy.value = true;
    problem.value = null;
    try {
      await props.onYes();
      props.onClose();
    } catch (error) {
      problem.value = sentence(error);
      busy.value = false;
    }
  }

  return (
    <Sheet title={props.title} onClose={props.onClose}>
      <Form class="stack" onSubmit={go}>
        <div class="stack muted">{props.children}</div>
        {problem.value !== null && <Problem message={problem.value} />}
        {props.type !== undefined && (
          <Field label={`Type “${props.type}” to confirm`}>
            {(ties) => (
              <input
                {...ties}
                class="input"
                autocomplete="off"
                autofocus
                autocapitalize="none"
                spellcheck={false}
                value={typed.value}
                onInput={(event) => {
                  typed.value = event.currentTarget.value;
                }}
              />
            )}
          </Field>
        )}
        <SheetButtons>
          <Button onClick={props.onClose}>{props.no ?? 'Cancel'}</Button>
          <Button acts="do" kind={props.danger === true ? 'danger' : 'primary'} type="submit" busy={busy.value} disabled={missing}>
            {busy.value ? props.doing : props.verb}
          </Button>
        </SheetButtons>
      </Form>
    </Sheet>
  );
}
