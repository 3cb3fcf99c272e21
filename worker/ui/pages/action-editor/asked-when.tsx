import type { ActionInput } from '../../../../shared/inputs.ts';
import { CheckGroup } from '../../parts/check-group.tsx';
import { Field } from '../../parts/field.tsx';
import { t } from '../../translate.ts';
import { textToArgs } from './action-draft.ts';
import { LinesField } from './lines-field.tsx';

interface AskedWhenProps {
  input: ActionInput;
  /** The questions before it. */
  before: readonly ActionInput[];
  error: string | undefined;
  onChange: (input: ActionInput) => void;
}

/** Whether a question is always asked, or only for some answers to one before it. */
export function AskedWhen({ input, before, error, onChange }: AskedWhenProps) {
  const { show_if } = input;
  const others = before.filter(({ type }) => type !== 'secret' && type !== 'file');
  if (others.length === 0 && show_if === undefined) return null;
  const other = others.find(({ name }) => name === show_if?.input);
  function depend(name: string): void {
    const { show_if: _always, ...rest } = input;
    const on = others.find((one) => one.name === name);
    onChange(on === undefined ? rest : { ...rest, show_if: { input: name, is: firstWords(on) } });
  }
  function wait(is: (string | boolean)[]): void {
    if (show_if !== undefined) onChange({ ...input, show_if: { ...show_if, is } });
  }
  return (
    <div class="editor-pair">
      <Field label={t('Asked')} error={error}>
        {(ties) => (
          <select {...ties} class="select" value={show_if?.input ?? ''} onChange={(event) => depend(event.currentTarget.value)}>
            <option value="">{t('always')}</option>
            {others.map(({ name, label }) => (
              <option key={name} value={name}>
                {t('for some answers to “{label}”', { label })}
              </option>
            ))}
            {show_if !== undefined && other === undefined && (
              <option value={show_if.input}>{t('after “{input}”, which is not before it', { input: show_if.input })}</option>
            )}
          </select>
        )}
      </Field>
      {show_if !== undefined && other !== undefined && <Words key={other.name} other={other} is={show_if.is} onValue={wait} />}
    </div>
  );
}

/** Not for any answer: a list that admits none says what is meant. */
function firstWords(on: ActionInput): (string | boolean)[] {
  if (on.type === 'boolean') return [true];
  if (on.type === 'choice') return [on.options[0]?.value ?? ''];
  return [on.type === 'secret' || on.type === 'file' ? '' : String(on.default ?? '')];
}

function Words({
  other,
  is,
  onValue,
}: {
  other: ActionInput;
  is: readonly (string | boolean)[];
  onValue: (is: (string | boolean)[]) => void;
}) {
  const words = is.map(String);
  const options =
    other.type === 'boolean'
      ? [
          { value: 'true', label: 'yes' },
          { value: 'false', label: 'no' },
        ]
      : other.type === 'choice'
        ? other.options
        : null;
  if (options === null)
    return (
      <LinesField
        label={t('When the answer is')}
        help={t('One on each line.')}
        error={undefined}
        short
        value={words}
        toText={(all) => all.join('\n')}
        fromText={textToArgs}
        onValue={(all) => onValue(all.length === 0 ? [''] : all)}
      />
    );
  return (
    <CheckGroup
      label={t('When the answer is')}
      options={options}
      value={words}
      onValue={(chosen) => {
        if (chosen.length > 0) onValue(other.type === 'boolean' ? chosen.map((word) => word === 'true') : chosen);
      }}
    />
  );
}
