import { useSignal } from '@preact/signals';
import { Field } from '../../parts/field.tsx';
import { VERBATIM } from '../../parts/verbatim.ts';
import { t } from '../../translate.ts';
import { fitsLines } from './action-draft.ts';

interface LinesFieldProps<T> {
  label: string;
  help: string;
  error: string | undefined;
  optional?: boolean;
  short?: boolean;
  value: T;
  toText: (value: T) => string;
  fromText: (text: string) => T;
  onValue: (value: T) => void;
}

/** Several things, each on a line. Some that were made over the API have no line that says the same: they are only shown. */
export function LinesField<T>(props: LinesFieldProps<T>) {
  // As typed: a line that is not whole yet must not be put in order under the cursor.
  const text = useSignal(props.toText(props.value));
  const fits = useSignal(fitsLines(props.value, text.peek(), props.fromText)).value;
  const help = fits ? props.help : t('They don’t fit into lines, and can be changed over the API.');
  return (
    <Field label={props.label} optional={props.optional === true} help={help} error={props.error}>
      {(ties) => (
        <textarea
          {...ties}
          class={`textarea mono${props.short === true ? ' editor-short' : ''}`}
          {...VERBATIM}
          readOnly={!fits}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            props.onValue(props.fromText(text.value));
          }}
        />
      )}
    </Field>
  );
}
