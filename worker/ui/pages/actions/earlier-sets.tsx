import { useSignal } from '@preact/signals';
import { History } from 'lucide-preact';
import type { ActionInput } from '../../../../shared/inputs.ts';
import { spokenInputs } from '../../data/spoken-inputs.ts';
import { Button } from '../../parts/button.tsx';
import { When } from '../../parts/when.tsx';
import { t } from '../../translate.ts';
import type { EarlierSet } from './earlier-answers.ts';

/** Answers of one's earlier runs, each filled in by a press. @param props.sets null: they are not read yet. */
export function EarlierSets(props: {
  sets: readonly EarlierSet[] | null;
  inputs: readonly ActionInput[];
  onChoose: (set: EarlierSet) => void;
}) {
  const open = useSignal(false);
  const { sets, inputs } = props;
  return (
    <div class="stack">
      <div>
        <Button
          kind="ghost"
          small
          aria-expanded={open.value}
          icon={<History size={16} aria-hidden="true" />}
          onClick={() => {
            open.value = !open.value;
          }}
        >
          {t('Earlier answers')}
        </Button>
      </div>
      {open.value &&
        (sets === null || sets.length === 0 ? (
          <p class="small muted" role="status">
            {sets === null ? t('Reading your earlier runs…') : t('No run of yours with answers is kept.')}
          </p>
        ) : (
          <ul class="tile-acts" aria-label={t('Earlier answers')}>
            {sets.map((set) => (
              <li key={set.at}>
                <Button
                  onClick={() => {
                    open.value = false;
                    props.onChoose(set);
                  }}
                >
                  <span dir="auto">{inWords(set, inputs)}</span>{' '}
                  <span class="small muted">
                    <When at={set.at} narrow />
                  </span>
                </Button>
              </li>
            ))}
          </ul>
        ))}
    </div>
  );
}

function inWords(set: EarlierSet, inputs: readonly ActionInput[]): string {
  const answers = spokenInputs(set, { inputs: [...inputs] });
  return answers.map(({ question, answer }) => `${question}: ${answer === '' ? '—' : answer}`).join(' · ');
}
