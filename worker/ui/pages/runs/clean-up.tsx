import type { RunsTotals } from '../../../../shared/runs.ts';
import { bytes } from '../../amounts.ts';
import { agent, read, until } from '../../api.ts';
import { useResource } from '../../data/resource.ts';
import { isAnything, number, shape, text } from '../../guards.ts';
import { Ask } from '../../parts/ask.tsx';
import { Button } from '../../parts/button.tsx';
import { Loading, Problem } from '../../parts/empty.tsx';
import { Sheet, SheetButtons } from '../../parts/sheet.tsx';
import { toast } from '../../toasts.ts';
import { plural, t } from '../../translate.ts';
import { type Filters, isFiltered, queryOf } from './run-filters.ts';

const isTotals = shape<RunsTotals>({ runs: number, bytes: number, before: text });

/** Deletes all ended runs that the filters leave, after it has said how many these are. */
export function CleanUp(props: { filters: Filters; onClose: () => void; onDone: () => void }) {
  const { sort: _sort, ...filter } = queryOf(props.filters);
  const totals = useResource((signal) => read(isTotals, agent.runs.totals.$get({ query: filter }, until(signal))));
  const seen = totals.data;
  if (seen === null || seen.runs === 0) {
    return (
      <Sheet title={t('Delete runs')} onClose={props.onClose}>
        {totals.problem !== null ? (
          <Problem message={totals.problem} action={<Button onClick={() => void totals.reload()}>{t('Try again')}</Button>} />
        ) : seen === null ? (
          <Loading what={t('how many these are')} rows={1} />
        ) : (
          <p class="muted">{t('No ended run is like this: there is nothing to delete.')}</p>
        )}
        <SheetButtons>
          <Button onClick={props.onClose}>{t('Close')}</Button>
        </SheetButtons>
      </Sheet>
    );
  }
  const all = !isFiltered(props.filters);
  return (
    <Ask
      title={plural(seen.runs, 'Delete 1 run?', 'Delete {count} runs?')}
      verb={plural(seen.runs, 'Delete 1 run', 'Delete {count} runs')}
      doing={t('Deleting…')}
      danger
      {...(all ? { type: 'delete' } : {})}
      onClose={props.onClose}
      onYes={async () => {
        const body = { ...filter, result: filter['result'], runs: seen.runs, before: seen.before };
        await read(isAnything, agent.runs['clean-up'].$post({ json: body }));
        toast(plural(seen.runs, '1 run is being deleted.', '{count} runs are being deleted.'), 'ok');
        props.onDone();
      }}
    >
      <p>
        {all ? t('No filter is set: this is the whole history.') : t('All that the filters leave, also what the list does not show yet.')}{' '}
        {t('With {bytes} of output. What is under way stays, and so does the audit.', { bytes: bytes(seen.bytes) })}
      </p>
    </Ask>
  );
}
