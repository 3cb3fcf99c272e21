import type { ComponentChildren } from 'preact';
import { Field } from './field.tsx';

interface TextFieldProps {
  label: string;
  help?: ComponentChildren;
  error?: string | null | undefined;
  value: string;
  onValue: (value: string) => void;
  type?: 'text' | 'password';
  name?: string;
  required?: boolean;
  autofocus?: boolean;
  autocomplete?: string;
  autocapitalize?: 'none' | 'sentences';
  maxLength?: number;
  placeholder?: string;
  disabled?: boolean;
  /** For paths and names that are read letter by letter. */
  mono?: boolean;
}

/** A labelled line of text. */
export function TextField({
  label,
  help,
  error,
  value,
  onValue,
  type = 'text',
  mono = false,
  disabled = false,
  autocomplete = 'off',
  ...rest
}: TextFieldProps) {
  return (
    <Field label={label} help={help} error={error}>
      {(ties) => {
        const shared = {
          ...rest,
          ...ties,
          class: `input${mono ? ' mono' : ''}`,
          spellcheck: false,
          autocomplete,
          disabled,
          // Names are written in any direction, what a machine reads is not.
          ...(mono ? {} : { dir: 'auto' as const }),
          value,
          onInput: (event: { currentTarget: HTMLInputElement }) => onValue(event.currentTarget.value),
        };
        return type === 'password' ? <input {...shared} type="password" /> : <input {...shared} type="text" />;
      }}
    </Field>
  );
}
