import { ChartGantt, Workflow } from 'lucide-preact';
import { Button } from '../../parts/button.tsx';
import { t } from '../../translate.ts';

type View = 'graph' | 'timeline';

/** How the steps of a job are shown. */
export function ViewSwitch({ value, onValue }: { value: View; onValue: (view: View) => void }) {
  return (
    <fieldset class="row" aria-label={t('Show the steps as')}>
      <Button small aria-pressed={value === 'graph'} icon={<Workflow size={16} aria-hidden="true" />} onClick={() => onValue('graph')}>
        {t('Graph')}
      </Button>
      <Button
        small
        aria-pressed={value === 'timeline'}
        icon={<ChartGantt size={16} aria-hidden="true" />}
        onClick={() => onValue('timeline')}
      >
        {t('Timeline')}
      </Button>
    </fieldset>
  );
}
