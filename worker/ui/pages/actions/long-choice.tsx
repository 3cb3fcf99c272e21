import { useSignal } from '@preact/signals';
import type { ComponentProps } from 'preact';
import { VERBATIM } from '../../parts/verbatim.ts';
import { t } from '../../translate.ts';

/** From so many options on, a choice can be searched. */
export const SEARCH_FROM = 15;

interface Option {
  readonly value: string;
  readonly label?: string | undefined;
}

/**
 * A choice among many: what is typed above it leaves the options that have it, and Enter takes the first of them. The choice itself stays the
 * device's own.
 * @param props.label of the question. @param props.none the option that chooses nothing.
 */
export function LongChoice(props: {
  label: string;
  options: readonly Option[];
  none: Option;
  select: ComponentProps<'select'> & { value: string };
  onChoose: (value: string) => void;
}) {
  const sought = useSignal('');
  const { options, none, select } = props;
  const wanted = sought.value.trim().toLocaleLowerCase();
  const found = options.filter((option) => textOf(option).includes(wanted));
  // What is chosen stays, or the device would choose another one in silence.
  const shown = options.filter((option) => found.includes(option) || option.value === select.value);
  return (
    <>
      <input
        class="input"
        type="search"
        aria-label={t('Search in “{label}”', { label: props.label })}
        placeholder={t('Search in {count} options', { count: options.length })}
        {...VERBATIM}
        value={sought.value}
        onInput={(event) => {
          sought.value = event.currentTarget.value;
        }}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || wanted === '') return;
          event.preventDefault();
          const [first] = found;
          if (first !== undefined) props.onChoose(first.value);
        }}
      />
      <select {...select} class="select">
        <option value={none.value}>{none.label}</option>
        {shown.map((option) => (
          <option key={option.value} value={option.value} dir="auto">
            {option.label ?? option.value}
          </option>
        ))}
      </select>
      <span class="field-help" role="status">
        {wanted === '' ? '' : t('{found} of {count}', { found: found.length, count: options.length })}
      </span>
    </>
  );
}

function textOf({ value, label }: Option): string {
  return `${label ?? ''} ${value}`.toLocaleLowerCase();
}
