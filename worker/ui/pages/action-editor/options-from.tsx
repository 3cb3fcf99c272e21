import type { InputOf } from '../../../../shared/input-values.ts';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { CheckGroup } from '../../parts/check-group.tsx';
import { TextField } from '../../parts/text-field.tsx';
import { t } from '../../translate.ts';
import { argsToText, textToArgs } from './action-draft.ts';
import { LinesField } from './lines-field.tsx';
import { WholeNumber } from './whole-number.tsx';

type From = NonNullable<InputOf<'choice'>['options_from']>;

/** The script that says what may be chosen, and what it is told. */
export function OptionsFrom(props: {
  from: From;
  /** The questions before it. */
  before: readonly ActionInput[];
  error: (field: string) => string | undefined;
  onChange: (from: From) => void;
}) {
  const { from, error } = props;
  const others = props.before.filter(({ type }) => type !== 'secret' && type !== 'file');
  const set = (change: Partial<From>): void => props.onChange({ ...from, ...change });
  return (
    <>
      <div class="editor-pair">
        <TextField
          label={t('Script of the options')}
          error={error('options_from.script')}
          mono
          autocapitalize="none"
          placeholder="list-backups.sh"
          value={from.script}
          onValue={(script) => set({ script })}
        />
        <WholeNumber
          label={t('Good for (seconds)')}
          help={t('The same person gets the same options for so long. 0: a run each time.')}
          max={3600}
          value={from.cache_s}
          onValue={(cache_s) => set({ cache_s })}
        />
      </div>
      <LinesField
        label={t('Its arguments')}
        help={t('One on each line.')}
        error={error('options_from.args')}
        optional
        short
        value={from.args}
        toText={argsToText}
        fromText={textToArgs}
        onValue={(args) => set({ args })}
      />
      {others.length > 0 && (
        <CheckGroup
          label={t('Answers that it gets, as INPUT_…')}
          optional
          error={error('options_from.uses')}
          options={others.map(({ name, label }) => ({ value: name, label }))}
          value={from.uses}
          onValue={(uses) => set({ uses })}
        />
      )}
    </>
  );
}
