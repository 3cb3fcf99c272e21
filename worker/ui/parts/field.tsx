import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';
import { t } from '../translate.ts';
import './field.css';
import './seek-wrong.ts';

/** The attributes that tie the control inside a field to its label, help and message. */
export interface FieldTies {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: true;
}

/** A labelled control with its help and, when there is one, what is wrong with it. */
export function Field(props: {
  label: string;
  help?: ComponentChildren;
  error?: string | null | undefined;
  optional?: boolean;
  children: (ties: FieldTies) => ComponentChildren;
}) {
  const id = useId();
  const wrong = props.error !== undefined && props.error !== null && props.error !== '';
  const describedBy = [...(props.help === undefined || props.help === '' ? [] : [`${id}-help`]), ...(wrong ? [`${id}-error`] : [])];
  return (
    <div class="field">
      <label class="field-label" for={id}>
        <span dir="auto">{props.label}</span>
        {props.optional === true && <span class="field-optional"> {t('optional')}</span>}
      </label>
      {props.children({
        id,
        ...(describedBy.length > 0 ? { 'aria-describedby': describedBy.join(' ') } : {}),
        ...(wrong ? { 'aria-invalid': true } : {}),
      })}
      {props.help !== undefined && props.help !== '' && (
        <p class="field-help" dir="auto" id={`${id}-help`}>
          {props.help}
        </p>
      )}
      {wrong && (
        <p class="field-error" dir="auto" id={`${id}-error`} role="alert">
          {props.error}
        </p>
      )}
    </div>
  );
}

/** On or off, as a switch with its label beside it. */
export function Switch(props: {
  label: string;
  help?: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="switch">
      <input
        id={id}
        type="checkbox"
        role="switch"
        checked={props.checked}
        aria-checked={props.checked}
        disabled={props.disabled === true}
        {...(props.help === undefined ? {} : { 'aria-describedby': `${id}-help` })}
        onChange={(event) => props.onChange(event.currentTarget.checked)}
      />
      <label for={id}>
        <span dir="auto">{props.label}</span>
        {props.help !== undefined && (
          <span class="field-help" dir="auto" id={`${id}-help`}>
            {props.help}
          </span>
        )}
      </label>
    </div>
  );
}
