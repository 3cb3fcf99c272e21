import type { ComponentChildren } from 'preact';
import { unreachable } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { Field, type FieldTies, Switch } from '../../parts/field.tsx';

interface InputFieldProps {
  input: ActionInput;
  value: string | boolean;
  error?: string | undefined;
  onChange: (value: string | boolean) => void;
}

/** One question of an action, with the control that the device has for its kind. */
export function InputField(props: InputFieldProps) {
  const { input, value } = props;
  if (input.type === 'boolean') {
    return (
      <Switch label={input.label} {...(input.help === '' ? {} : { help: input.help })} checked={value === true} onChange={props.onChange} />
    );
  }
  return (
    <Field label={input.label} help={input.help} error={props.error} optional={!input.required}>
      {(ties) => control(input, typeof value === 'string' ? value : '', ties, props.onChange)}
    </Field>
  );
}

function control(
  input: Exclude<ActionInput, { type: 'boolean' }>,
  value: string,
  ties: FieldTies,
  change: (value: string) => void,
): ComponentChildren {
  const common = {
    ...ties,
    value,
    required: input.required,
    autocomplete: 'off' as const,
    onInput: (event: { currentTarget: { value: string } }) => change(event.currentTarget.value),
  };
  switch (input.type) {
    case 'text':
      return input.multiline ? (
        <textarea {...common} class="textarea" maxLength={input.max_length} />
      ) : (
        <input {...common} class="input" type="text" maxLength={input.max_length} autocapitalize="none" spellcheck={false} />
      );
    case 'secret':
      return <input {...common} class="input" type="password" autocomplete="new-password" maxLength={input.max_length} />;
    case 'number':
      return (
        <input
          {...common}
          class="input"
          type="number"
          inputMode={input.integer ? 'numeric' : 'decimal'}
          min={input.min}
          max={input.max}
          step={input.integer ? 1 : 'any'}
        />
      );
    case 'date':
      return <input {...common} class="input" type="date" min={input.min} max={input.max} />;
    case 'choice':
      return (
        <select {...common} class="select">
          {!input.required && <option value="">—</option>}
          {input.options.map((option) => (
            <option key={option.value} value={option.value}>
              {option.label ?? option.value}
            </option>
          ))}
        </select>
      );
    default:
      return unreachable(input);
  }
}
