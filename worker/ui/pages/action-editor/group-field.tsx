import { useId } from 'preact/hooks';
import { actions } from '../../data/known-actions.ts';
import { Field } from '../../parts/field.tsx';
import { t } from '../../translate.ts';

/** The heading under which the action's tile stands: one of those that there are, or a new one. */
export function GroupField(props: { group: string; onChange: (change: { group: string }) => void }) {
  const known = useId();
  const groups = [...new Set((actions.value ?? []).map((action) => action.group ?? ''))].filter((group) => group !== '');
  return (
    <Field label={t('Group')} optional help={t('Tiles of a group stand together, under its name.')}>
      {(ties) => (
        <>
          <input
            {...ties}
            class="input"
            list={known}
            maxLength={40}
            autocomplete="off"
            value={props.group}
            onInput={(event) => props.onChange({ group: event.currentTarget.value })}
          />
          <datalist id={known}>
            {groups.map((group) => (
              <option key={group} value={group} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
