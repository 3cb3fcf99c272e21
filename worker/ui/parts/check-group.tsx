import { useId } from 'preact/hooks';
import { t } from '../translate.ts';
import './choice.css';
import './field.css';

interface CheckGroupProps {
  label: string;
  help?: string;
  error?: string | undefined;
  optional?: boolean;
  options: readonly { value: string; label?: string | undefined }[];
  /** The values of those that are chosen. */
  value: readonly string[];
  /** Hears the chosen ones in the order of the options. */
  onValue: (value: string[]) => void;
}

/** Any number of a few, all in view. */
export function CheckGroup({ label, help = '', error, optional = false, options, value, onValue }: CheckGroupProps) {
  const id = useId();
  const wrong = error !== undefined;
  const describedBy = [...(help === '' ? [] : [`${id}-help`]), ...(wrong ? [`${id}-error`] : [])].join(' ');
  const described = describedBy === '' ? {} : { 'aria-describedby': describedBy };
  return (
    <fieldset class="field choice" {...described}>
      <legend class="field-label">
        <span dir="auto">{label}</span>
        {optional && <span class="field-optional"> {t('optional')}</span>}
      </legend>
      <div class="choice-tall choice-many">
        {options.map((option, index) => (
          <label key={option.value} class="choice-option">
            <input
              type="checkbox"
              checked={value.includes(option.value)}
              {...(wrong && index === 0 ? { 'aria-invalid': true, ...described } : {})}
              onChange={(event) => {
                const chosen = new Set(value);
                if (event.currentTarget.checked) chosen.add(option.value);
                else chosen.delete(option.value);
                onValue(options.flatMap((one) => (chosen.has(one.value) ? [one.value] : [])));
              }}
            />
            <span class="choice-text" dir="auto">
              {option.label ?? option.value}
            </span>
          </label>
        ))}
      </div>
      {help !== '' && (
        <p class="field-help" dir="auto" id={`${id}-help`}>
          {help}
        </p>
      )}
      {wrong && (
        <p class="field-error" dir="auto" id={`${id}-error`} role="alert">
          {error}
        </p>
      )}
    </fieldset>
  );
}
