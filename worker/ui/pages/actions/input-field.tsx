import type { ComponentChildren } from 'preact';
import { unreachable } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { Field, type FieldTies, Switch } from '../../parts/field.tsx';
import { unchosen } from './input-answers.ts';

interface InputFieldProps {
  input: ActionInput;
  value: string | boolean;
  error?: string | undefined;
  onChange: (value: string | boolean) => void;
}

/** In a date's field that is filled in half: the browser gives no text then, as if nobody had answered. */
const HALF_A_DATE = 'half a date';

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
    // The script gets the text as it was typed: a phone's keyboard corrects none of it, and nothing is cut off in silence.
    autocapitalize: 'none' as const,
    autocorrect: 'off' as const,
    spellcheck: false,
    onInput: (event: { currentTarget: { value: string } }) => change(event.currentTarget.value),
  };
  switch (input.type) {
    case 'text':
      return input.multiline ? <textarea {...common} class="textarea" /> : <input {...common} class="input" type="text" />;
    case 'secret':
      return <input {...common} class="input" type="password" autocomplete="new-password" />;
    case 'number':
      // Not type="number": it gives an empty text for what it does not like, and a wheel over it changes the number.
      return <input {...common} class="input" type="text" inputMode={keyboardFor(input)} />;
    case 'email':
      // Not type="email": it trims what was typed, and writes other letters in another way.
      return <input {...common} class="input" type="text" inputMode="email" />;
    case 'date':
      return (
        <input
          {...common}
          class="input"
          type="date"
          value={value === HALF_A_DATE ? '' : value}
          min={input.min}
          max={input.max}
          onInput={({ currentTarget: { value: date, validity } }) => change(validity.badInput ? HALF_A_DATE : date)}
        />
      );
    case 'choice':
      return (
        <select {...common} class="select">
          <option value={unchosen(input)}>{input.required ? 'Choose…' : '—'}</option>
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

/** A phone's number keys have no minus sign. */
function keyboardFor({ integer, min }: Extract<ActionInput, { type: 'number' }>): 'text' | 'numeric' | 'decimal' {
  if (min === undefined || Number(min) < 0) return 'text';
  return integer ? 'numeric' : 'decimal';
}
