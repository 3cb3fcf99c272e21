import type { ComponentChildren } from 'preact';
import { unreachable } from '../../../../shared/errors.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { bytes } from '../../amounts.ts';
import { Button } from '../../parts/button.tsx';
import { CheckGroup } from '../../parts/check-group.tsx';
import { Field, type FieldTies, Switch } from '../../parts/field.tsx';
import { Slider } from '../../parts/slider.tsx';
import { t } from '../../translate.ts';
import { type Answer, unchosen } from './input-answers.ts';
import { LongChoice, SEARCH_FROM } from './long-choice.tsx';
import type { OptionsState } from './script-options.ts';

interface InputFieldProps {
  input: ActionInput;
  value: Answer;
  error?: string | undefined;
  /** How it stands with options that a script says; null where none does. */
  options: OptionsState | null;
  /** Hears a file that was chosen, beside `onChange` with its name; null when it was taken back. Of a form that asks for none: absent. */
  onFile?: (file: File | null) => void;
  onChange: (value: Answer) => void;
  /** Of a line of text: what may be offered beside an answer of one's own. */
  suggestions?: readonly string[];
}

/** In a date's or time's field that is filled in half: the browser gives no text then, as if nobody had answered. */
const HALF = 'half-an-answer';
/** The control that the device has for each kind of moment. */
const PICKERS = { date: 'date', time: 'time', datetime: 'datetime-local' } as const;

/** One question of an action, with the control that the device has for its kind. */
export function InputField(props: InputFieldProps) {
  const { input, value } = props;
  if (props.options !== null && (props.options.reading || props.options.problem !== null))
    return <Unread input={input} error={props.error} state={props.options} />;
  if (input.type === 'boolean') {
    return (
      <Switch label={input.label} {...(input.help === '' ? {} : { help: input.help })} checked={value === true} onChange={props.onChange} />
    );
  }
  if (input.type === 'choice' && input.multiple === true) {
    const { label, help, options, required } = input;
    const chosen = Array.isArray(value) ? value : [];
    return <CheckGroup {...{ label, help, options }} optional={!required} value={chosen} error={props.error} onValue={props.onChange} />;
  }
  if (input.type === 'file') return <FileField {...props} input={input} />;
  return (
    <Field label={input.label} help={helpFor(input)} error={props.error} optional={!input.required}>
      {(ties) => control(input, typeof value === 'string' ? value : '', ties, props.onChange, props.suggestions)}
    </Field>
  );
}

function control(
  input: Exclude<ActionInput, { type: 'boolean' | 'file' }>,
  value: string,
  ties: FieldTies,
  change: (value: string) => void,
  suggestions: readonly string[] = [],
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
      if (input.multiline) return <textarea {...common} class="textarea" dir="auto" />;
      // One tree with and without proposals: they come late, and the field in which somebody types must stay the same element.
      return (
        <>
          <input {...common} class="input" type="text" dir="auto" list={suggestions.length > 0 ? `${ties.id}-list` : undefined} />
          {suggestions.length > 0 && (
            <datalist id={`${ties.id}-list`}>
              {suggestions.map((one) => (
                <option key={one} value={one} />
              ))}
            </datalist>
          )}
        </>
      );
    case 'secret':
      return <input {...common} class="input" type="password" autocomplete="new-password" />;
    case 'number':
      if (input.slider === true && input.min !== undefined && input.max !== undefined) {
        const step = input.step ?? (input.integer ? 1 : null);
        return (
          <Slider
            {...{ ties, value }}
            min={String(input.min)}
            max={String(input.max)}
            step={step === null ? null : String(step)}
            onValue={change}
          />
        );
      }
      // Not type="number": it gives an empty text for what it does not like, and a wheel over it changes the number.
      return <input {...common} class="input" type="text" inputMode={keyboardFor(input)} />;
    case 'email':
      // Not type="email": it trims what was typed, and writes other letters in another way.
      return <input {...common} class="input" type="text" inputMode="email" />;
    case 'date':
    case 'time':
    case 'datetime':
      return (
        <input
          {...common}
          class="input"
          type={PICKERS[input.type]}
          value={value === HALF ? '' : value}
          min={input.min}
          max={input.max}
          onInput={({ currentTarget: { value: moment, validity } }) => change(validity.badInput ? HALF : moment)}
        />
      );
    case 'choice': {
      const none = {
        value: unchosen(input),
        label: input.options.length === 0 ? t('Nothing to choose from') : input.required ? t('Choose…') : '—',
      };
      if (input.options.length >= SEARCH_FROM)
        return <LongChoice label={input.label} options={input.options} none={none} select={common} onChoose={change} />;
      return (
        <select {...common} class="select">
          {[none, ...input.options].map((option) => (
            <option key={option.value} value={option.value} dir="auto">
              {option.label ?? option.value}
            </option>
          ))}
        </select>
      );
    }
    default:
      return unreachable(input);
  }
}

/** A choice whose options are not there yet. */
function Unread({ input, error, state }: { input: ActionInput; error: string | undefined; state: OptionsState }) {
  return (
    <Field label={input.label} help={input.help} error={state.problem ?? error} optional={!input.required}>
      {(ties) => (
        <div class="row">
          <select {...ties} class="select grow" disabled={state.reading} aria-busy={state.reading}>
            <option>{state.reading ? t('Reading the options…') : t('No options')}</option>
          </select>
          {state.problem !== null && <Button onClick={state.again}>{t('Try again')}</Button>}
        </div>
      )}
    </Field>
  );
}

/** The browser's own control: on a phone it offers the camera, the photos and the files. */
function FileField({ input, error, onFile, onChange }: InputFieldProps & { input: Extract<ActionInput, { type: 'file' }> }) {
  const limits = [
    input.accept.length > 0 ? input.accept.join(', ') : '',
    t('up to {max_bytes}', { max_bytes: bytes(input.max_bytes) }),
  ].filter((text) => text !== '');
  return (
    <Field label={input.label} help={[input.help, `${limits.join(', ')}.`].join(' ').trim()} error={error} optional={!input.required}>
      {(ties) => (
        <input
          {...ties}
          class="input"
          type="file"
          required={input.required}
          accept={input.accept.join(',')}
          onChange={({ currentTarget: { files } }) => {
            const file = files?.[0] ?? null;
            onFile?.(file);
            onChange(file?.name ?? '');
          }}
        />
      )}
    </Field>
  );
}

/** The help, and the numbers that are good: nobody should have to find them by trying. */
function helpFor(input: ActionInput): string {
  if (input.type !== 'number' || input.slider === true) return input.help;
  const { min, max, step } = input;
  const bounds =
    min === undefined
      ? max === undefined
        ? ''
        : t('At most {max}', { max })
      : max === undefined
        ? t('At least {min}', { min })
        : t('{min} to {max}', { min, max });
  const steps = step === undefined ? '' : bounds === '' ? t('In steps of {step}', { step }) : t(', in steps of {step}', { step });
  return [input.help, bounds + steps === '' ? '' : `${bounds}${steps}.`].filter((text) => text !== '').join(' ');
}

/** A phone's number keys have no minus sign. */
function keyboardFor({ integer, min }: Extract<ActionInput, { type: 'number' }>): 'text' | 'numeric' | 'decimal' {
  if (min === undefined || Number(min) < 0) return 'text';
  return integer ? 'numeric' : 'decimal';
}
