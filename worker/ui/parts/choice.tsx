import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../translate.ts';
import './choice.css';

interface Option<T extends string> {
  value: T;
  label: string;
  help?: string;
  icon?: ComponentChildren;
}

/** One of a few, all in view; their words are marked with `msg`. With `help` the options stand below one another, without it side by side. */
export function Choice<T extends string>(props: { label: string; options: readonly Option<T>[]; value: T; onValue: (value: T) => void }) {
  const name = useId();
  const tall = props.options.some((option) => option.help !== undefined);
  return (
    <fieldset class="choice">
      <legend class="field-label">{props.label}</legend>
      <div class={tall ? 'choice-tall' : 'choice-flat'}>
        {props.options.map((option) => (
          <label key={option.value} class="choice-option">
            <input
              type="radio"
              name={name}
              value={option.value}
              checked={props.value === option.value}
              onChange={() => props.onValue(option.value)}
            />
            {option.icon}
            <span class="choice-text">
              <span class="choice-label">{t(option.label)}</span>
              {option.help !== undefined && <span class="field-help">{t(option.help)}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
