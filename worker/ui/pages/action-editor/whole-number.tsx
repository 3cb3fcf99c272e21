import { Field } from '../../parts/field.tsx';

/** A count, from zero to `max`. */
export function WholeNumber(props: { label: string; help: string; max: number; value: number; onValue: (value: number) => void }) {
  return (
    <Field label={props.label} help={props.help}>
      {(ties) => (
        <input
          {...ties}
          class="input"
          type="number"
          inputMode="numeric"
          min={0}
          max={props.max}
          step={1}
          value={props.value}
          onInput={(event) => props.onValue(Math.min(props.max, Math.max(0, Math.trunc(event.currentTarget.valueAsNumber || 0))))}
        />
      )}
    </Field>
  );
}
