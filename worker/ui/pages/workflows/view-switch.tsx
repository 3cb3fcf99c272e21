import { ChartGantt, Workflow } from 'lucide-preact';
import { Button } from '../../parts/button.tsx';
import { t } from '../../translate.ts';

type View = 'graph' | 'timeline';

/** How steps are shown. @param other what is beside the graph. */
export function ViewSwitch({ value, other, onValue }: { value: View; other: string; onValue: (view: View) => void }) {
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
        {other}
      </Button>
    </fieldset>
  );
}
