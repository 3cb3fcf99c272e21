import { MAX_GRACE_S } from '../../../../shared/limits.ts';
import { Field } from '../../parts/field.tsx';
import { t } from '../../translate.ts';
import { type Draft, envToText, textToEnv } from './action-draft.ts';
import { LinesField } from './lines-field.tsx';
import { WholeNumber } from './whole-number.tsx';

const SIGNALS = [
  ['TERM', 'TERM: please end'],
  ['INT', 'INT: as Ctrl-C does'],
  ['HUP', 'HUP: as a closed terminal does'],
  ['QUIT', 'QUIT: as Ctrl-\\ does'],
] as const satisfies readonly (readonly [Draft['stop_signal'], string])[];
const USUAL_GRACE_S = 10;

/** The fields that few actions need: fixed variables, and how a run is asked to end. */
export function Advanced(props: { draft: Draft; error: string | undefined; onChange: (change: Partial<Draft>) => void }) {
  const { draft, onChange } = props;
  return (
    <details class="builder-more">
      <summary>{t('Advanced')}</summary>
      <div class="stack">
        <LinesField
          label={t('Fixed variables')}
          help={t('NAME=value, one on each line. Only administrators see them.')}
          error={props.error}
          optional
          short
          value={draft.env}
          toText={envToText}
          fromText={textToEnv}
          onValue={(env) => onChange({ env })}
        />
        <div class="editor-pair">
          <Field label={t('A cancel sends')} help={t('To everything that the run has started.')}>
            {(ties) => (
              <select
                {...ties}
                class="select"
                value={draft.stop_signal}
                onChange={(event) => {
                  const signal = SIGNALS.find(([name]) => name === event.currentTarget.value)?.[0];
                  if (signal !== undefined) onChange({ stop_signal: signal });
                }}
              >
                {SIGNALS.map(([name, label]) => (
                  <option key={name} value={name}>
                    {label}
                  </option>
                ))}
              </select>
            )}
          </Field>
          <WholeNumber
            label={t('Then KILL after (seconds)')}
            help={t('What is still there then is ended.')}
            max={MAX_GRACE_S}
            value={draft.grace_s ?? USUAL_GRACE_S}
            onValue={(seconds) => onChange({ grace_s: seconds === USUAL_GRACE_S ? null : seconds })}
          />
        </div>
      </div>
    </details>
  );
}
